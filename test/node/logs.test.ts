// Logs as runtimes leave them: rows, parts that were put aside, what ran before.
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { MAX_KEPT_LOG_BYTES } from '../../src/base/limits.js';
import { formatRow, Logs, parseRow, type LogWish } from '../../src/node/logs.js';
import type { Ref } from '../../src/node/driver.js';

const folder = mkdtempSync(join(tmpdir(), '3bot-logs-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
let logs: Logs;
let ref: Ref;
let path: string;

beforeEach(async () => {
  logs = new Logs(folder);
  ref = { contract: (count += 1).toString(16).padStart(40, '0'), workload: 'web' };
  path = await logs.place(ref);
});

const row = (time: number, text: string, whole = true): Buffer => formatRow(time, 'stdout', Buffer.from(text), whole);
const write = (...rows: Buffer[]): void => appendFileSync(path, Buffer.concat(rows));

async function texts(wish: LogWish): Promise<string[]> {
  const found: string[] = [];
  for await (const { text } of logs.read(ref, wish, async () => false, AbortSignal.timeout(20_000))) found.push(text.toString());
  return found;
}

describe('a row', () => {
  test('is read as it was written, whatever is in it', () => {
    for (const text of ['', ' ', 'hello', 'stdout F x', '\x1b[2J\x00\xff', '2026-01-01T00:00:00Z stderr P y']) {
      const bytes = Buffer.from(text, 'latin1');
      const read = parseRow(formatRow(1_700_000_000_123, 'stderr', bytes, false).subarray(0, -1));
      assert.deepEqual({ ...read, text: Buffer.from(read.text) }, { time: 1_700_000_000_123, stream: 'stderr', text: bytes, whole: false });
    }
  });
  test('of podman has more digits in its time', () => {
    assert.equal(parseRow(Buffer.from('2026-11-23T06:12:58.788083587+00:00 stdout F x')).time, Date.UTC(2026, 10, 23, 6, 12, 58, 788));
  });
  test('of any other form is a line without a time', () => {
    for (const text of ['', 'hello', 'yesterday stdout F x', '2026-01-01T00:00:00Z stdin F x']) assert.deepEqual(parseRow(Buffer.from(text)), { time: null, stream: 'stdout', text: Buffer.from(text), whole: true });
  });
});

test('what was never printed is nothing', async () => {
  assert.deepEqual(await texts({}), []);
  assert.deepEqual(await texts({ follow: true, previous: true }), []);
  assert.equal(await logs.tail(ref, 100), '');
});

test('--since and --tail choose whole lines, of which a long one has several rows', async () => {
  write(row(1, 'one'), row(2, 'tw', false), row(3, 'o'), row(4, 'th', false), row(4, 're', false), row(5, 'e'));
  assert.deepEqual(await texts({ tail: 1 }), ['th', 're', 'e']);
  assert.deepEqual(await texts({ tail: 2 }), ['tw', 'o', 'th', 're', 'e']);
  assert.deepEqual(await texts({ tail: 0 }), []);
  assert.deepEqual(await texts({ tail: 9 }), ['one', 'tw', 'o', 'th', 're', 'e']);
  assert.deepEqual(await texts({ since: 4 }), ['th', 're', 'e']);
  assert.equal(await logs.tail(ref, 9), '\ntwo\nthree\n'.slice(-9));
});

test('a runtime that drops what it puts aside loses nothing that was held, as podman does', async () => {
  write(row(1, 'first'));
  await logs.hold(ref);
  await logs.hold(ref);
  rmSync(path);
  write(row(2, 'second'));
  assert.deepEqual(await texts({}), ['first', 'second']);
  await logs.hold(ref);
  assert.deepEqual(await texts({}), ['first', 'second']);
  rmSync(path);
  write(row(3, 'third'));
  assert.deepEqual(await texts({}), ['first', 'second', 'third']);
  await logs.hold(ref);
  assert.deepEqual(await texts({}), ['second', 'third'], 'two parts are the most there is');
});

test('what was taken away can still be read, as the part before and until something is printed again', async () => {
  write(row(1, 'first'), row(2, 'last'));
  await logs.close(ref);
  assert.deepEqual([await texts({}), await texts({ previous: true }), await logs.tail(ref, 5)], [['first', 'last'], ['first', 'last'], 'last\n']);
  write(row(3, 'anew'));
  assert.deepEqual([await texts({}), await texts({ previous: true })], [['anew'], ['first', 'last']]);
  await logs.close(ref);
  assert.deepEqual(await texts({ previous: true }), ['anew']);
});

test('of what was taken away no more is kept than the bound, from the beginning of a row', async () => {
  const many = Array.from({ length: 3_000 }, (_, i) => row(i, `line ${i}`));
  writeFileSync(path, Buffer.concat(many));
  await logs.close(ref);
  const kept = await texts({ previous: true });
  assert.equal(kept.at(-1), 'line 2999');
  assert.match(kept[0] ?? '', /^line \d+$/);
  const file = join(path, '..', 'before.log');
  assert.ok(statSync(file).size <= MAX_KEPT_LOG_BYTES && statSync(file).size > MAX_KEPT_LOG_BYTES - 100);
});

test('nothing is left of a contract that is forgotten, and others keep theirs', async () => {
  write(row(1, 'mine'));
  const other = { ...ref, contract: 'f'.repeat(40) };
  writeFileSync(await logs.place(other), row(1, 'theirs'));
  await logs.forget(ref.contract);
  assert.ok(!existsSync(path));
  assert.deepEqual(readdirSync(folder).filter((name) => name.startsWith('f')), [`${other.contract}.web`]);
  await logs.forget(other.contract);
  await new Logs(join(folder, 'nowhere')).forget(ref.contract);
});

test('following goes on over what is put aside, row by row, and ends with the workload', async () => {
  write(row(1, 'before'));
  let running = true;
  const found: string[] = [];
  const steps = [
    (): void => write(row(2, 'one'), Buffer.from('2026-01-01T00:00:00Z stdout F ha')),
    (): void => write(Buffer.from('lf\n')),
    (): void => {
      write(row(3, 'last of the first'));
      renameSync(path, `${path}.1`);
      write(row(4, 'first of the next'));
    },
    (): void => {
      write(row(5, 'end'));
      running = false;
    },
  ];
  for await (const { text } of logs.read(ref, { follow: true }, async () => running, AbortSignal.timeout(20_000))) {
    found.push(text.toString());
    if (['before', 'one', 'half', 'first of the next'].includes(text.toString())) steps.shift()?.();
    if (text.toString() === 'one') steps.shift()?.();
  }
  assert.deepEqual(found, ['before', 'one', 'half', 'last of the first', 'first of the next', 'end']);
});

test('following what prints nothing ends when nobody wants it any more', async () => {
  const stop = new AbortController();
  const rows = logs.read(ref, { follow: true }, async () => true, stop.signal);
  const next = rows.next();
  stop.abort();
  assert.equal((await next).done, true);
});
