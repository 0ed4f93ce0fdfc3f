import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import Database from 'better-sqlite3';
import { isProblem } from '../../../src/base/errors.js';
import { runSql, type SqlOptions, type SqlRows } from '../../../src/bcdb/sql/run.js';
import { views } from '../../../src/bcdb/sql/views.js';
import { namedSigner, TestBook } from '../../book.js';
import { poll } from '../../script.js';

const WALLET = namedSigner('wallet');
let book: TestBook;

before(async () => {
  book = await TestBook.create();
  for (const amount of ['9', '9007199254740993']) {
    await book.try(await book.sign(`account/${WALLET.key}`, 'transfer@1', { payers: [{ account: WALLET.key, amount_stroops: '5' }], to: namedSigner('bob').key, memo: `memo ${amount}` }, [WALLET]));
  }
});
after(() => book[Symbol.asyncDispose]());

function run(sql: string, options: Partial<SqlOptions> = {}): Promise<SqlRows> {
  return runSql(book.store, sql, { maxRows: 100, timeLimit_ms: 20_000, signal: new AbortController().signal, ...options });
}

/** Processes of this one that run a statement. */
function children(): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return new RegExp(`^PPid:\\s${process.pid}$`, 'm').test(readFileSync(`/proc/${pid}/status`, 'utf8')) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('sql/child.js');
    } catch {
      return false;
    }
  });
}

test('every kind is a table with typed columns, and record has every line', async () => {
  const transfers = await run('SELECT line, chain, height, "to", memo, payers FROM transfer ORDER BY line');
  assert.deepEqual(transfers, {
    ok: true, more: false, columns: ['line', 'chain', 'height', 'to', 'memo', 'payers'],
    rows: ['9', '9007199254740993'].map((amount, i) => [i + 2, `account/${WALLET.key}`, i, namedSigner('bob').key, `memo ${amount}`, `[{"account":"${WALLET.key}","amount_stroops":"5"}]`]),
  });
  const { rows: [genesis] } = await run('SELECT max_supply_stroops + 1, max_supply_stroops, faucet_stroops / 3, dev, limits_signatures, id FROM genesis');
  assert.deepEqual(genesis, ['40000000000000001', '40000000000000000', 3_333_333_333, 1, 16_384, book.store.grid]);
  assert.deepEqual((await run('SELECT kind, count(*), min(line), json_array_length(signers) FROM record GROUP BY kind ORDER BY 1')).rows, [['genesis@1', 1, 0, 1], ['identity@1', 1, 1, 1], ['transfer@1', 2, 2, 1]]);
  const { rows: [[at]] } = (await run('SELECT at FROM record WHERE line = 3')) as unknown as { rows: [[string]] };
  assert.equal(Date.parse(at), book.store.line(3).at);
});

test('every view can be asked for every column it says it has', async () => {
  const sql = views().map(({ name, columns }) => `SELECT '${name}' FROM (SELECT ${columns.map((column) => `"${column}"`).join(', ')} FROM "${name}" LIMIT 1)`).join(' UNION ALL ');
  assert.deepEqual((await run(sql)).rows.flat().sort(), ['genesis', 'identity', 'record', 'transfer']);
});

test('lines that the index does not have yet are in the tables', async () => {
  const other = new Database(join(book.folder, 'index.sqlite'));
  try {
    other.exec('BEGIN IMMEDIATE');
    await book.must(await book.sign(`account/${WALLET.key}`, 'transfer@1', { payers: [{ account: WALLET.key, amount_stroops: '5' }], to: namedSigner('bob').key, memo: 'late' }, [WALLET]));
    assert.deepEqual((await run('SELECT memo FROM transfer WHERE line > 3')).rows, [['late']]);
  } finally {
    other.close();
  }
});

const REFUSED = [
  'DELETE FROM object', "UPDATE object SET json = ''", "INSERT INTO symbol (text) VALUES ('x')", 'DROP TABLE record', 'CREATE TEMP TABLE t (x)', 'DROP VIEW temp.transfer',
  'WITH x AS (SELECT 1) DELETE FROM object', "ATTACH '/etc/passwd' AS other", 'DETACH found', 'PRAGMA query_only = OFF', 'PRAGMA database_list', 'BEGIN', 'VACUUM', "VACUUM INTO 'copy.sqlite'",
  'EXPLAIN SELECT 1', 'SELECT 1; SELECT 2', 'SELECT 1; DELETE FROM object', "SELECT load_extension('libc.so.6')", "SELECT readfile('/etc/passwd')", "SELECT writefile('copy', 'x')", 'SELECT * FROM nothing', 'SELEC 1', '', '-- nothing', "REPLACE INTO object VALUES ('x', '{}')", 'REINDEX', 'ANALYZE',
];

test('anything but one SELECT is refused, and changes nothing', async () => {
  const before = book.store.db.prepare('SELECT count(*) AS n, sum(length(json)) AS bytes FROM object').get();
  for (const sql of REFUSED) await assert.rejects(run(sql), (thrown) => isProblem(thrown, 'usage', 'sql'), sql);
  assert.deepEqual(book.store.db.prepare('SELECT count(*) AS n, sum(length(json)) AS bytes FROM object').get(), before);
  for (const file of ['copy.sqlite', 'copy']) assert.equal(existsSync(join(book.folder, file)), false);
});

const ENDLESS = 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';

test('a statement that takes too long, or too much memory, or is interrupted, is killed with its process', async () => {
  await assert.rejects(run(ENDLESS, { timeLimit_ms: 300 }), (thrown) => isProblem(thrown, 'failed', 'time_limit'));
  await assert.rejects(run(ENDLESS.replace('count(*)', 'group_concat(hex(randomblob(1000)))'), { maxMemoryBytes: 150 * 1_048_576 }), (thrown) => isProblem(thrown, 'failed', 'memory_limit'));
  const stop = new AbortController();
  const stopped = assert.rejects(run(ENDLESS, { signal: stop.signal }), (thrown) => isProblem(thrown, 'interrupted'));
  await poll('the process', () => children().length > 0);
  stop.abort();
  await stopped;
  await poll('its end', () => children().length === 0);
});

test('its process has no environment', async () => {
  const stop = new AbortController();
  const ended = assert.rejects(run(ENDLESS, { signal: stop.signal }));
  const environment = await poll('the process', () => {
    const [pid] = children();
    return pid === undefined ? null : readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter((one) => one !== '');
  });
  stop.abort();
  await ended;
  assert.deepEqual(environment.map((one) => one.split('=')[0]).filter((name) => name?.startsWith('NODE_CHANNEL') === false), []);
});

test('rows are bounded in number and in bytes', async () => {
  const numbers = 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n';
  assert.deepEqual(await run(numbers, { maxRows: 2 }), { ok: true, columns: ['i'], rows: [[1], [2]], more: true });
  await assert.rejects(run(numbers.replace('i FROM n', 'hex(zeroblob(1000000)) FROM n')), (thrown) => isProblem(thrown, 'usage', 'sql'));
});
