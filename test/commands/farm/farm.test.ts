// Sessions of a farmer: found a farm, price it, look at it, invite; and what a buyer explores.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseInvitation } from '../../../src/market/invitation.js';
import { bot, botJson, tempHome } from '../../script.js';
import { terminal } from '../../terminal.js';

interface Farm { farm: string; name: string; place: string; endpoint: string | null; payout: string; prices: Record<string, string> }
const LIST = { cu: '0.0100000', su: '0.0050000', nu: '0.0015000', ipv4: '0.0040000' };
const farmer = { home: tempHome() };
let farm: Farm;

test('a farm needs an identity, and a home without one says so', async () => {
  const run = await bot(['farm', 'create', 'sunny'], farmer);
  assert.equal(run.code, 5);
  assert.equal((await bot(['farm', 'show'], farmer)).code, 5);
});

test('farm create founds it with keys of its own, list prices and the own wallet', async () => {
  const { address } = await botJson<{ address: string }>(['identity', 'create', '--name', 'alice'], farmer);
  farm = await botJson<Farm>(['farm', 'create', 'sunny'], farmer);
  assert.match(farm.farm, /^[0-9a-f]{40}$/);
  assert.deepEqual([farm.name, farm.endpoint, farm.payout, farm.prices], ['sunny', null, address, LIST]);
  assert.ok(readdirSync(join(farmer.home, 'keys')).includes('farm-sunny.json'));
  const config = JSON.parse(readFileSync(join(farmer.home, 'config.json'), 'utf8')) as { farm: { id: string; name: string } };
  assert.deepEqual([config.farm.id, config.farm.name], [farm.farm, 'sunny']);
});

for (const [what, args, code] of [
  ['a second farm on the same grid', ['create', 'windy'], 2],
  ['the same farm again', ['create', 'sunny'], 2],
  ['a name that is none', ['create', 'No Name'], 2],
  ['an endpoint with a path', ['create', 'windy', '--endpoint', 'http://a.example/b'], 2],
  ['an endpoint of another kind', ['update', '--endpoint', 'ftp://a.example'], 2],
  ['an update of nothing', ['update'], 2],
  ['a price that is none', ['price', '--cu', 'free'], 2],
  ['a discount of more than all', ['price', '--for', 'alice', '--discount', '101%'], 2],
  ['a discount for nobody', ['price', '--discount', '20%'], 2],
  ['a discount for length in a deal', ['price', '--for', 'alice', '--length', '720h=5%'], 2],
  ['a discount for no length', ['price', '--length', '5%'], 2],
  ['a length twice', ['price', '--length', '24h=5%,1d=6%'], 3],
  ['a deal that is over', ['price', '--for', 'alice', '--discount', '20%', '--until', '2020-01-01'], 2],
  ['a deal with nobody known', ['price', '--for', 'nobody', '--discount', '20%'], 5],
  ['an invitation without an endpoint', ['invite'], 3],
  ['a farm nobody has', ['show', 'rainy'], 5],
] as const) {
  test(`${what} is refused with exit ${code}`, async () => {
    const run = await bot(['farm', ...args], farmer);
    assert.equal(run.code, code, run.stderr);
    assert.equal(run.stdout, '');
  });
}

test('an interrupted farm create goes on with the keys it has made', async () => {
  const again = { home: tempHome() };
  await botJson(['identity', 'create', '--name', 'bob'], again);
  const endpoint = ['--endpoint', 'http://127.0.0.1:9000/'];
  const first = await botJson<Farm>(['farm', 'create', 'windy', ...endpoint], again);
  // As if it had died before the config was written.
  const path = join(again.home, 'config.json');
  writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, 'utf8')) as object), farm: null }));
  const second = await botJson<Farm>(['farm', 'create', 'windy', ...endpoint], again);
  assert.deepEqual([second.farm, second.endpoint], [first.farm, 'http://127.0.0.1:9000']);
  assert.equal((await botJson<unknown[]>(['bcdb', 'query', '--kind', 'farm'], again)).length, 1);
});

test('prices are shown without a passphrase, and set one by one', async () => {
  const { cu, su, nu, ipv4 } = await botJson<Record<string, string>>(['farm', 'price'], { ...farmer, passphrase: null });
  assert.deepEqual({ cu, su, nu, ipv4 }, LIST);
  assert.equal((await botJson<Record<string, string>>(['farm', 'price', '--cu', '0.009'], farmer))['cu'], '0.0090000');
  assert.deepEqual((await botJson<Farm>(['farm', 'show'], farmer)).prices, { ...LIST, cu: '0.0090000' });
});

