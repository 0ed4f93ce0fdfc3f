import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { lineOf } from '../../src/bcdb/query.js';
import { updateConfig } from '../../src/home.js';
import { openSecret, type Keyring } from '../../src/keys/keyring.js';
import { admissionOf, admitNode } from '../../src/farmer/admit.js';
import { changeFarm, farmOf, foundFarm, setPrices } from '../../src/farmer/farm.js';
import { invite, redeem, type Door } from '../../src/farmer/invite.js';
import { farmerRole } from '../../src/farmer/role.js';
import { Client } from '../../src/net/client.js';
import { appendSigned } from '../../src/net/compose.js';
import type { Grid } from '../../src/net/grid.js';
import { Conversation, peerOf } from '../../src/net/talk.js';
import { openPrivate, type Private } from '../../src/private.js';
import type { FarmObject } from '../../src/rules/objects.js';
import type { Announcement } from '../../src/schema/types.js';
import { gib } from '../deal.js';
import { TestHome } from '../net/homes.js';

const HOUR = 3_600_000;
const AT = Date.now();
let farmer: TestHome;
let grid: Grid;
let keyring: Keyring;
let farm: FarmObject;
let kept: Private;
const nodeKey = () => openSecret('node', 'machine', randomBytes(32));

before(async () => {
  farmer = await TestHome.create('farmer');
  await farmer.create();
  grid = await farmer.grid();
  keyring = await farmer.options.createKeyring('farm', 'sunny');
  farm = await foundFarm(grid, farmer.identity, keyring, { place: 'Ghent', payout: farmer.identity.public['wallet'] ?? '', endpoint: 'http://127.0.0.1:1' }, null);
  kept = openPrivate(farmer.home);
});
after(async () => {
  kept[Symbol.dispose]();
  await farmer[Symbol.asyncDispose]();
});

const door = (more: Partial<Door> = {}): Door => ({ grid, keyring, farm: farm.id, private: kept, clock: () => AT, ...more });
const join = (node: string, token: string, from = `node/${node}`, more: Partial<Door> = {}) => redeem(door(more), from, { token, node });
const isRefused = (reason: string) => (thrown: unknown) => isProblem(thrown, 'refused', reason);
const someKey = async () => (await nodeKey()).public['node'] ?? '';

test('founding a farm again does nothing but give it, and a farm without prices asks the list prices', async () => {
  const { size } = grid.reader;
  const again = await foundFarm(grid, farmer.identity, keyring, { place: 'elsewhere', payout: farm.payout, endpoint: null }, null);
  assert.deepEqual([again.id, grid.reader.size], [farm.id, size]);
  assert.equal(again.prices?.cu_stroops, '100000');
});

test("another's farm of the same name is not taken over", async () => {
  const stranger = await openSecret('farm', 'sunny', randomBytes(32));
  await assert.rejects(foundFarm(grid, farmer.identity, stranger, { place: '', payout: farm.payout, endpoint: null }, null), isRefused('name'));
  await assert.rejects(admitNode(grid, stranger, await someKey()), isRefused('key'));
});

test('an invitation lets one node in, and the admission is in the book', async () => {
  const { token, url } = invite(kept, grid, farm, HOUR, AT);
  assert.equal(url, farm.endpoint);
  const node = await someKey();
  const { record } = await join(node, token);
  assert.equal(admissionOf(grid.reader, farm.id, node), record);
  assert.notEqual(lineOf(grid.reader, record), undefined);
  const { size } = grid.reader;
  assert.deepEqual(await join(node, token), { record }, 'the same node may ask again');
  assert.equal(grid.reader.size, size);
  await assert.rejects(join(await someKey(), token), isRefused('invitation'));
});

