// Registries that a node may be sent to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { registryRefusal } from '../../src/market/images.js';

const digest = `@sha256:${'a'.repeat(64)}`;

for (const name of ['docker.io/library/nginx', 'ghcr.io/owner/app', 'quay.io:443/a/b', 'registry.example.com/x', '8.8.8.8/x', '172.32.0.1:5000/x']) {
  test(`${name} is a public registry`, () => {
    assert.equal(registryRefusal(name + digest, []), null);
  });
}

for (const name of [
  'localhost/web', 'localhost:5000/web', 'a.localhost/web', '127.0.0.1/web', '127.0.0.1:5000/web', '127.1/web', '0x7f.1/web', '0177.0.0.1/web',
  '2130706433/web', '0.0.0.0/web', '10.1.2.3/web', '172.16.0.1/web', '172.31.255.255/web', '192.168.1.1:5000/web', '169.254.169.254/latest',
  '100.64.0.1/web', '224.0.0.1/web', '255.255.255.255/web', 'registry/web', 'registry:5000/web', 'nas.local/web', 'git.internal/web', 'router.lan/web',
  'x.home.arpa/web', 'example.com./web', '10.0.0.1./web', '.com/web', '1.2.3.999/web',
]) {
  test(`${name} is refused unless the farmer allows it`, () => {
    assert.match(registryRefusal(name + digest, []) ?? '', /private/);
    assert.match(registryRefusal(name + digest, ['localhos', 'example.com', '']) ?? '', /private/);
    assert.equal(registryRefusal(name + digest, [name.slice(0, name.indexOf('/'))]), null);
    assert.equal(registryRefusal(name + digest, [name]), null);
  });
}

for (const image of ['', 'nginx', `nginx${digest}`, `Docker.io/x${digest}`, `user@10.0.0.1/x${digest}`, `[::1]/x${digest}`, `a/b/../c/${digest}`]) {
  test(`what is not named host/path@sha256 is refused: ${image.slice(0, 30)}`, () => {
    assert.match(registryRefusal(image, ['localhost']) ?? '', /not named/);
  });
}

test('an allowed part of a registry does not allow the rest of it', () => {
  assert.equal(registryRefusal(`localhost/3bot-demo${digest}`, ['localhost/3bot-demo']), null);
  assert.match(registryRefusal(`localhost/3bot-demo2${digest}`, ['localhost/3bot-demo']) ?? '', /private/);
});
