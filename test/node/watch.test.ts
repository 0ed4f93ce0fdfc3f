import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { canonical } from '../../src/base/canonical.js';
import { Problem } from '../../src/base/errors.js';
import { FRESH_MS, NODE_RETRY_MS } from '../../src/base/limits.js';
import { lineOf } from '../../src/bcdb/query.js';
import { billOf } from '../../src/consumer/bill.js';
import { linesOf } from '../../src/market/lines.js';
import type { Driver } from '../../src/node/driver.js';
import { gridRules } from '../../src/rules/all.js';
import { viewOf } from '../../src/rules/view.js';
import { bare, LocalGrid, until } from './local.js';

const FOREVER = [process.execPath, '-e', 'setInterval(() => {}, 1000)'];
const within = (): AbortSignal => AbortSignal.timeout(90_000);
const HOUR = 3_600_000;
/** Keeps a small volume for more than an hour after the end: data is kept as long as what was billed pays for. */
const TENTH_TFT = '1000000';
const VOLUME = { resources: { cru: 1, mru_mib: 128, sru_mib: 64, hru_mib: 0, ipv4: 0 } };

/** The driver with another way to start. */
function wrapped(driver: Driver, start: Driver['start'], stop?: Driver['stop']): Driver {
  return new Proxy(driver, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name);
      if (name === 'stop' && stop !== undefined) return stop;
      return name === 'start' ? start : typeof found === 'function' ? (found.bind(target) as unknown) : found;
    },
  });
}

async function startedAt(driver: Driver): Promise<(number | null)[]> {
  return (await driver.list(within())).map(({ started }) => started);
}

test('a contract is held, run, ended, released and wiped', async () => {
  await using local = await LocalGrid.start(within());
  await using node = await local.watch({ interval_ms: 100 });
  const contract = await local.deal([bare([process.execPath, '-e', "require('fs').writeFileSync('here', 'x'); setInterval(() => {}, 1000)"])], VOLUME);
  await until('running', () => local.said(contract) === 'running');
  assert.equal(local.run(contract)?.state, 'held');
  assert.notEqual(local.contract(contract).started_at, null);
  const file = join(local.config.data, 'volumes', contract, 'here');
  await until('the workload wrote to its volume', () => existsSync(file));

  await local.say(contract, 'end@1', { reason: 'done' });
  await until('released', () => local.run(contract)?.state === 'released');
  assert.equal(local.said(contract), 'exited');
  assert.equal(existsSync(file), false);
  assert.deepEqual(await node.driver.list(within()), []);
  await until('forgotten', async () => (await node.volumes.list()).length === 0);
});

test('after a disk failure, contracts whose volume is gone are said to have failed, and new ones run', async () => {
  await using local = await LocalGrid.start(within());
  const lost = await local.deal([bare(FOREVER)], VOLUME);
  {
    await using node = await local.watch();
    await node.watcher.once();
    assert.equal(local.said(lost), 'running');
    await node.driver.remove({ contract: lost, workload: 'web' }, within());
  }
  rmSync(local.config.data, { recursive: true });
  rmSync(local.nodeHome.database);
  await using node = await local.watch();
  const fresh = await local.deal([bare(FOREVER)], VOLUME);
  await node.watcher.once();
  assert.equal(local.run(lost)?.state, 'failed');
  assert.match(local.run(lost)?.reason ?? '', /volume is not on this machine any more/);
  assert.deepEqual([local.run(fresh)?.state, local.said(fresh)], ['held', 'running']);
  assert.deepEqual((await node.volumes.list()).map(({ contract }) => contract), [fresh], 'no empty volume is made in place of the lost one');
});

test('a node on which nothing happens looks once, then waits for its time or for news', async () => {
  await using local = await LocalGrid.start(within());
  await using node = await local.watch({ interval_ms: HOUR });
  const contract = await local.deal([bare(FOREVER)]);
  node.watcher.wake();
  await until('running', () => local.said(contract) === 'running');
  await until('what it said is in its own copy', () => node.grid.reader.size === local.book.reader.size);
  const { rounds } = node;
  // Long enough for dozens, were a round a reason for the next one.
  await delay(1_000);
  assert.ok(node.rounds - rounds <= 3, `${node.rounds - rounds} rounds`);
});

