// A farmer's month, in seconds: a node is certified, watched, and minted for; and who may not.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { bot, botJson, poll, startBot, tempHome } from '../../script.js';

const farmer = { home: tempHome() };
let node = '';

before(async () => {
  await botJson(['identity', 'create', '--name', 'ann'], farmer);
  await botJson(['grid', 'create', 'playground', '--dev', '--heartbeat', '3s'], farmer);
  await botJson(['grid', 'policy', '--mint-period', '3s', '--yes'], farmer);
  await botJson(['farm', 'create', 'sunny'], farmer);
  ({ node } = await botJson<{ node: string }>(['node', 'join', '--farm', 'sunny', '--declare', '8/32/1000/0', '--runtime', 'process'], farmer));
});

test('without a certificate nothing is due, and the dry run says why', async () => {
  const run = await bot(['farm', 'mint', '--dry-run'], farmer);
  assert.equal(run.code, 0);
  assert.equal(run.stdout, '');
  assert.match(run.stderr, /no certificate in force.*3bot grid certify/);
  assert.match((await bot(['farm', 'mint'], farmer)).stderr, /nothing is due: 3bot farm mint --dry-run/);
});

for (const [words, code] of [
  [['grid', 'certify', 'NODE', '--until', 'tomorrow'], 2],
  [['grid', 'certify', 'NODE', '--violation', '7', '--yes'], 3],
  [['grid', 'create', 'valley', '--certifier', 'me', '--certify-by', '2'], 2],
  [['farm', 'mint', '--period', 'last'], 2],
  [['farm', 'mint', '--period', '1'], 5],
] as const) {
  test(`${words.join(' ')} is refused with exit ${code}`, async () => {
    const run = await bot(words.map((word) => (word === 'NODE' ? node.slice(0, 12) : word)), farmer);
    assert.equal(run.code, code, run.stderr);
    assert.equal(run.stdout, '');
  });
}

test('a certifier signs at once; the farm mints for a node that was watched, and can check each figure', async () => {
  const certified = await botJson<{ kind: string; state: string; draft: null }>(['grid', 'certify', node.slice(0, 12), '--until', '30d', '--yes'], farmer);
  assert.deepEqual([certified.kind, certified.state, certified.draft], ['certificate@1', 'committed', null]);
  await using watching = startBot(['node', 'watch', '--interval', '200ms', '--json'], farmer);
  await watching.until(/"event":"ready"/);
  interface Minted { periods: { node: string; period: number; state: string; amount: string; up_ms: number; cu: string; su: string; exactly: Record<string, string> }[] }
  const { periods } = await poll('a period that is due', async () => {
    const minted = await botJson<Minted>(['farm', 'mint'], farmer);
    return minted.periods.length > 0 && minted;
  });
  const [first] = periods;
  assert.ok(first);
  assert.deepEqual([first.node, first.state, first.cu, first.su], [node, 'minted', '7.75', '4']);
  assert.equal(BigInt(first.amount.replace('.', '')), (22_600n * BigInt(first.up_ms) * 10_000_000n) / (80n * 2_630_880_000n));

  const again = await bot(['farm', 'mint', '--period', `${first.period}`], farmer);
  assert.equal(again.code, 3);
  assert.match(again.stderr, /was minted at/);
  const shown = await botJson<{ periods: { state: string; period: number }[] }>(['farm', 'mint', '--dry-run'], farmer);
  assert.ok(shown.periods.some(({ state, period }) => state === 'minted' && period === first.period));
  const { supply, money } = await botJson<{ supply: string; money: { minted: string } }>(['grid', 'show'], farmer);
  const mints = await botJson<{ body: { amount_stroops: string } }[]>(['bcdb', 'query', 'kind = mint@1'], farmer);
  assert.equal(BigInt(money.minted.replace('.', '')), mints.reduce((sum, { body }) => sum + BigInt(body.amount_stroops), 0n));
  assert.equal(supply, money.minted, 'nobody has asked the faucet');
  await watching.stop();
});

test('a grid that is no development grid has the certifiers that it was begun with', async () => {
  const key = 'ab'.repeat(32);
  await botJson(['grid', 'create', 'valley', '--certifier', 'me', key, '--certify-by', '1'], farmer);
  const { certifiers } = await botJson<{ certifiers: { threshold: number; members: { of: string }[] } }>(['grid', 'show', 'valley'], farmer);
  assert.deepEqual([certifiers.threshold, certifiers.members.length, certifiers.members[1]?.of], [1, 2, `bot/${key}`]);
});
