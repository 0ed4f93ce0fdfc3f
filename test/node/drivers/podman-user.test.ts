// Whose a container's secrets are, by what an image says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstFile, uidIn } from '../../../src/node/drivers/podman-user.js';

const PASSWD = 'root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1000::/:/bin/sh\nbad:x:-1:0::/:\nhuge:x:99999999999:0::/:\n';

test('a user has the number of its own line of /etc/passwd, and none that is no number', () => {
  assert.deepEqual(['root', 'web', 'we', 'bad', 'huge', ''].map((user) => uidIn(PASSWD, user)), [0, 1000, undefined, undefined, undefined, undefined]);
});

function tar(type: string, size: string, text: string): Buffer {
  const header = Buffer.alloc(512);
  header.write('passwd', 0);
  header.write(size, 124);
  header.write(type, 156);
  return Buffer.concat([header, Buffer.from(text), Buffer.alloc(512)]);
}

test('of an archive only a plain file is read, as long as it says', () => {
  assert.equal(firstFile(tar('0', '00000000003\0', 'abcdef')), 'abc');
  assert.equal(firstFile(tar('\0', '00000000003\0', 'abc')), 'abc');
  for (const [what, bytes] of [['a link', tar('2', '00000000003\0', 'abc')], ['no size', tar('0', 'x', 'abc')], ['cut short', Buffer.alloc(100)], ['nothing', Buffer.alloc(0)]] as const) assert.equal(firstFile(bytes), '', what);
});