test('two nodes that ask at once are both let in, and one that asks twice at once is admitted once', async () => {
  const tokens = [0, 1].map(() => invite(kept, grid, farm, HOUR, AT).token);
  const [one, other] = [await someKey(), await someKey()];
  const { size } = grid.reader;
  const [first, second, again] = await Promise.all([join(one, tokens[0] ?? ''), join(other, tokens[1] ?? ''), join(one, tokens[0] ?? '')]);
  assert.deepEqual([admissionOf(grid.reader, farm.id, one), admissionOf(grid.reader, farm.id, other)], [first.record, second.record]);
  assert.deepEqual([again.record, grid.reader.size], [first.record, size + 2]);
});

test('changes made at once are all kept: each begins with what the book says then', async () => {
  const nobody = () => Promise.reject(new Error('the owner is not needed'));
  await Promise.all([
    setPrices(grid, keyring, farm, (before) => ({ prices: { ...before.prices, su_stroops: '7' } })),
    setPrices(grid, keyring, farm, (before) => ({ prices: { ...before.prices, nu_stroops: '8' } })),
    changeFarm(grid, keyring, farm, { place: 'Bruges' }, nobody),
    changeFarm(grid, keyring, farm, { endpoint: 'http://127.0.0.1:2' }, nobody),
  ]);
  const { prices, place, endpoint } = farmOf(grid, keyring);
  assert.deepEqual([prices?.su_stroops, prices?.nu_stroops, place, endpoint], ['7', '8', 'Bruges', 'http://127.0.0.1:2']);
  const { size } = grid.reader;
  await setPrices(grid, keyring, farm, (before) => before);
  assert.equal(grid.reader.size, size, 'nothing changes, nothing is recorded');
  farm = await changeFarm(grid, keyring, farm, { place: farm.place, endpoint: farm.endpoint }, nobody);
});

test('a used invitation does not bring back a node that was retired', async () => {
  const { token } = invite(kept, grid, farm, HOUR, AT);
  const node = await someKey();
  await join(node, token);
  await appendSigned(grid, { chain: `farm/${farm.id}`, kind: 'retire@1', body: { node } }, [keyring.signer('farm')]);
  await join(node, token);
  assert.equal(admissionOf(grid.reader, farm.id, node), undefined);
});

test('the token is kept nowhere, only its hash', () => {
  const { token } = invite(kept, grid, farm, HOUR, AT);
  assert.equal(JSON.stringify(kept.db.prepare('SELECT * FROM invitations').all()).includes(token), false);
});

for (const [what, ask] of [
  ['of another farm', async (token: string) => join(await someKey(), token, undefined, { farm: 'f'.repeat(40) })],
  ['that was never made', async () => join(await someKey(), 'ab'.repeat(32))],
  ['that has expired', async (token: string) => join(await someKey(), token, undefined, { clock: () => AT + HOUR })],
] as const) {
  test(`an invitation ${what} is refused, always in the same words`, async () => {
    const { token } = invite(kept, grid, farm, HOUR, AT);
    await assert.rejects(ask(token), (thrown) => isRefused('invitation')(thrown) && thrown instanceof Error && thrown.message === 'this invitation is unknown, expired or used');
  });
}

test("a node cannot ask for another's key", async () => {
  const { token } = invite(kept, grid, farm, HOUR, AT);
  await assert.rejects(join(await someKey(), token, `node/${await someKey()}`), isRefused('addressee'));
});

test('when the admission is refused the invitation stays open', async () => {
  const { token } = invite(kept, grid, farm, HOUR, AT);
  const stranger = await openSecret('farm', 'sunny', randomBytes(32));
  await assert.rejects(join(await someKey(), token, undefined, { keyring: stranger }), isRefused('key'));
  const node = await someKey();
  assert.equal(admissionOf(grid.reader, farm.id, node), undefined);
  await join(node, token);
  assert.notEqual(admissionOf(grid.reader, farm.id, node), undefined);
});

test('a farm that dies after the claim lets that node in when it asks again, and no other', async () => {
  const { token } = invite(kept, grid, farm, HOUR, AT);
  const node = await someKey();
  const dying: Grid = Object.create(grid, { hold: { value: () => Promise.reject(new Error('killed')) } }) as Grid;
  await assert.rejects(join(node, token, undefined, { grid: dying }), /killed/);
  await assert.rejects(join(await someKey(), token), isRefused('invitation'));
  await join(node, token);
  assert.notEqual(admissionOf(grid.reader, farm.id, node), undefined);
});

