// An architect publishes, others find it and get the file; and a contract made from it pays the fee, over real sockets.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { appendSigned } from '../../../src/net/compose.js';
import { Market } from '../../deal.js';
import { bot, botJson, tempHome, type Run } from '../../script.js';

const FILE = `x-3bot:
  about: A web server that says hello
services:
  web:
    image: docker.io/library/nginx@sha256:${'a'.repeat(64)}
    ports: ['80']
`;
const [architect, other] = [tempHome(), tempHome()];
const files = dirname(architect);
const file = join(files, 'hello.yaml');
let market: Market;

interface Published { id: string; version: number; title: string; fees: { account: string; share_ppm: number }[]; fee_ppm: number; new: boolean }

before(async () => {
  market = await Market.open();
  writeFileSync(file, FILE);
  for (const [home, name] of [[architect, 'alice'], [other, 'bobby']] as const) {
    await botJson(['identity', 'create', '--name', name], { home });
    await botJson(['grid', 'join', market.url], { home });
    await botJson(['inbox'], { home });
  }
});
after(async () => market[Symbol.asyncDispose]());

test('a file is published with its fees, and the same again changes nothing', async () => {
  const first = await botJson<Published>(['blueprint', 'publish', file, '--fee', '5%', '--fee', 'bobby:2.5%'], { home: architect });
  assert.deepEqual([first.title, first.version, first.fee_ppm, first.fees.map(({ share_ppm }) => share_ppm), first.new], ['alice/hello@1', 1, 75_000, [50_000, 25_000], true]);
  const again = await botJson<Published>(['blueprint', 'publish', file, '--fee', '5%', '--fee', 'bobby:2.5%'], { home: architect });
  assert.deepEqual([again.title, again.new], ['alice/hello@1', false]);
  const piped = await bot(['blueprint', 'publish', file, '--about', 'free now'], { home: architect });
  assert.equal(piped.stdout, 'alice/hello@2\n', 'the title alone');
  assert.match(piped.stderr, /every farm takes it/);
});

test('others find it by words, and get the very file by its name or id', async () => {
  const found = await botJson<{ id: string; title: string; architect_name: string; contracts: number }[]>(['blueprint', 'search', 'free', 'ali'], { home: other });
  assert.deepEqual(found.map(({ title, architect_name, contracts }) => [title, architect_name, contracts]), [['alice/hello@2', 'alice', 0]]);
  assert.deepEqual(await botJson(['blueprint', 'search', 'nonesuch'], { home: other }), []);
  const [{ id } = { id: '' }] = found;
  assert.equal((await bot(['blueprint', 'get', 'alice/hello@1'], { home: other })).stdout, FILE);
  const byId = await botJson<{ text: string; title: string; fee_ppm: number }>(['blueprint', 'get', `${id.slice(0, 8)}@1`], { home: other });
  assert.deepEqual([byId.text, byId.title, byId.fee_ppm], [FILE, 'alice/hello@1', 75_000]);
  for (const [name, code] of [['alice/hello@7', 5], ['alice/nothing', 5], ['nobody-here/hello', 5], ['a name', 2]] as const) assert.equal((await bot(['blueprint', 'get', name], { home: other })).code, code, name);
});

test('what others have published is a task like the recipes: listed, and shown before anything is done', async () => {
  const tasks = await botJson<{ task: string; by: string }[]>(['task', 'list'], { home: other });
  assert.deepEqual(tasks.filter(({ by }) => by !== '3bot').map(({ task, by }) => [task, by]), [['alice/hello@2', 'alice']]);
  assert.ok(tasks.some(({ task }) => task === 'website'));
  const shown = await botJson<{ inputs: { name: string }[]; steps: { command: string }[]; undo: string }>(['task', 'show', 'alice/hello', '--set', 'order=mine'], { home: other });
  assert.deepEqual(shown.steps.map(({ command }) => command), ['3bot blueprint apply alice/hello@2 --name mine']);
  assert.equal(shown.undo, '3bot blueprint down mine');
  const without = await bot(['task', 'run', 'ci-runner'], { home: other });
  assert.equal(without.code, 2, 'nobody says what is to run');
  assert.match(without.stderr, /--set command=…/);
});

