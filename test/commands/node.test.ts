import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { qrOf } from '../qr.js';
import { bot, botJson, startBot, tempHome, type Running } from '../script.js';

interface Options {
  home: string;
}

async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** A farmer whose farm sells: a grid's home that serves. */
async function farmer(): Promise<{ options: Options; farm: string; grid: string; serve: () => Promise<Running> }> {
  const options = { home: tempHome() };
  await botJson(['identity', 'create', '--name', 'alice'], options);
  const { id: grid } = await botJson<{ id: string }>(['grid', 'create', 'valley', '--dev'], options);
  const listen = `127.0.0.1:${await freePort()}`;
  const { farm } = await botJson<{ farm: string }>(['farm', 'create', 'sunny', '--endpoint', `http://${listen}`], options);
  const serve = async (): Promise<Running> => {
    const running = startBot(['serve', '--listen', listen, '--json'], options);
    await running.until(/^\{.*\}$/m);
    return running;
  };
  return { options, farm, grid, serve };
}

/** Inodes of the listening TCP sockets of a process (proc(5), state 0A). */
function listening(pid: number): string[] {
  const own = socketsOf(pid);
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((name) => readFileSync(`/proc/${pid}/net/${name}`, 'utf8').split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    // 0A: a TCP socket that listens; 07: a UDP socket that takes from everybody.
    .filter((fields) => (fields[3] === '0A' || fields[3] === '07') && own.has(`socket:[${fields[9] ?? ''}]`))
    .map((fields) => fields[9] ?? '');
}

/** Paths of the Unix sockets on which a process listens. */
function listeningHere(pid: number): string[] {
  const own = socketsOf(pid);
  return readFileSync(`/proc/${pid}/net/unix`, 'utf8').split('\n').slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === '00010000' && own.has(`socket:[${fields[6] ?? ''}]`))
    .map((fields) => fields[7] ?? '');
}

function socketsOf(pid: number): Set<string> {
  return new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return '';
    }
  }));
}

test('on a fresh machine, watch and status say at once what to do', async () => {
  const options = { home: tempHome(), passphrase: null };
  for (const words of [['node', 'watch'], ['node', 'watch', '--once'], ['node', 'status']]) {
    const run = await bot(words, options);
    assert.equal(run.code, 2, run.stderr);
    assert.match(run.stderr, /hint: 3bot node join/);
    assert.equal(run.stdout, '');
  }
  assert.equal((await bot(['node', 'join'], options)).code, 2);
  assert.equal((await bot(['node', 'join', 'nonsense'], options)).code, 2);
  assert.match((await bot(['node', 'join', '-'], { ...options, input: 'nonsense' })).stderr, /this is no invitation/);
  assert.match((await bot(['node', 'join', '-'], { ...options, input: 'x'.repeat(3_000) })).stderr, /stdin gives more than 2000 bytes/);
  assert.equal((await bot(['node', 'join', '--farm', 'nowhere'], options)).code, 5);
});

test('a probe says what would be announced, and records nothing', async () => {
  const options = { home: tempHome(), passphrase: null };
  const probed = await botJson<{ declared: boolean; runtime: string; capacity: { cru: number }; checks: { name: string; ok: boolean }[] }>(['node', 'probe', '--runtime', 'process', '--declare', '8/16/500/0'], options);
  assert.deepEqual([probed.declared, probed.runtime, probed.capacity.cru], [true, 'process', 8]);
  assert.ok(probed.checks.some(({ name, ok }) => name === 'isolation' && !ok));
  assert.deepEqual(readdirSync(options.home), ['node']);
});

test('a machine becomes a node of the own farm, announces changes only, and keeps what it is not told', async () => {
  const { options, farm, grid } = await farmer();
  const first = await bot(['node', 'join', '--farm', 'sunny', '--declare', '8/16/500/0', '--runtime', 'process', '--country', 'be', '--json'], options);
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stderr, /isolates and limits nothing/);
  const joined = first.json<{ node: string; admitted: boolean; announced: boolean; declared: boolean; capacity: object; grid: string; farm: string }>();
  assert.deepEqual([joined.admitted, joined.announced, joined.declared, joined.grid, joined.farm], [true, true, true, grid, farm]);
  assert.deepEqual(joined.capacity, { cru: 8, mru_mib: 16_384, sru_mib: 512_000, hru_mib: 0, ipv4: 0 });

  const again = await botJson<{ node: string; announced: boolean; location: { country: string } }>(['node', 'join'], options);
  assert.deepEqual([again.node, again.announced, again.location.country], [joined.node, false, 'BE']);
  const changed = await botJson<{ node: string; announced: boolean; address: string }>(['node', 'join', '--address', '127.0.0.1'], options);
  assert.deepEqual([changed.node, changed.announced, changed.address], [joined.node, true, '127.0.0.1']);
  const admissions = await botJson<unknown[]>(['bcdb', 'query', '--kind', 'admit'], options);
  assert.equal(admissions.length, 1);
  const status = await botJson<{ admitted: boolean; contracts: unknown[] }>(['node', 'status'], options);
  assert.deepEqual([status.admitted, status.contracts], [true, []]);
  assert.equal((await bot(['node', 'watch', '--once'], options)).code, 0);

  const drained = await botJson<{ draining: boolean; contracts: number; reason: string }>(['node', 'drain', '--reason', 'new disks'], options);
  assert.deepEqual([drained.draining, drained.contracts, drained.reason], [true, 0, 'new disks']);
  assert.match((await bot(['explore', '--cpu', '1'], options)).stderr, /1 draining/);
  assert.match((await bot(['node', 'drain', '--reason', 'new disks'], options)).stderr, /nothing was recorded/);
  assert.equal((await bot(['node', 'drain', '--stop', '--for', '1h'], options)).code, 2);
  await botJson(['node', 'drain', '--stop'], options);
  assert.doesNotMatch((await bot(['explore', '--cpu', '1'], options)).stderr, /draining/);
});

