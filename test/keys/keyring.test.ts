import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { seal } from '../../src/keys/box.js';
import { addressOf } from '../../src/keys/did.js';
import { verifyBytes } from '../../src/keys/ed25519.js';
import { accountRole, maySign, openSecret, publicKeys, type KeyringType } from '../../src/keys/keyring.js';
import { secretOf } from '../../src/keys/words.js';
import { signingBytes, type SignedType } from '../../src/keys/signed.js';

const SECRET = 'a'.repeat(32);
// The second keys of this secret as 0.1.0 derived them.
const FIRST_KEY = 'af06a3e3291714e4f356c19c9b15cd1951ec6e6662aa77be07547f289383341d';
const DERIVED = [
  '6074527d2d5cfa9d28c208f8bc8b406208b008c95f50a10f1e0a7efa124a1ca5', // identity wallet
  'c5978c041f1379fea79072f7d8ae258ca546bf2d1b80b416364eda5ad81b6970', // identity sealing
  '691f1e7bae00ada963d27588927215ee066507900281fb11412b77cf16a23e60', // key sealing
  '4cea6e6b14b7f8ea3963eb100afd47efa7dd747721bf4c41820087b0f03d5341', // farm sealing
  'baf539dac30bc4b8dbda3898867546b3d541d7f7439387ec9651764aabc04f2c', // node sealing
  'd708abd3525a64dc096a0ac4ff33b47f5dcbee6b1232a90f1d544ace70d95cb8', // log clock
];
const TYPES: readonly KeyringType[] = ['identity', 'key', 'farm', 'node', 'log', 'witness', 'release'];

test('the keys of a secret stay what they were in the first release', async () => {
  // A change here would lock people out of their farms and nodes.
  const expected = {
    identity: ['bot', 'wallet', 'sealing'], key: ['bot', 'sealing'], farm: ['farm', 'sealing'], node: ['node', 'sealing'], log: ['log', 'clock'], witness: ['witness'], release: ['release'],
  };
  const all: string[] = [];
  for (const type of TYPES) {
    const keys = await publicKeys(type, Buffer.from(SECRET));
    assert.deepEqual(Object.keys(keys), expected[type]);
    all.push(...Object.values(keys).slice(1));
    assert.equal(Object.values(keys)[0], FIRST_KEY, 'the first key of each is the secret itself');
  }
  assert.deepEqual(all, DERIVED);
  assert.equal(new Set(all).size, all.length, 'no derived key occurs twice');
});

test('each role signs its own types and no others', async () => {
  const TALKS: SignedType[] = ['talk', 'letter', 'mailbox'];
  const MEETS: SignedType[] = ['relay', 'session'];
  const table: Record<string, SignedType[]> = {
    'identity bot': ['record', ...TALKS, ...MEETS], 'identity wallet': ['record', 'accept'], 'identity sealing': [],
    'key bot': ['record', ...TALKS, ...MEETS], 'key wallet': [], 'key sealing': [],
    'farm farm': ['record', ...TALKS], 'node node': ['record', ...TALKS, ...MEETS], 'log log': ['checkpoint', 'record'], 'log clock': ['cosignature'], 'log bot': [], 'witness witness': ['cosignature'], 'release release': ['release'],
  };
  for (const [who, types] of Object.entries(table)) {
    const [type, role = ''] = who.split(' ') as [KeyringType, string];
    for (const signed of ['record', 'talk', 'accept', 'letter', 'mailbox', 'relay', 'session', 'checkpoint', 'cosignature'] as const) assert.equal(maySign(type, role, signed), types.includes(signed), `${who} ${signed}`);
  }
  const log = await openSecret('log', 'log', Buffer.from(SECRET));
  await assert.rejects(log.signer('log').sign('talk', '{}'), /do not sign talk/);
  assert.throws(() => log.signer('bot'), /no role bot/);
});

test('what a role signs is checked by its public key', async () => {
  const identity = await openSecret('identity', 'alice', Buffer.from(SECRET));
  for (const role of ['bot', 'wallet']) {
    const signer = identity.signer(role);
    assert.equal(signer.key, identity.public[role]);
    assert.ok(verifyBytes(signer.key, signingBytes('record', '{"a":1}'), await signer.sign('record', '{"a":1}')), role);
  }
});

test('an account by its index has the key that SEP-0005 publishes, and signs what the first one does', async () => {
  // SEP-0005, test 3.
  const words = 'bench hurt jump file august wise shallow faculty impulse spring exact slush thunder author capable act festival slice deposit sauce coconut afford frown better';
  const identity = await openSecret('identity', 'alice', secretOf(words));
  assert.equal(addressOf(await identity.account(0)), addressOf(identity.public['wallet'] ?? ''));
  assert.equal(addressOf(await identity.account(9)), 'GDXOY6HXPIDT2QD352CH7VWX257PHVFR72COWQ74QE3TEV4PK2KCKZX7');
  const signer = identity.signer(accountRole(9));
  assert.ok(verifyBytes(signer.key, signingBytes('record', '{}'), await signer.sign('record', '{}')));
  await assert.rejects(signer.sign('talk', '{}'), /do not sign talk/);
  for (const index of [-1, 0.5, 2 ** 31]) await assert.rejects(identity.account(index), /no account/, String(index));
  await assert.rejects((await openSecret('farm', 'sunny', Buffer.from(SECRET))).account(1), /no account/);
});

test('an account whose noted key is not the one of the words signs nothing', async () => {
  const keys = await publicKeys('identity', Buffer.from(SECRET));
  const identity = await openSecret('identity', 'alice', Buffer.from(SECRET), { ...keys, [accountRole(1)]: keys['bot'] ?? '' });
  await assert.rejects(identity.signer(accountRole(1)).sign('record', '{}'), (thrown) => isProblem(thrown, 'integrity', 'keystore'));
});

test('a box for the sealing key is opened, one for another keyring is not', async () => {
  const [node, farm] = [await openSecret('node', 'n', Buffer.from(SECRET)), await openSecret('farm', 'f', Buffer.from(SECRET))];
  const box = seal(node.public['sealing'] ?? '', Buffer.from('hello'));
  assert.equal(Buffer.from(await node.unseal(box)).toString(), 'hello');
  await assert.rejects(farm.unseal(box), (thrown) => isProblem(thrown, 'integrity'));
});

test('a forgotten keyring has overwritten its secret and signs no more', async () => {
  const secret = Buffer.from(SECRET);
  const keyring = await openSecret('identity', 'alice', secret);
  await keyring.signer('bot').sign('record', '{}');
  const before = keyring.signer('bot');
  keyring.forget();
  assert.deepEqual(secret, Buffer.alloc(32));
  await assert.rejects(before.sign('record', '{}'), (thrown) => isProblem(thrown, 'locked'));
  await assert.rejects(keyring.unseal(Buffer.alloc(100)), (thrown) => isProblem(thrown, 'locked'));
});
