import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { Store } from '../../src/bcdb/store.js';
import { addressOf, didOf } from '../../src/keys/did.js';
import { publicKeyOf } from '../../src/keys/ed25519.js';
import { findBot, findById, findFarm, findNode, findParty, findPayee } from '../../src/market/find.js';
import { nodeOf } from './listed.js';

const key = (n: number) => publicKeyOf(Buffer.alloc(32, n));
const [ALICE, WALLET, SILENT, STRANGER, NODE] = [key(1), key(2), key(3), key(4), key(5)];
const SUNNY = 'abcd'.repeat(10);
const WINDY = `abce${'0'.repeat(36)}`;
const TWINS = [`ababab${'1'.repeat(34)}`, `ababab${'2'.repeat(34)}`] as const;
const SLY = 'ef01'.repeat(10);
const folder = mkdtempSync(join(tmpdir(), '3bot-find-'));
let store: Store;

before(() => {
  store = Store.open(join(folder, 'bcdb.sqlite'));
  store.transact((state) => {
    state.put(`bot/${ALICE}`, { key: ALICE, name: 'alice', account: WALLET });
    state.put(`bot/${SILENT}`, { key: SILENT, name: 'silent' });
    state.put('name/bot/alice', { holder: `bot/${ALICE}` });
    state.put('name/bot/silent', { holder: `bot/${SILENT}` });
    state.put('name/bot/gone', { holder: null });
    for (const [id, name] of [[SUNNY, 'sunny'], [WINDY, 'windy'], [SLY, SUNNY], [TWINS[0], 'twin-1'], [TWINS[1], 'twin-2']] as const) {
      state.put(`farm/${id}`, { id, name });
      state.put(`name/farm/${name}`, { holder: `farm/${id}` });
    }
    state.put(`node/${NODE}`, { ...nodeOf(5, 1), key: NODE } as never);
    for (const id of TWINS) state.put(`vote/${id}`, { id });
  });
});
after(() => {
  store[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

for (const [form, text, account, name] of [
  ['address', addressOf(STRANGER), STRANGER, null],
  ['account key', STRANGER, STRANGER, null],
  ["bot's name", 'alice', WALLET, 'alice'],
  ["bot's did:key", didOf(ALICE), WALLET, 'alice'],
  ["bot's key", ALICE, WALLET, 'alice'],
  ["bot's key, as an address", addressOf(ALICE), WALLET, 'alice'],
] as const) {
  test(`money goes to an ${form} as it is meant`, () => {
    assert.deepEqual(findPayee(store, text), { account, name });
  });
}

for (const [what, text, code] of [
  ['an unknown name', 'nobody', 'not_found'],
  ['a name that was given up', 'gone', 'not_found'],
  ['a bot that names no account', 'silent', 'not_found'],
  ['the did:key of a bot that names no account', didOf(SILENT), 'not_found'],
  ['the did:key of no bot', didOf(STRANGER), 'not_found'],
  ['an address with a typing mistake', addressOf(STRANGER).replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')), 'usage'],
  ['half a key', STRANGER.slice(0, 60), 'usage'],
  ['nothing', '', 'usage'],
] as const) {
  test(`${what} gets no money`, () => {
    assert.throws(() => findPayee(store, text), (thrown) => isProblem(thrown, code));
  });
}

for (const [what, text, id] of [
  ['name', 'sunny', SUNNY],
  ['id', WINDY, WINDY],
  ['first digits', 'abce', WINDY],
  ['id, though another farm is named like it', SUNNY, SUNNY],
] as const) {
  test(`a farm is found by ${what}`, () => {
    assert.equal(findFarm(store, text).id, id);
  });
}

for (const [what, text, code] of [
  ['digits of two', 'ab'.repeat(3), 'usage'],
  ['too few digits', 'abc', 'not_found'],
  ['a name nobody has', 'rainy', 'not_found'],
] as const) {
  test(`${what} find no farm`, () => {
    assert.throws(() => findFarm(store, text), (thrown) => isProblem(thrown, code));
  });
}

test('a node is found by key, by its did:key and by first digits', () => {
  for (const text of [NODE, didOf(NODE), NODE.slice(0, 8), NODE.toUpperCase()]) assert.equal(findNode(store, text).key, NODE);
  assert.throws(() => findNode(store, STRANGER), (thrown) => isProblem(thrown, 'not_found'));
});

for (const [what, text, party] of [
  ['a name', 'silent', `bot/${SILENT}`],
  ['a did:key', didOf(ALICE), `bot/${ALICE}`],
  ['a key', ALICE, `bot/${ALICE}`],
  ['a farm, written out', `farm/${SUNNY}`, `farm/${SUNNY}`],
  ['an account, which needs no identity', `account/${STRANGER}`, `account/${STRANGER}`],
] as const) {
  test(`who signs is found by ${what}`, () => assert.equal(findParty(store, text), party));
}

for (const text of ['gone', STRANGER, `bot/${STRANGER}`, `farm/${'00'.repeat(20)}`]) {
  test(`${text} is not on the grid, so it cannot sign`, () => assert.throws(() => findParty(store, text), (thrown) => isProblem(thrown, 'not_found', 'party')));
}

test('a bot is found by its name, and a key is taken as it is', () => {
  assert.deepEqual(['alice', didOf(STRANGER)].map((text) => findBot(store, text)), [ALICE, STRANGER]);
  assert.throws(() => findBot(store, 'gone'), (thrown) => isProblem(thrown, 'not_found', 'bot'));
});

test('whatever has an id is found by it, or by digits that only one of its type begins with', () => {
  const find = (text: string): string => findById(store, 'vote', text, '3bot vote list').id;
  for (const text of [TWINS[1], TWINS[1].slice(0, 8), TWINS[1].toUpperCase()]) assert.equal(find(text), TWINS[1]);
  for (const [text, code] of [['ababab', 'usage'], ['aba', 'not_found'], ['', 'not_found'], [SUNNY, 'not_found'], ['vote', 'not_found']] as const) assert.throws(() => find(text), (thrown) => isProblem(thrown, code), text);
});