test('what looks like a secret, or cannot stand in a record, is not published', async () => {
  const cases: [text: string, says: RegExp][] = [
    [`${FILE}    environment:\n      DB_PASSWORD: hunter2\n`, /line 7|line 8.*DB_PASSWORD looks like a secret/],
    [FILE.replace('    image', '\timage'), /line 5: it has a tab/],
  ];
  for (const [i, [text, says]] of cases.entries()) {
    const path = join(files, `bad-${i}.yaml`);
    writeFileSync(path, text);
    const refused = await bot(['blueprint', 'publish', path], { home: architect });
    assert.equal(refused.code, 2, refused.stderr);
    assert.match(refused.stderr, says);
  }
  const twice = await bot(['blueprint', 'publish', file, '--fee', '5%', '--fee', 'alice:2%'], { home: architect });
  assert.equal(twice.code, 2);
});

test('a contract made from a version pays its architects to the unit, and one that is withdrawn makes none', async () => {
  const { id } = await botJson<{ id: string }>(['blueprint', 'get', 'alice/hello@1'], { home: other });
  const apply = (...more: string[]): Promise<Run> => bot(['blueprint', 'apply', 'alice/hello@1', '--wait', 'committed', ...more], { home: other });
  await botJson(['wallet', 'faucet'], { home: other });
  const left = await apply();
  assert.equal(left.code, 5);
  assert.match(left.stderr, /whose farm leaves less to architects/);
  const { prices } = market.grid.reader.get('grid') as unknown as { prices: object };
  await appendSigned(market.grid, { chain: `farm/${market.farm}`, kind: 'prices@1', body: { prices, architect_ppm: 75_000 } }, market.signers);
  const applied = await apply('--json');
  assert.equal(applied.code, 0, applied.stderr);
  const [{ contract } = { contract: '' }] = applied.json<{ parts: { contract: string }[] }>().parts;
  const { agreement } = market.grid.reader.get(`contract/${contract}`) as unknown as { agreement: { blueprint: object; payees: { role: string; share_ppm: number }[] } };
  assert.deepEqual(agreement.blueprint, { id, version: 1 });
  assert.deepEqual(agreement.payees.map(({ role, share_ppm }) => [role, share_ppm]), [['farmer', 925_000], ['architect', 50_000], ['architect', 25_000]]);
  const shown = await botJson<{ blueprint: object }>(['contract', 'show', contract], { home: other });
  assert.deepEqual(shown.blueprint, { id, version: 1, title: 'alice/hello@1' });
  const [listed] = await botJson<{ contracts: number }[]>(['blueprint', 'search', 'hello'], { home: other });
  assert.equal(listed?.contracts, 1);
  writeFileSync(file, `name: hello\n${FILE}    environment: {OTHER: text}\n`);
  for (const name of ['other', 'hello']) await botJson(['blueprint', 'publish', file, '--name', name], { home: name === 'hello' ? other : architect });
  const planned = async (named: string, ...more: string[]): Promise<Run> => bot(['blueprint', 'plan', named, '--json', ...more], { home: other });
  assert.equal((await planned('alice/other')).json<{ name: string }>().name, 'other', 'what a stranger\'s file is called by itself is nobody\'s order');
  const taken = await planned('bobby/hello');
  assert.equal(taken.code, 3, 'what runs is made from alice/hello: its secrets and volumes are not for another');
  assert.match(taken.stderr, /not made from bobby\/hello@1/);
  assert.equal((await planned('bobby/hello', '--name', 'hello')).code, 8, 'unless that is said');
  const tagged = await botJson<{ lines: { payload: { kind: string } }[] }>(['bcdb', 'query', `tag = blueprint/${id} and kind = agreement@1`], { home: other });
  assert.equal((Array.isArray(tagged) ? tagged : tagged.lines).length, 1, 'contracts made from it are found by its tag');

  assert.equal((await bot(['blueprint', 'withdraw', 'alice/hello@1'], { home: other })).code, 3, 'by somebody else');
  const withdrawn = await botJson<{ newest: string }>(['blueprint', 'withdraw', 'alice/hello@1', '--reason', 'old'], { home: architect });
  assert.equal(withdrawn.newest, 'alice/hello@2');
  const late = await apply('--name', 'another');
  assert.equal(late.code, 3);
  assert.match(late.stderr, /alice\/hello@1 is withdrawn: old/);
});
