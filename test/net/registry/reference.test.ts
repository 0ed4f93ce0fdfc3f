import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '../../../src/base/errors.js';
import { parseReference, pinned, placeOf } from '../../../src/net/registry/reference.js';

const DIGEST = `sha256:${'a'.repeat(64)}`;

for (const [text, reference, place] of [
  ['docker.io/library/nginx:1.27', { registry: 'docker.io', path: 'library/nginx', tag: '1.27', digest: null }, 'registry-1.docker.io library/nginx'],
  ['docker.io/nginx', { registry: 'docker.io', path: 'nginx', tag: null, digest: null }, 'registry-1.docker.io library/nginx'],
  ['quay.io:443/a/b/c:V1.0_x-y', { registry: 'quay.io:443', path: 'a/b/c', tag: 'V1.0_x-y', digest: null }, 'quay.io:443 a/b/c'],
  [`localhost/web@${DIGEST}`, { registry: 'localhost', path: 'web', tag: null, digest: DIGEST }, 'localhost web'],
  [`ghcr.io/a/b:1@${DIGEST}`, { registry: 'ghcr.io', path: 'a/b', tag: '1', digest: DIGEST }, 'ghcr.io a/b'],
] as const) {
  test(`${text} is taken apart`, () => {
    const parsed = parseReference(text);
    assert.deepEqual(parsed, reference);
    assert.equal(pinned(parsed, DIGEST), `${reference.registry}/${reference.path}@${DIGEST}`);
    assert.equal(Object.values(placeOf(parsed)).join(' '), place);
  });
}

for (const [text, hint] of [
  ['nginx:1.27', /docker\.io\/library\/nginx:1\.27/], ['owner/app', /docker\.io\/owner\/app/], ['', /host\/path/], ['docker.io/', /host\/path/], ['docker.io/a b', /host\/path/], ['docker.io/a:', /host\/path/],
  ['docker.io/a@sha256:12', /host\/path/], ['docker://docker.io/a:1', /host\/path/], ['oci:/etc/passwd', /host\/path/], ['/etc/passwd', /host\/path/], ['dir:/etc:1', /host\/path/], ['https://docker.io/a', /host\/path/], [`docker.io/${'a'.repeat(400)}`, /host\/path/],
] as const) {
  test(`no whole name, and a hint: ${text.slice(0, 30)}`, () => {
    assert.throws(() => parseReference(text), (thrown) => isProblem(thrown, 'malformed') && hint.test(thrown.hint ?? ''));
  });
}
