// The example in src/tlog/README.md, run as it stands there against a log behind a plain web server.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { isProblem } from '../../src/base/errors.js';
import { checkEd25519, publicKeyOf, signBytes } from '../../src/keys/ed25519.js';
import { checkpointText } from '../../src/tlog/checkpoint.js';
import { leafHash } from '../../src/tlog/merkle.js';
import { formatNote, formatVkey, noteKeyId, type NoteKey } from '../../src/tlog/note.js';
import { parseTilePath } from '../../src/tlog/tiles.js';
import { Tree } from '../../src/tlog/tree.js';
import { MemoryTiles } from './hashes.js';

const readme = readFileSync(new URL('../../../src/tlog/README.md', import.meta.url), 'utf8');
const seed = Buffer.alloc(32, 1);
const key: NoteKey = { name: 'example.com/log', type: 'ed25519', key: publicKeyOf(seed) };

const tiles = new MemoryTiles();
const tree = Tree.open(tiles, 0);
tree.append(Array.from({ length: 600 }, (_, i) => leafHash(`entry ${i}`)));
const text = checkpointText({ origin: key.name, size: 600, root: tree.root() });
const checkpoint = formatNote(text, [{ name: key.name, id: noteKeyId(key), signature: Buffer.from(signBytes(seed, Buffer.from(text)), 'base64') }]);

type IsLogged = (prefix: string, vkey: string, check: typeof checkEd25519, index: number, entry: string) => Promise<boolean>;

test('the example does what it says', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tlog-readme-'));
  const server = createServer(({ url = '' }, answer) => {
    const tile = parseTilePath(url.slice(1));
    answer.end(url === '/checkpoint' ? checkpoint : tile === undefined ? '' : tiles.get(Number(tile.of), tile.n));
  }).listen(0, '127.0.0.1');
  t.after(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true });
  });
  await once(server, 'listening');
  const [, code = ''] = /```js\n([^]*?)```/.exec(readme) ?? [];
  const file = join(folder, 'example.mjs');
  writeFileSync(file, code.replaceAll(/'\.\/(\w+\.js)'/g, (_, name: string) => `'${new URL(`../../src/tlog/${name}`, import.meta.url).href}'`));
  const { isLogged } = (await import(pathToFileURL(file).href)) as { isLogged: IsLogged };
  const prefix = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  assert.equal(await isLogged(prefix, formatVkey(key), checkEd25519, 7, 'entry 7'), true);
  assert.equal(await isLogged(prefix, formatVkey(key), checkEd25519, 599, 'entry 599'), true);
  assert.equal(await isLogged(prefix, formatVkey(key), checkEd25519, 7, 'entry 8'), false);
  const other = formatVkey({ ...key, key: publicKeyOf(Buffer.alloc(32, 2)) });
  await assert.rejects(isLogged(prefix, other, checkEd25519, 7, 'entry 7'), (thrown) => isProblem(thrown, 'integrity', 'note'));
});