test('data stays for the retention, the workload does not', async () => {
  await using local = await LocalGrid.start(within());
  await using node = await local.watch();
  const contract = await local.deal([bare(FOREVER)], { ...VOLUME, retention_ms: HOUR, minimum_stroops: TENTH_TFT });
  await node.watcher.once();
  assert.equal(local.said(contract), 'running');
  await local.say(contract, 'end@1', { reason: 'done' });
  await node.watcher.once();
  // Another look at a later checkpoint: still within the retention.
  await local.deal([]);
  await node.watcher.once();
  assert.equal(local.said(contract), 'exited');
  assert.equal(local.run(contract)?.state, 'held');
  assert.equal((await node.volumes.list()).length, 1);
});

test('a watcher that comes back adopts what runs', async () => {
  await using local = await LocalGrid.start(within());
  const contract = await local.deal([bare(FOREVER)]);
  let before: (number | null)[];
  {
    await using node = await local.watch();
    await node.watcher.once();
    before = await startedAt(node.driver);
  }
  await using again = await local.watch();
  assert.equal((await again.driver.list(within()))[0]?.state, 'running', 'nothing is torn down');
  const lines = local.book.reader.size;
  await again.watcher.once();
  assert.deepEqual(await startedAt(again.driver), before);
  assert.equal(local.book.reader.size, lines, 'nothing is said twice');
  assert.equal(local.said(contract), 'running');
});

test('what ended while no watcher looked is said by the next, and not run again', async () => {
  await using local = await LocalGrid.start(within());
  const contract = await local.deal([bare([process.execPath, '-e', 'setTimeout(() => process.exit(5), 300)'])]);
  {
    await using node = await local.watch();
    await node.watcher.once();
  }
  await using again = await local.watch();
  await until('the end', async () => (await again.driver.list(within()))[0]?.state === 'failed');
  await again.watcher.once();
  assert.deepEqual(local.run(contract)?.workloads.map(({ state, exit_code }) => [state, exit_code]), [['failed', 5]]);
  assert.equal((await again.driver.list(within())).length, 1, 'its log is kept');
});

test('while the home is away, what runs goes on, and what happened is said when it is back', async () => {
  await using local = await LocalGrid.start(within());
  const contract = await local.deal([bare([process.execPath, '-e', "const fs = require('fs'); setInterval(() => { if (fs.existsSync('stop')) process.exit(0); }, 20)"])], VOLUME);
  await using node = await local.watch();
  await node.watcher.once();
  await local.goAway();
  await assert.rejects(node.watcher.once(), { code: 'unreachable' });
  assert.equal((await node.driver.list(within()))[0]?.state, 'running');
  writeFileSync(join(local.config.data, 'volumes', contract, 'stop'), '');
  await until('the end', async () => (await node.driver.list(within()))[0]?.state === 'exited');
  await assert.rejects(node.watcher.once(), { code: 'unreachable' });
  const seen_ms = Date.now();
  await local.comeBack();
  await node.watcher.once();
  assert.equal(local.said(contract), 'exited');
  const head = local.book.reader.head(`run/${contract}`);
  const line = local.book.reader.line(lineOf(local.book.reader, head?.id ?? '') ?? 0);
  const { body } = JSON.parse(line.payload) as { body: { observed_ms: number } };
  assert.ok(body.observed_ms <= seen_ms, 'the record says when it was observed, not when it was said');
});

