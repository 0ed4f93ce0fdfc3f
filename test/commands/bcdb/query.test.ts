import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bot, botJson, tempHome } from '../../script.js';

const ADDRESS = 'GAAZI4TCR3TY5OJHCTJC2A4QSY6CJWJH5IAJTGKIN2ER7LBNVKOCCWN7';

interface Shown {
  readonly index: number;
  readonly kind: string;
  readonly chain: string;
}

/** A home with five lines: genesis, identity, faucet, and two transfers. */
async function fiveLines(): Promise<{ home: string }> {
  const alice = { home: tempHome() };
  await botJson(['identity', 'create', '--name', 'alice'], alice);
  await botJson(['wallet', 'faucet'], alice);
  for (const [amount, memo] of [['1', 'rent of May'], ['20', 'two bicycles']] as const) await botJson(['wallet', 'send', ADDRESS, amount, '--memo', memo, '--yes'], alice);
  return alice;
}

test('a person queries: words, flags, counts, plans, pages, mistakes', async () => {
  const alice = await fiveLines();
  const lines = async (...args: string[]): Promise<number[]> => (await botJson<Shown[]>(['bcdb', 'query', ...args], alice)).map(({ index }) => index);
  const [{ chain }] = (await botJson<Shown[]>(['bcdb', 'query', '--kind', 'faucet'], alice)) as [Shown];

  assert.deepEqual(await lines(), [4, 3, 2, 1, 0]);
  assert.deepEqual(await lines('kind = transfer and body.payers.amount_stroops > 10000000', '--scan'), [4]);
  assert.deepEqual(await lines(`tag = ${chain}`, 'order', 'by', 'at', 'asc', 'limit', '3'), [1, 2, 3], 'the identity names the account, too');
  assert.deepEqual(await lines('--kind', 'transfer', '--chain', chain, 'index < 4'), [3]);
  assert.deepEqual(await lines('--text', 'BICYCLES two'), [4]);
  assert.deepEqual(await lines('text match bicy*', '--signer', ADDRESS), []);
  assert.deepEqual(await botJson(['bcdb', 'query', 'kind = transfer or kind = faucet', '--count'], alice), { count: 3 });
  assert.equal((await bot(['bcdb', 'query', '--kind', 'transfer', '--count'], alice)).stdout, '2\n');

  const plan = await botJson<{ served_by: string; looked_at: string | null }>(['bcdb', 'query', 'kind = transfer and body.memo = "rent of May"', '--explain'], alice);
  assert.match(plan.served_by, /^the index of kind, lines 0 to 4, /);
  assert.equal(plan.looked_at, 'body.memo = "rent of May"');

  const first = await botJson<{ records: Shown[]; next: string }>(['bcdb', 'query', '--limit', '3', '--after', 'start'], alice);
  await botJson(['wallet', 'send', ADDRESS, '3', '--yes'], alice);
  const second = await botJson<{ records: Shown[]; next: null }>(['bcdb', 'query', '--limit', '3', '--after', first.next], alice);
  assert.deepEqual([...first.records, ...second.records].map(({ index }) => index), [4, 3, 2, 1, 0]);
  assert.equal(second.next, null);

  const mistake = await bot(['bcdb', 'query', 'kind = transfer and bodi.memo = x'], alice);
  assert.deepEqual({ code: mistake.code, stderr: mistake.stderr }, {
    code: 2,
    stderr: `3bot: error: column 21: "bodi.memo" is no field
  kind = transfer and bodi.memo = x
                      ^^^^^^^^^
3bot: hint: allowed: chain, kind, signer, tag, id, at, index, text, or a field of the body: body.x.y
`,
  });
});

test('SQL: lines, JSON, and refusals', async () => {
  const alice = await fiveLines();
  const sql = 'SELECT line, memo FROM transfer ORDER BY line DESC';
  assert.equal((await bot(['bcdb', 'query', '--sql', sql], alice)).stdout, '4\ttwo bicycles\n3\trent of May\n');
  assert.deepEqual(await botJson(['bcdb', 'query', '--sql', sql, '--limit', '1'], alice), [{ line: 4, memo: 'two bicycles' }]);
  const refused = await bot(['bcdb', 'query', '--sql', 'DELETE FROM object'], alice);
  assert.deepEqual([refused.code, refused.stdout], [2, '']);
  assert.equal((await bot(['bcdb', 'query', '--count', '--sql', sql], alice)).code, 2, 'a flag of queries is not passed over');
  const large = await bot(['bcdb', 'query', '--sql', "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT hex(zeroblob(1000000)) FROM n"], alice);
  assert.match(large.stderr, /bytes\n3bot: hint: name fewer columns/);
  const endless = await bot(['bcdb', 'query', '--time-limit', '1s', '--sql', 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT count(*) FROM n'], alice);
  assert.deepEqual([endless.code, endless.stderr.split('\n')[0]], [1, '3bot: error: the statement took longer than 1s and was ended']);
});

test('what no index serves is refused, and found once its index is made', async () => {
  const alice = await fiveLines();
  const query = ['bcdb', 'query', 'body.memo = "rent of May"'];
  const refused = await bot(query, alice);
  assert.deepEqual({ code: refused.code, stderr: refused.stderr }, { code: 2, stderr: '3bot: error: there is no index of body.memo\n3bot: hint: 3bot bcdb index add body.memo; or look at every line with --scan\n' });
  assert.equal((await botJson<{ field: string }>(['bcdb', 'index', 'add', 'body.memo'], alice)).field, 'body.memo');
  assert.deepEqual((await botJson<Shown[]>(query, alice)).map(({ index }) => index), [3]);
  assert.deepEqual(await botJson(['bcdb', 'index', 'list'], alice), [{ field: 'body.memo', values: 2 }, { field: 'body.name', values: 2 }, { field: 'body.state', values: 0 }, { field: 'body.total_stroops', values: 0 }]);
  await botJson(['bcdb', 'index', 'drop', 'body.memo'], alice);
  assert.equal((await bot(query, alice)).code, 2);
  assert.equal((await bot(['bcdb', 'index', 'drop', 'body.memo'], alice)).code, 5);
  assert.equal((await bot(['bcdb', 'index', 'add', 'memo'], alice)).code, 2);
});
