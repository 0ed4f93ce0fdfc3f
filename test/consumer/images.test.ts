// Tags become digests, from a real registry.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { resolveImages } from '../../src/consumer/images.js';
import type { Workload } from '../../src/schema/types.js';
import { LocalRegistry, NO_REGISTRY, type Put } from '../net/registry/local.js';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const signal = (): AbortSignal => AbortSignal.timeout(20_000);
const workload = (image: string | null, name = 'web'): Workload => ({ name, image, command: [], env: [], ports: [], secrets: [] });

describe('tags of a registry', { skip: NO_REGISTRY }, () => {
  let registry: LocalRegistry;
  let both: Put;
  let amd: Put;

  before(async () => {
    registry = await LocalRegistry.start();
    amd = await registry.image('app', '2.0', 'linux/amd64');
    both = await registry.index('app', '1.0', { 'linux/amd64': amd, 'linux/arm64': await registry.image('app', 'arm', 'linux/arm64') });
  });
  after(async () => registry[Symbol.asyncDispose]());

  test('each is asked for once, and the platforms are those that all of them are for', async () => {
    const name = `${registry.host}/app`;
    const { workloads, platforms, notes } = await resolveImages([workload(`${name}:1.0`), workload(`${name}:2.0`, 'job'), workload(`${name}:1.0`, 'more')], [], signal());
    assert.deepEqual(workloads.map(({ image }) => image), [`${name}@${both.digest}`, `${name}@${amd.digest}`, `${name}@${both.digest}`]);
    assert.deepEqual(platforms, ['linux/amd64']);
    assert.deepEqual(notes, [`${name}:1.0 is ${both.digest}, for linux/amd64, linux/arm64`, `${name}:2.0 is ${amd.digest}, for linux/amd64`]);
  });

  test('images that share no platform run on no node', async () => {
    const name = `${registry.host}/app`;
    await assert.rejects(resolveImages([workload(`${name}:arm`), workload(`${name}:2.0`, 'job')], [], signal()), (thrown) => isProblem(thrown, 'refused', 'platform'));
  });
});

test('what is named by its digest, or is no image, is asked of nobody', async () => {
  const { workloads, platforms, notes } = await resolveImages([workload(`registry.invalid.example/app:1.0@${DIGEST}`), workload(null)], [], signal());
  assert.deepEqual([workloads.map(({ image }) => image), platforms, notes], [[`registry.invalid.example/app@${DIGEST}`, null], null, []]);
});

test('whatever is newest, or nothing said, is no version', async () => {
  for (const image of ['docker.io/library/nginx:latest', 'docker.io/library/nginx']) await assert.rejects(resolveImages([workload(image)], [], signal()), (thrown) => isProblem(thrown, 'usage', 'tag') && /docker\.io\/library\/nginx:1\.2/.test(thrown.hint ?? ''));
});