describe('a metered contract', () => {
  const HEARTBEAT = 1_000;
  const metered = (local: LocalGrid) => ({ ...VOLUME, term_ms: HOUR, notice_ms: 1_000, meter: { by: `node/${local.config.key}`, heartbeat_ms: HEARTBEAT } });

  test('is billed by what its node confirms, once a heartbeat; while the home is away nobody does', async () => {
    await using local = await LocalGrid.start(within(), 'process', [], HEARTBEAT);
    const id = await local.deal([], metered(local));
    const seen = (at = local.book.reader.lastAt) => viewOf(local.book.reader, local.contract(id), at);
    const entries = () => linesOf(local.book.reader, { signer: local.config.key, kind: 'status@1' });
    {
      await using _node = await local.watch({ interval_ms: 100 });
      await until('a heartbeat is confirmed', () => seen().covered_ms >= HEARTBEAT);
    }
    const times = entries().map((line) => local.book.reader.line(line).at);
    assert.ok(times.every((at, i) => at - (times[i - 1] ?? -Infinity) >= HEARTBEAT), String(times));
    await using node = await local.watch({ interval_ms: 100 });
    await local.goAway();
    const away = Date.now();
    await until('the home missed an entry', () => Date.now() > away + 2 * HEARTBEAT && node.events.some((event) => event.event === 'meter' && event.problem !== null));
    await local.comeBack();
    const before = seen().covered_ms;
    await until('the node goes on', () => seen().covered_ms >= before + HEARTBEAT);
    const at = local.book.reader.lastAt;
    const { covered_ms, open_ms, period } = seen(at);
    assert.ok(at - (period?.since ?? 0) - covered_ms - open_ms >= 2 * HEARTBEAT, 'time without entries is not covered');

    const bill = await billOf(local.book.reader, gridRules, local.contract(id), at);
    assert.equal(bill.intervals.reduce((sum, { amount_stroops }) => sum + amount_stroops, 0n), seen(at).billed_stroops);
    assert.equal(bill.intervals.reduce((sum, interval) => sum + interval.covered_ms, 0), covered_ms);
    assert.deepEqual(bill.intervals.slice(1).map(({ from }) => from), bill.intervals.slice(0, -1).map(({ to }) => to), 'without a hole');
    assert.ok(bill.intervals.some((interval) => interval.covered_ms === 0 && interval.to - interval.from >= 2 * HEARTBEAT));
  });

  test('that runs out is stopped with its data kept, and goes on once it is funded', async () => {
    await using local = await LocalGrid.start(within(), 'process', [], HEARTBEAT);
    const id = await local.deal([bare([process.execPath, '-e', "require('fs').appendFileSync('here', 'x'); setInterval(() => {}, 1000)"])], metered(local));
    const file = join(local.config.data, 'volumes', id, 'here');
    {
      await using _node = await local.watch({ interval_ms: 100 });
      await until('the workload wrote to its volume', () => local.said(id) === 'running' && existsSync(file));
    }
    await local.goAway();
    local.ahead_ms = HOUR;
    await local.comeBack();
    // Its writer opens when it is first needed, and stamps the book anew.
    await local.book.refresh();
    await using node = await local.watch({ interval_ms: 100 });
    await until('stopped', () => local.said(id) === 'exited');
    assert.equal(viewOf(local.book.reader, local.contract(id), local.book.reader.lastAt).state, 'paused');
    assert.deepEqual((await node.driver.list(within())).map(({ state }) => state === 'running'), [false]);
    assert.equal(readFileSync(file, 'utf8'), 'x');
    await local.fund(id, HOUR);
    await until('running again', () => local.said(id) === 'running' && readFileSync(file, 'utf8').length > 1);
    assert.equal(readFileSync(file, 'utf8'), 'xx', 'it has found its data');
  });
});