test('two nodes that show one invitation at the same time: one is let in', async () => {
  const { token } = invite(kept, grid, farm, HOUR, AT);
  const nodes = await Promise.all([someKey(), someKey()]);
  const results = await Promise.allSettled(nodes.map((node) => join(node, token)));
  assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
});

test('a farm without a public endpoint cannot invite, and says what to do', () => {
  assert.throws(() => invite(kept, grid, { ...farm, endpoint: null }, HOUR, AT), (thrown) => isRefused('endpoint')(thrown) && /farm update/.test(String((thrown as { hint?: string }).hint)));
});

test('open invitations are bounded, and expired ones make room', () => {
  const later = AT + 100 * HOUR;
  for (let i = 0; i < 1_000; i += 1) invite(kept, grid, farm, HOUR, later);
  assert.throws(() => invite(kept, grid, farm, HOUR, later), (thrown) => isProblem(thrown, 'busy', 'invitations'));
  invite(kept, grid, farm, HOUR, later + HOUR);
});

test('over the wire: a node that has announced itself asks the farm, signed with its own key, and becomes sellable', async () => {
  await using seller = await TestHome.create('seller');
  await seller.create();
  const farmKeys = await seller.options.createKeyring('farm', 'windy');
  let windy = await (async () => {
    await using home = await seller.grid();
    const made = await foundFarm(home, seller.identity, farmKeys, { place: '', payout: seller.identity.public['wallet'] ?? '', endpoint: null }, null);
    updateConfig(seller.home, (config) => void (config.farm = { id: made.id, grid: home.id, name: 'windy', allow_registries: [], allow_consumers: null, deny_consumers: [], max_term_ms: HOUR }));
    return made;
  })();
  const daemon = await seller.daemon({ roles: [farmerRole] });
  const there = [...daemon.grids.values()][0] as Grid;
  windy = await changeFarm(there, farmKeys, windy, { endpoint: daemon.url }, () => Promise.reject(new Error('the owner is not needed')));

  await using machine = await TestHome.create('machine');
  await machine.join(daemon.url);
  const copy = await machine.grid();
  const node = await nodeKey();
  const key = node.public['node'] ?? '';
  const body: Announcement = {
    farm: windy.id, declared: true, capacity: gib(8, 16, 500), host_share: gib(0, 0, 0), devices: [], platform: 'linux/amd64', runtime: 'process', features: [], virtualised: true,
    location: { country: null, region: null }, address: null, sealing_key: node.public['sealing'] ?? '',
  };
  await appendSigned(copy, { chain: `node/${key}`, kind: 'announcement@1', body }, [node.signer('node')]);
  using seed = openPrivate(seller.home);
  const { token, url } = invite(seed, there, windy, HOUR, Date.now());

  await using client = new Client({ url });
  const ask = () => new Conversation({
    me: { party: `node/${key}`, signer: node.signer('node'), unseal: (box) => node.unseal(box) }, to: peerOf(copy.reader, `farm/${windy.id}`), grid: copy.id, state: copy.reader,
    post: (sealed, signal) => client.talk(sealed, signal), clock: Date.now, signal: machine.stop.signal,
  });
  const wrong = await ask().ask('join', { token: 'ab'.repeat(32), node: key });
  assert.equal(wrong.kind === 'decline' && wrong.body.code, 'invitation');
  const answer = await ask().ask('join', { token, node: key });
  assert.equal(answer.kind, 'joined');
  await copy.refresh();
  assert.equal((copy.reader.get(`node/${key}`) as { admitted?: string }).admitted, windy.id);
  assert.equal(admissionOf(copy.reader, windy.id, key), answer.kind === 'joined' && answer.body.record);
});
