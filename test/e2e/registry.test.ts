// An image of a registry that is private and wants a login, from the buyer's tag to the running container.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { staticBusybox } from '../../src/node/localimage.js';
import { PLATFORM } from '../../src/node/probe/platform.js';
import { LocalRegistry, NO_REGISTRY, type Put } from '../net/registry/local.js';
import { bot, botJson, poll, startBot, tempHome, type RunOptions } from '../script.js';
import { GRID_MS, NO_PODMAN, output } from './here.js';

interface Reserved {
  contract: string;
  workloads: { image: string; url: string }[];
}

/** A web server of busybox, put into the registry. */
async function push(registry: LocalRegistry, folder: string): Promise<Put> {
  mkdirSync(join(folder, 'root', 'bin'), { recursive: true });
  copyFileSync(staticBusybox() ?? '', join(folder, 'root', 'bin', 'busybox'));
  writeFileSync(join(folder, 'root', 'index.html'), 'from a closed registry\n');
  const tar = execFileSync('tar', ['-C', join(folder, 'root'), '-cf', '-', '.'], { maxBuffer: 64 * 1_048_576 });
  const layer = { gzip: gzipSync(tar), diff: `sha256:${createHash('sha256').update(tar).digest('hex')}` };
  return registry.image('team/web', '1.0', PLATFORM, [layer], { Cmd: ['/bin/busybox', 'httpd', '-f', '-p', '8080', '-h', '/'] });
}

test('an image behind a login: the buyer finds what its tag is, the node logs in with a sealed secret; with a wrong one it says why', { skip: NO_PODMAN !== false ? NO_PODMAN : NO_REGISTRY }, async (t) => {
  const home = tempHome();
  const folder = dirname(home);
  const options: RunOptions = { home, env: { TMPDIR: folder }, timeoutMs: GRID_MS };
  // ann, "secret"
  await using registry = await LocalRegistry.start('ann:$2b$04$ROcgt4..Ta0yM3sTKEH.leSrXNPrtnArMvAFQWihbul9Wko7Tj6hy');
  registry.headers['authorization'] = `Basic ${Buffer.from('ann:secret').toString('base64')}`;
  const at = `127.0.0.1:${registry.port}`;
  const up = startBot(['dev', 'up', '--runtime', 'podman', '--allow-registry', at, '--json'], options);
  // Killed, it would leave its volumes to be cleared while this folder goes.
  await using _grid = { [Symbol.asyncDispose]: async () => void (await up.stop()) };
  const [{ digest }, [line]] = await Promise.all([push(registry, folder), up.until(/^\{.*\}$/m, GRID_MS)]);
  const ready = JSON.parse(line) as { bots: { consumer: { home: string } }; env: Record<string, string> };
  const consumer: RunOptions = { ...options, home: ready.bots.consumer.home, passphrase: null, env: { ...options.env, ...ready.env } };
  const login = (password: string): string => {
    const path = join(folder, `login-${password}.json`);
    writeFileSync(path, JSON.stringify({ username: 'ann', password }), { mode: 0o600 });
    return `registry-login=@${path}`;
  };
  const flags = ['--cpu', '1', '--memory', '64MiB', '--ssd', '1', '--max-total', '20', '--registry-login', 'registry-login'];

  const named = await bot(['reserve', ...flags, '--secret', login('guess'), '--image', `${at}/team/web:1.0`], consumer);
  assert.equal(named.code, 3, named.stderr);
  assert.match(named.stderr, /wants to know who asks.*the login that was given is not taken/);

  // Named by its digest, so that only the node asks.
  const wrong = await bot(['reserve', ...flags, '--secret', login('guess'), '--image', `${at}/team/web@${digest}`, '--json'], consumer);
  assert.equal(wrong.code, 1, wrong.stderr);
  assert.match(wrong.stderr, /wants to know who asks/);

  const right = await botJson<Reserved>(['reserve', ...flags, '--secret', login('secret'), '--image', `${at}/team/web:1.0`, '--port', '8080'], consumer);
  const { url = '' } = right.workloads[0] ?? {};
  assert.equal(await poll(`an answer from ${url}`, () => fetch(url).then((answer) => answer.text()).catch(() => null)), 'from a closed registry\n');
  const shown = await botJson<Record<string, unknown>>(['bcdb', 'state', `contract/${right.contract}`], consumer);
  assert.ok(JSON.stringify(shown).includes(`${at}/team/web@${digest}`), 'the digest is in the record');
  const image = `${right.contract}.private/${at.replace(':', '-')}/team/web:${digest.replace(':', '-')}`;
  t.after(() => execFileSync('podman', ['image', 'rm', '--ignore', '--force', image], { stdio: 'ignore' }));
  assert.equal(output('podman', 'ps', '--filter', `label=io.3bot.contract=${right.contract}`, '--format', '{{.Image}}').trim(), image, 'what a login fetched is the contract\'s alone');
});