describe('a machine whose clock is off', () => {
  for (const [title, off_ms] of [['ahead', FRESH_MS + 60_000], ['behind', -FRESH_MS - 60_000]] as const) {
    test(`${title} starts nothing, stops nothing and wipes nothing`, async () => {
      await using local = await LocalGrid.start(within());
      const ended = await local.deal([bare(FOREVER)], VOLUME);
      {
        await using node = await local.watch();
        await node.watcher.once();
      }
      await local.say(ended, 'end@1', { reason: 'done' });
      const waiting = await local.deal([bare(FOREVER)], VOLUME);
      await using node = await local.watch({ clock: () => Date.now() + off_ms });
      // A copy takes nothing from a home that is far ahead of it; one that is behind is too old to believe.
      for (let look = 0; look < 3; look += 1) await assert.rejects(node.watcher.once(), { code: 'unreachable' });
      assert.deepEqual((await node.driver.list(within())).map(({ contract, state }) => [contract, state]), [[ended, 'running']]);
      assert.deepEqual((await node.volumes.list()).map(({ contract }) => contract), [ended]);
      assert.equal(local.run(waiting), undefined);
      assert.ok(node.events.some((event) => event.event === 'book' && !event.fresh));
    });
  }
});

test('a workload that cannot start stays visible with its reason, and is not tried again', async () => {
  await using local = await LocalGrid.start(within());
  await using node = await local.watch();
  const contract = await local.deal([bare([], 'web')]);
  await node.watcher.once();
  assert.deepEqual(local.run(contract)?.workloads.map(({ state, reason }) => [state, reason]), [['failed', 'there is no command to run']]);
  const [lines, told] = [local.book.reader.size, node.events.length];
  await node.watcher.once();
  assert.deepEqual([local.book.reader.size, node.events.length], [lines, told]);
  await using again = await local.watch();
  await again.watcher.once();
  assert.equal(local.book.reader.size, lines, 'nor after a restart');
});

for (const problem of [new Problem('failed', 'registry is being restarted'), new Problem('refused', 'the disk has 0 MiB left', { reason: 'disk' })]) test(`what breaks for a moment is tried again, and only then said to have failed: ${problem.message}`, async () => {
  await using local = await LocalGrid.start(within());
  let broken = 1;
  const once = (driver: Driver): Driver => wrapped(driver, async (spec, signal) => {
    if (broken-- > 0) throw problem;
    return driver.start(spec, signal);
  });
  await using node = await local.watch({ around: once });
  const contract = await local.deal([bare(FOREVER)]);
  await node.watcher.once();
  assert.equal(local.said(contract), 'running');
  broken = Infinity;
  const second = await local.deal([bare(FOREVER)]);
  await node.watcher.once();
  assert.deepEqual(local.run(second)?.workloads.map(({ state, reason }) => [state, reason]), [['failed', problem.message]]);
  assert.deepEqual(node.events.flatMap((event) => (event.event === 'step_failed' && event.contract === second ? [event.again_ms] : [])), [...NODE_RETRY_MS, null]);
});

test('a start or a stop that hangs delays no other, and a start is given up when its contract ends', async () => {
  await using local = await LocalGrid.start(within());
  let hanging = 0;
  let stops: 'fine' | 'hang' | 'hanging' = 'fine';
  const stuck = (driver: Driver): Driver => wrapped(driver, async (spec, signal) => {
    if (spec.workload.name !== 'stuck') return driver.start(spec, signal);
    hanging += 1;
    return new Promise((_, reject) => signal.addEventListener('abort', () => {
      hanging -= 1;
      reject(new Problem('interrupted', 'given up'));
    }));
  }, async (ref, grace_ms, signal) => {
    if (stops !== 'hang') return driver.stop(ref, grace_ms, signal);
    stops = 'hanging';
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Problem('interrupted', 'given up'))));
  });
  const stuckId = await local.deal([bare(FOREVER, 'stuck')]);
  await using node = await local.watch({ interval_ms: 50, around: stuck });
  await until('the start hangs', () => hanging === 1);
  const fine = await local.deal([bare(FOREVER)]);
  await until('the other runs', () => local.said(fine) === 'running');
  assert.equal(hanging, 1);
  // Nor does a stop that hangs.
  const third = await local.deal([bare(FOREVER)]);
  await until('a third runs', () => local.said(third) === 'running');
  stops = 'hang';
  await local.say(third, 'end@1', { reason: 'done' });
  await until('its stop hangs', () => stops === 'hanging');
  const fourth = await local.deal([bare(FOREVER)]);
  await until('another runs all the same', () => local.said(fourth) === 'running');
  await local.say(stuckId, 'end@1', { reason: 'too slow' });
  await until('given up', () => hanging === 0);
  await local.say(fine, 'end@1', { reason: 'done' });
  await until('released', () => local.run(stuckId)?.state === 'released' && local.run(fine)?.state === 'released');
  assert.deepEqual((await node.driver.list(within())).map(({ contract }) => contract).sort(), [third, fourth].sort());
});

