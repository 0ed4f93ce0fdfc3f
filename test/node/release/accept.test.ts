// Taking a release in: what is unpacked is what was looked at.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openHome } from '../../../src/home.js';
import { seedSigner } from '../../../src/keys/ed25519.js';
import { acceptRelease } from '../../../src/node/release/accept.js';
import { PLATFORM, signRelease } from '../../../src/node/release/note.js';
import { formatVkey } from '../../../src/tlog/note.js';

const signer = seedSigner(Buffer.alloc(32, 7));
const vkey = formatVkey({ name: 'releases', type: 'ed25519', key: signer.key });

/** A bundle of one version with a word in it. */
function bundle(folder: string, word: string): string {
  const root = join(folder, word, 'package');
  mkdirSync(join(root, 'bin'), { recursive: true });
  writeFileSync(join(root, 'package.json'), '{"version":"0.9.0"}');
  writeFileSync(join(root, 'bin', '3bot.js'), word);
  execFileSync('tar', ['-C', join(folder, word), '-czf', join(folder, `${word}.tgz`), 'package']);
  return join(folder, `${word}.tgz`);
}

test('a bundle is read once: whoever puts another in its place after that changes nothing', { timeout: 20_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), '3bot-accept-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [good, source] = [bundle(folder, 'good'), join(folder, 'source.tgz')];
  const bytes = readFileSync(good);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(`${source}.note`, await signRelease({ version: '0.9.0', platform: PLATFORM, size: bytes.length, sha256 }, 'releases', signer));
  // Gives its bytes to whoever reads first, and to nobody after that.
  execFileSync('mkfifo', [source]);
  const giver = spawn('sh', ['-c', 'cat "$1" > "$2"', 'sh', good, source], { stdio: 'ignore' });
  t.after(() => giver.kill('SIGKILL'));
  mkdirSync(join(folder, 'home'), { mode: 0o700 });
  const home = openHome(join(folder, 'home'));
  await acceptRelease({ home, source, vkey, signal: AbortSignal.timeout(15_000) });
  assert.equal(readFileSync(join(home.path, 'releases', '0.9.0', 'bin', '3bot.js'), 'utf8'), 'good');
  assert.deepEqual(readdirSync(join(home.path, 'releases')), ['0.9.0']);
  assert.ok(existsSync(source));
});
