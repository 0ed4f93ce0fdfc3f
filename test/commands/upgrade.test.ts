// Releases on a node that runs something, as real processes: signed, tried, kept or rolled back.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bot, botJson, PASSPHRASE, poll, startBot, tempHome } from '../script.js';

const PROGRAM = fileURLToPath(new URL('../cheap.js', import.meta.url));
const options = { home: tempHome() };
const offline = { home: tempHome() };
const files = dirname(options.home);

/** A bundle of a version whose program is this text, signed by a key. @returns its path */
async function bundle(version: string, program: string, key = 'releases'): Promise<string> {
  const folder = join(files, `${version}-${key}`);
  mkdirSync(join(folder, 'package', 'bin'), { recursive: true });
  // What the program needs is where it imports from; a bundle without these folders is not even signed.
  for (const part of ['dist', 'schemas', 'node_modules']) mkdirSync(join(folder, 'package', part), { recursive: true });
  writeFileSync(join(folder, 'package', 'package.json'), JSON.stringify({ version, type: 'module' }));
  writeFileSync(join(folder, 'package', 'bin', '3bot.js'), program);
  const path = join(folder, `3bot-${version}.tgz`);
  execFileSync('tar', ['--create', '--gzip', '--file', path, '--directory', folder, 'package']);
  await botJson(['release', 'sign', path, '--key', key], offline);
  return path;
}

async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Seconds that no other run of this test sleeps. */
const SLEEP = String(100_000_000 + process.pid);

interface Status {
  contracts: { workloads: { state: string }[] }[];
}

test('a release is taken only from the trusted key, newer and whole; one that does not work is rolled back; what runs runs on', async () => {
  const { vkey } = await botJson<{ vkey: string }>(['release', 'key'], offline);
  await botJson(['release', 'key', 'others'], offline);
  const good = await bundle('0.2.0', `await import(${JSON.stringify(PROGRAM)});`);

  const listen = `127.0.0.1:${await freePort()}`;
  await botJson(['identity', 'create', '--name', 'alice'], options);
  await botJson(['grid', 'create', 'valley', '--dev'], options);
  await botJson(['wallet', 'faucet'], options);
  await botJson(['farm', 'create', 'sunny', '--endpoint', `http://${listen}`], options);
  await botJson(['node', 'join', '--farm', 'sunny', '--runtime', 'process', '--declare', '8/16/500/0'], options);
  assert.match((await bot(['node', 'upgrade', good], options)).stderr, /trusts nobody[^]*hint: 3bot node upgrade trust KEY/);
  assert.equal((await bot(['node', 'upgrade', 'trust', 'nonsense'], options)).code, 2);
  await botJson(['node', 'upgrade', 'trust', vkey], options);
  assert.match((await bot(['node', 'upgrade', good], options)).stderr, /nobody supervises[^]*hint: 3bot node supervise/);

  await using served = startBot(['serve', '--listen', listen, '--json'], options);
  await served.until(/^\{.*\}$/m);
  const passphrase = join(files, 'passphrase');
  writeFileSync(passphrase, `${PASSPHRASE}\n`, { mode: 0o600 });
  assert.match((await bot(['node', 'supervise'], options)).stderr, /hands no passphrase on/);
  await using supervisor = startBot(['node', 'supervise', '--json', '--trial', '50s', '--passphrase-file', passphrase], { ...options, passphrase: null });
  const workload = join(files, 'web.json');
  writeFileSync(workload, JSON.stringify({ name: 'web', image: null, command: ['sleep', SLEEP] }));
  await botJson(['reserve', '--cpu', '1', '--name', 'web', '--workload', workload, '--for', '1h', '--wait', 'ready'], options);
  const [sleeping] = execFileSync('pgrep', ['-f', `^sleep ${SLEEP}$`], { encoding: 'utf8' }).trim().split('\n');

  const refused: [string, string, RegExp][] = [
    ['of another key', await bundle('0.3.0', '', 'others'), /not signed by releases/],
    ['no newer than what runs', await bundle('0.1.0', ''), /0\.1\.0 is not newer than 0\.1\.0/],
  ];
  const changed = join(files, 'changed.tgz');
  copyFileSync(good, changed);
  copyFileSync(`${good}.note`, `${changed}.note`);
  appendFileSync(changed, 'x');
  refused.push(['changed', changed, /not the one that was signed/], ['without a note', passphrase, /no signed note/]);
  for (const [what, path, words] of refused) {
    const run = await bot(['node', 'upgrade', path], options);
    assert.notEqual(run.code, 0, what);
    assert.match(run.stderr, words, what);
  }
  assert.doesNotMatch(supervisor.stdout(), /"trial":true/);

  assert.deepEqual(await botJson(['node', 'upgrade', good], options), { version: '0.2.0', before: '0.1.0' });
  const broken = await bot(['node', 'upgrade', await bundle('0.3.0', 'process.exitCode = 7;')], options);
  assert.equal(broken.code, 1, broken.stderr);
  assert.match(broken.stderr, /3bot 0\.3\.0 was rolled back to 0\.2\.0: it ended with exit code 7/);
  await poll('the release before runs again', () => supervisor.stdout().split('"supervisor_started"').length > 4);
  const older = await bot(['node', 'upgrade', good], options);
  assert.match(older.stderr, /0\.2\.0 is not newer than 0\.2\.0/);
  const { contracts } = await botJson<Status>(['node', 'status'], options);
  assert.deepEqual(contracts.map(({ workloads }) => workloads.map(({ state }) => state)), [['running']]);
  assert.match(execFileSync('pgrep', ['-f', `^sleep ${SLEEP}$`], { encoding: 'utf8' }), new RegExp(`^${sleeping}$`, 'm'), 'the very same process');
  assert.equal(await supervisor.stop(), 130);
  process.kill(Number(sleeping));
});