test('a changed list of workloads replaces what runs', async () => {
  await using local = await LocalGrid.start(within());
  await using node = await local.watch();
  const contract = await local.deal([bare(FOREVER, 'old'), bare(FOREVER, 'web')], { resources: { cru: 2, mru_mib: 256, sru_mib: 0, hru_mib: 0, ipv4: 0 } });
  await node.watcher.once();
  await local.say(contract, 'workload@1', { workloads: [bare([...FOREVER, 'changed'], 'web'), bare(FOREVER, 'new')] });
  await node.watcher.once();
  assert.deepEqual((await node.driver.list(within())).map(({ workload, state }) => `${workload} ${state}`).sort(), ['new running', 'web running']);
  assert.deepEqual(local.run(contract)?.workloads.map(({ name, state }) => `${name} ${state}`), ['web running', 'new running']);
});

test('a contract that the node does not take is said to have failed, and nothing is made for it', async () => {
  await using local = await LocalGrid.start(within());
  local.config = { ...local.config, allow_consumers: [] };
  const contract = await local.deal([bare(FOREVER)], VOLUME);
  await using node = await local.watch();
  await node.watcher.once();
  assert.equal(local.run(contract)?.state, 'failed');
  assert.match(local.run(contract)?.reason ?? '', /not among the consumers/);
  assert.equal(local.contract(contract).started_at, null);
  assert.deepEqual(await node.volumes.list(), []);
});

test('what runs for a contract that the book does not know is left alone and told', async () => {
  await using local = await LocalGrid.start(within());
  await using node = await local.watch();
  const contract = 'f'.repeat(40);
  await node.driver.start({ contract, workload: bare(FOREVER), limits: { cru: 1, mru_mib: 64, pids: 10 }, data: null, address: '127.0.0.1' }, within());
  await node.watcher.once();
  await local.deal([]);
  await node.watcher.once();
  assert.deepEqual((await node.driver.list(within())).map(({ state }) => state), ['running']);
  assert.deepEqual(node.events.filter(({ event }) => event === 'stranger'), [{ event: 'stranger', contract, workload: 'web' }]);
});

test('a contract whose stored terms were changed on disk is not run', async () => {
  await using local = await LocalGrid.start(within());
  const contract = await local.deal([bare(FOREVER)]);
  await using node = await local.watch();
  await node.grid.refresh();
  const object = local.contract(contract);
  const file = new Database(local.nodeHome.gridDatabase(local.config.grid));
  file.prepare('UPDATE object SET json = ? WHERE id = ?').run(canonical({ ...object, agreement: { ...object.agreement, exec: true } }), `contract/${contract}`);
  file.close();
  await using again = await local.watch();
  await again.watcher.once();
  assert.deepEqual(await again.driver.list(within()), []);
  assert.match(local.run(contract)?.reason ?? '', /not the signed ones/);
});

test('a node listens on no TCP port', async () => {
  await using local = await LocalGrid.start(within());
  await using node = await local.watch();
  await local.deal([bare(FOREVER)]);
  const before = listening();
  await node.watcher.once();
  assert.deepEqual(listening(), before);
});

/** Inodes of this process's own listening TCP sockets (proc(5), state 0A). */
function listening(): string[] {
  const own = new Set(readdirSync('/proc/self/fd').map((fd) => linkOf(`/proc/self/fd/${fd}`)));
  return ['tcp', 'tcp6'].flatMap((name) => readFileSync(`/proc/self/net/${name}`, 'utf8').split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === '0A' && own.has(`socket:[${inode ?? ''}]`))
    .map((fields) => fields[9] ?? '');
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
