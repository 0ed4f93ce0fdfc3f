// What a node says of the time without its home: once that is back, in order, with the time when it was seen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_JOURNAL_OF_ONE } from '../../../src/base/limits.js';
import { query } from '../../../src/bcdb/query.js';
import { timelineOf } from '../../../src/consumer/timeline.js';
import { openHome } from '../../../src/home.js';
import { Journal } from '../../../src/node/report/journal.js';
import { openPrivate } from '../../../src/private.js';
import { gridRules } from '../../../src/rules/all.js';
import type { Run } from '../../../src/schema/types.js';
import { tempHome } from '../../script.js';
import { bare, LocalGrid, until } from '../local.js';
import { look } from './look.js';

test('what ended while the home was away is recorded when it is back, with the time when it was seen, by another watcher too', { timeout: 60_000 }, async (t) => {
  await using local = await LocalGrid.start(t.signal);
  const contract = await local.deal([bare(['sleep', '1000'])]);
  {
    await using node = await local.watch({ interval_ms: 60_000 });
    await until('it runs', () => local.said(contract) === 'running');
    await local.goAway();
    await node.driver.stop({ contract, workload: 'web' }, 0, t.signal);
    node.watcher.wake();
    using data = openPrivate(local.nodeHome);
    await until('it is noted', () => new Journal(data, { grid: local.config.grid, node: local.config.key }).all.some(({ report }) => report.state === 'failed'));
  }
  const seen_by = local.clock();
  local.ahead_ms += 3_600_000;
  await local.comeBack();
  // Its writer opens when it is first needed, and stamps the book anew.
  await local.book.refresh();
  {
    await using node = await local.watch();
    await node.watcher.once();
    await node.watcher.once();
  }
  const said = query(local.book.reader, { chain: `run/${contract}`, limit: 10 }).records.map(({ payload, at }) => ({ ...(JSON.parse(payload) as { body: Run }).body, at }));
  const ends = said.filter(({ state }) => state === 'failed');
  assert.equal(ends.length, 1, 'said once');
  assert.ok(ends.every(({ observed_ms, at }) => observed_ms <= seen_by && at - observed_ms >= 3_500_000), JSON.stringify(ends));
  const { happenings } = await timelineOf(local.book.reader, gridRules, local.contract(contract), local.clock());
  assert.match(happenings.at(-1)?.what ?? '', /^web failed: .*; seen \d{4}-.*, said afterwards$/);
});

test('what repeats itself is kept once a minute, in order, for an hour; then the newest takes the place of the last, over restarts of the agent', () => {
  using data = openPrivate(openHome(tempHome()));
  const scope = { grid: 'a'.repeat(64), node: 'b'.repeat(64) };
  let journal = new Journal(data, scope);
  const begin = 1_000_000;
  for (let second = 0, restarts = 0; second < 5 * 3_600; second += 20) {
    if (second === 7_200) journal = new Journal(data, scope);
    const { wanted, running, memory } = look((restarts += 1));
    const now = begin + second * 1_000;
    journal.note([wanted], { running: [running], volumes: new Map(), growsInUse: true }, memory, { fresh: false, stamp: 0, now, size: 1 });
  }
  const times = journal.all.map(({ observed_ms }) => (observed_ms - begin) / 1_000);
  assert.equal(times.length, MAX_JOURNAL_OF_ONE);
  assert.deepEqual(times, [...times].sort((a, b) => a - b));
  assert.ok(times.every((time, i) => i === 0 || time - (times[i - 1] ?? 0) >= 60), String(times));
  assert.ok((times.at(-1) ?? 0) >= 5 * 3_600 - 80, 'the newest is among them');
  assert.equal(journal.all.at(-1)?.report.restarts, (times.at(-1) ?? 0) / 20 + 1);
  const [first] = journal.all;
  if (first !== undefined) journal.drop(first);
  assert.equal(new Journal(data, scope).all.length, MAX_JOURNAL_OF_ONE - 1);
  assert.deepEqual(new Journal(data, { ...scope, node: 'd'.repeat(64) }).all, [], 'of another node');
});

test('a phase in which nothing may be concluded gives nothing to say', () => {
  using data = openPrivate(openHome(tempHome()));
  const journal = new Journal(data, { grid: 'a'.repeat(64), node: 'b'.repeat(64) });
  const { wanted, running, memory } = look(5);
  for (const phase of ['unclear', 'unknown', 'over', 'paused'] as const) journal.note([{ ...wanted, phase }], { running: [running], volumes: new Map(), growsInUse: true }, memory, { fresh: false, stamp: 0, now: 1_000_000, size: 1 });
  assert.deepEqual(journal.all, []);
});