test('discounts for everybody are set one by one, and taken back', async () => {
  const asked = await botJson<{ cu: string; lengths: object[]; dedicated_ppm: number; architect_ppm: number }>(['farm', 'price', '--length', '8760h=15%,720h=5%', '--architect', '10%'], farmer);
  const lengths = [{ at_least_ms: 2_592_000_000, ppm: 50_000 }, { at_least_ms: 31_536_000_000, ppm: 150_000 }];
  assert.deepEqual([asked.cu, asked.lengths, asked.dedicated_ppm, asked.architect_ppm], ['0.0090000', lengths, 500_000, 100_000]);
  const after = await botJson<typeof asked>(['farm', 'price', '--length', 'none', '--dedicated', '40%'], farmer);
  assert.deepEqual([after.cu, after.lengths, after.dedicated_ppm, after.architect_ppm], ['0.0090000', [], 400_000, 100_000]);
});

test('a deal is made with one bot, changed, shown and taken back', async () => {
  interface Deal { name: string; prices: { cu: string; su: string } | null; discount_ppm: number; until: string | null; in_force: boolean }
  const made = await botJson<{ deal: Deal }>(['farm', 'price', '--for', 'alice', '--discount', '20%', '--until', '2100-01-01'], farmer);
  assert.deepEqual([made.deal.name, made.deal.prices, made.deal.discount_ppm, made.deal.until, made.deal.in_force], ['alice', null, 200_000, '2100-01-01T00:00:00.000Z', true]);
  await botJson(['farm', 'price', '--for', 'alice', '--cu', '0.005'], farmer);
  const { cu, deals } = await botJson<{ cu: string; deals: Deal[] }>(['farm', 'price'], farmer);
  assert.equal(cu, '0.0090000');
  assert.deepEqual(deals.map(({ prices, discount_ppm }) => [prices?.cu, prices?.su, discount_ppm]), [['0.0050000', '0.0050000', 200_000]]);
  assert.match((await terminal(['farm', 'price'], farmer)).screen, /deal +alice: CU 0\.0050000.*20 % less, until 2100-01-01/);
  const over = await botJson<{ deal: Deal }>(['farm', 'price', '--for', 'alice', '--end'], farmer);
  assert.equal(over.deal.in_force, false);
});

test('place and endpoint can be changed; show and list tell', async () => {
  await botJson(['farm', 'update', '--place', 'Ghent', '--endpoint', 'http://127.0.0.1:9001'], farmer);
  const shown = await botJson<Farm & { nodes: unknown[]; contracts: unknown[]; income: object }>(['farm', 'show', 'sunny'], farmer);
  assert.deepEqual([shown.place, shown.endpoint, shown.nodes, shown.contracts, shown.income], ['Ghent', 'http://127.0.0.1:9001', [], [], { paid: '0.0000000', due: '0.0000000' }]);
  assert.deepEqual((await botJson<{ name: string; own: boolean; nodes: number }[]>(['farm', 'list'], farmer)).map(({ name, own, nodes }) => [name, own, nodes]), [['sunny', true, 0]]);
  const { screen } = await terminal(['farm', 'show'], farmer);
  assert.match(screen, /asks {6}CU 0\.0090000/);
});

test('a policy is set by flags and as a file, and what is shown as JSON is that file', async () => {
  const set = await botJson<Record<string, unknown>>(['farm', 'policy', 'set', '--deny', 'alice', '--min-term', '1h', '--price-steps', '95%=+50%,80%=+20%', '--max-share', '50%', '--floor', '90%'], farmer);
  assert.deepEqual([set['min_term_ms'], set['max_share_ppm'], set['utilisation']], [3_600_000, 500_000, { of: 'farm', steps: [{ from_ppm: 800_000, change_ppm: 200_000 }, { from_ppm: 950_000, change_ppm: 500_000 }] }]);
  const { stdout } = await bot(['farm', 'policy', 'show', '--json'], farmer);
  await botJson(['farm', 'policy', 'set', '--reset'], farmer);
  const named = JSON.parse(stdout) as { deny_consumers: string[] };
  // As a person would write it.
  assert.deepEqual(await botJson(['farm', 'policy', 'set', '-'], { ...farmer, input: JSON.stringify({ ...named, deny_consumers: ['alice'] }) }), set);
  assert.deepEqual(await botJson(['farm', 'policy', 'show'], farmer), set);
  const { screen } = await terminal(['farm', 'policy', 'show'], farmer);
  assert.match(screen, /not to +alice/);
  for (const [args, code] of [[['set'], 2], [['set', '--floor', '0%'], 2], [['set', '--min-term', '2d', '--max-term', '1d'], 2], [['set', '--script', 'policy.py'], 2], [['set', '-', '--reset'], 2], [['set', '--deny', 'nobody'], 5]] as const) {
    const run = await bot(['farm', 'policy', ...args], farmer);
    assert.equal(run.code, code, `${args.join(' ')}: ${run.stderr}`);
  }
});