test('an invitation makes another machine a node, once', async () => {
  const { options, farm, grid, serve } = await farmer();
  await using served = await serve();
  const given = await bot(['farm', 'invite', '--qr'], options);
  const invitation = given.stdout.trim();
  assert.ok(given.stderr.includes(await qrOf(invitation)));
  const machine = { home: tempHome() };
  const join = ['node', 'join', invitation, '--declare', '8/16/500/0', '--runtime', 'process', '--allow-consumer', 'alice'];
  const joined = await botJson<{ admitted: boolean; farm: string; grid: string }>(join, machine);
  assert.deepEqual([joined.admitted, joined.farm, joined.grid], [true, farm, grid]);
  assert.equal((await botJson<{ admitted: boolean }>(join, machine)).admitted, true, 'the same node may show it again');
  const other = await bot(join, { home: tempHome() });
  assert.equal(other.code, 3, other.stderr);
  assert.match(other.stderr, /unknown, expired or used/);
  assert.equal(await served.stop(), 130);
});

test('a machine whose disk failed is the same node again, from its keys and config.json alone', async () => {
  const { options, serve } = await farmer();
  await using served = await serve();
  const url = /"url":"([^"]+)"/.exec(served.stdout())?.[1] ?? '';
  const invitation = (await bot(['farm', 'invite'], options)).stdout.trim();
  const machine = { home: tempHome() };
  const { node } = await botJson<{ node: string }>(['node', 'join', invitation, '--declare', '8/16/500/0', '--runtime', 'process', '--allow-consumer', 'alice'], machine);
  const replaced = { home: tempHome() };
  for (const kept of ['keys', 'config.json']) cpSync(join(machine.home, kept), join(replaced.home, kept), { recursive: true });
  await botJson(['grid', 'join', url], replaced);
  const again = await botJson<{ node: string; admitted: boolean; capacity: { cru: number } }>(['node', 'join'], replaced);
  assert.deepEqual([again.node, again.admitted, again.capacity.cru], [node, true, 8]);
  assert.equal((await bot(['node', 'watch', '--once'], replaced)).code, 0);
});

test('a watcher opens no TCP port, works without its home, and other commands work beside it', async () => {
  const { options, serve } = await farmer();
  const served = await serve();
  await using _served = served;
  const invitation = (await bot(['farm', 'invite'], options)).stdout.trim();
  const machine = { home: tempHome() };
  await botJson(['node', 'join', invitation, '--declare', '8/16/500/0', '--runtime', 'process', '--allow-consumer', 'alice'], machine);
  await using watching = startBot(['node', 'watch', '--interval', '200ms', '--json'], machine);
  await watching.until(/"event":"ready"/);
  await watching.until(/"event":"book","fresh":true/);
  await watching.until(/"event":"relay","problem":null/);
  assert.deepEqual(listening(watching.child.pid ?? 0), []);
  const own = listeningHere(watching.child.pid ?? 0);
  assert.deepEqual(own.map((path) => statSync(path).mode & 0o777), [0o600], `for this user's own commands alone: ${own.join(', ')}`);
  assert.notDeepEqual(listening(served.child.pid ?? 0), [], 'this test can see a listening socket');

  const status = await botJson<{ book: { fresh: boolean }; problems: unknown[] }>(['node', 'status'], machine);
  assert.deepEqual([status.book.fresh, status.problems], [true, []]);
  const second = await bot(['node', 'watch', '--once'], machine);
  assert.equal(second.code, 6);
  assert.match(second.stderr, /watches for the node .* already/);

  await served.stop();
  await watching.until(/"code":"unreachable"/);
  assert.equal(watching.child.exitCode, null);
  const alone = await botJson<{ problems: { code: string }[] }>(['node', 'status'], machine);
  assert.deepEqual(alone.problems.map(({ code }) => code), ['unreachable']);
  assert.equal(await watching.stop(), 130);
  assert.equal((await bot(['node', 'watch', '--once'], machine)).code, 6);
});

test('a watcher works beside the server of the same home folder', async () => {
  const { options, serve } = await farmer();
  await botJson(['node', 'join', '--farm', 'sunny', '--declare', '8/16/500/0', '--runtime', 'process'], options);
  await using served = await serve();
  await using watching = startBot(['node', 'watch', '--interval', '200ms', '--json'], options);
  await watching.until(/"event":"book","fresh":true/);
  assert.deepEqual(listening(watching.child.pid ?? 0), []);
  assert.equal(await watching.stop(), 130);
  assert.equal(await served.stop(), 130);
});

test('another runtime is announced before it is used', async () => {
  const { options } = await farmer();
  await botJson(['node', 'join', '--farm', 'sunny', '--declare', '8/16/500/0', '--runtime', 'podman'], options);
  const run = await bot(['node', 'watch', '--once', '--runtime', 'process'], options);
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stderr, /isolates and limits nothing/);
  const status = await botJson<{ node: string; runtime: string }>(['node', 'status'], options);
  assert.equal(status.runtime, 'process');
  const node = await botJson<{ value: { announcement: { runtime: string; declared: boolean } } }>(['bcdb', 'get', `node/${status.node}`], options);
  assert.deepEqual([node.value.announcement.runtime, node.value.announcement.declared], ['process', true]);
});