test('farm policy test shows every check with what it saw, exits 3 for a decline, and promises nothing', async () => {
  const denied = await bot(['farm', 'policy', 'test', '--cpu', '4', '--for', '12h', '--consumer', 'alice', '--json'], farmer);
  assert.equal(denied.code, 3, denied.stderr);
  const { answer, decline, checks } = denied.json<{ answer: string; decline: { code: string }; checks: { check: string; passed: boolean | null }[] }>();
  assert.deepEqual([answer, decline.code, checks.filter(({ passed }) => passed === false).map(({ check }) => check)], ['decline', 'consumer', ['buyer', 'node']]);
  await botJson(['farm', 'policy', 'set', '--reset', '--script', '/bin/false'], farmer);
  const nodeless = await bot(['farm', 'policy', 'test', '-', '--json'], { ...farmer, input: '{"resources": {"cru": 1, "mru_mib": 1024, "sru_mib": 0, "hru_mib": 0, "ipv4": 0}}' });
  assert.deepEqual([nodeless.code, nodeless.json<{ decline: { code: string }; checks: { check: string; passed: boolean | null }[] }>().checks.at(-1)], [3, { check: 'script', passed: null, saw: 'it is asked only about what would be offered', code: null, reason: null, took_ms: null }]);
  assert.match((await terminal(['farm', 'policy', 'test', '--cpu', '1'], farmer)).screen, /buyer +yes +on no list/);
  const checksOf = async (): Promise<[string, boolean][]> => (JSON.parse((await bot(['doctor', '--json'], farmer)).stdout) as { checks: { name: string; ok: boolean }[] }).checks.filter(({ name }) => name.startsWith('policy')).map(({ name, ok }) => [name, ok]);
  assert.deepEqual(await checksOf(), [['policy', true], ['policy script', true]]);
  await botJson(['farm', 'policy', 'set', '--script', '/nowhere/policy'], farmer);
  assert.deepEqual(await checksOf(), [['policy', true], ['policy script', false]]);
  for (const args of [[], ['--for', '1h'], ['missing.json']]) assert.equal((await bot(['farm', 'policy', 'test', ...args], farmer)).code, 2);
  await botJson(['farm', 'policy', 'set', '--script', 'none'], farmer);
});

test('an invitation is one text, alone in a pipe, and what it says holds', async () => {
  const run = await bot(['farm', 'invite', '--for', '10m'], { ...farmer, passphrase: null });
  assert.equal(run.code, 0, run.stderr);
  const invitation = parseInvitation(run.stdout);
  assert.deepEqual([invitation.url, invitation.farm], ['http://127.0.0.1:9001', farm.farm]);
  assert.ok(invitation.expires > Date.now() && invitation.expires <= Date.now() + 600_000);
  for (const span of ['0s', '31d', 'soon']) assert.equal((await bot(['farm', 'invite', '--for', span], farmer)).code, 2);
});

test('explore of an empty market is an empty list and exit 0', async () => {
  assert.deepEqual(await botJson(['explore', '--cpu', '4', '--sru', '100'], farmer), { nodes: [], considered: 0, excluded: [], nearest: [] });
  const { code, screen } = await terminal(['explore'], farmer);
  assert.equal(code, 0);
  assert.match(screen, /nobody sells anything on grid local yet/);
});

for (const args of [['--cpu', '4', '--cru', '4'], ['--ssd', 'large'], ['--cpu', '-1'], ['--runtime', 'docker'], ['--memory', '1GB']]) {
  test(`explore ${args.join(' ')} is a mistake, exit 2`, async () => {
    assert.equal((await bot(['explore', ...args], farmer)).code, 2);
  });
}
