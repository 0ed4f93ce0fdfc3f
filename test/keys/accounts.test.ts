import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { openHome, readConfig } from '../../src/home.js';
import { accountRolesOf, accountsOf, addAccount, findAccount, freeIndex, payingWith, useAccount } from '../../src/keys/accounts.js';
import { describeIdentity } from '../../src/keys/identity.js';
import { accountRole, openSecret } from '../../src/keys/keyring.js';

const folder = mkdtempSync(join(tmpdir(), '3bot-accounts-'));
after(() => rmSync(folder, { recursive: true }));
const home = openHome(join(folder, 'home'));
const keyringOf = (digit: string) => openSecret('identity', 'alice', Buffer.from(digit.repeat(32)));
const alice = await keyringOf('a');
const identity = describeIdentity('alice', alice.public);
const names = (): string[] => accountsOf(home, identity).map(({ name, in_use }) => `${name}${in_use ? '*' : ''}`);

test('every identity has the account main, and nothing is written for it', () => {
  assert.deepEqual(names(), ['main*']);
  assert.equal(findAccount(home, identity).key, alice.public['wallet']);
  assert.equal(readConfig(home).accounts, undefined, 'a config of 0.1.0 stays as it is');
});

test('a further account takes the first free index, or the one that is given; one of them is in use', async () => {
  assert.equal(freeIndex(home, identity), 1);
  addAccount(home, identity, { name: 'till', index: 7, key: await alice.account(7) });
  addAccount(home, identity, { name: 'savings', index: 1, key: await alice.account(1) });
  assert.equal(freeIndex(home, identity), 2);
  assert.deepEqual(names(), ['main*', 'savings', 'till']);
  useAccount(home, identity, 'savings');
  assert.deepEqual(names(), ['main', 'savings*', 'till']);
  useAccount(home, identity, findAccount(home, identity, 'till').address);
  assert.deepEqual(names(), ['main', 'savings', 'till*']);
  useAccount(home, identity, 'main');
  assert.deepEqual(names(), ['main*', 'savings', 'till']);
});

test("accounts belong to one identity: another's are not found, and have no influence on what is in use", async () => {
  const bob = describeIdentity('bob', (await keyringOf('b')).public);
  assert.deepEqual(accountsOf(home, bob).map(({ name }) => name), ['main']);
  assert.throws(() => findAccount(home, bob, 'till'), (thrown) => isProblem(thrown, 'not_found', 'account'));
});

test('a name or index that is taken, or out of form, is refused', () => {
  const key = 'cd'.repeat(32);
  for (const [name, index] of [['main', 9], ['till', 9], ['other', 7], ['other', 0], ['Other', 9], ['', 9], [key, 9], ['other', -1], ['other', 2 ** 31], ['other', 1.5]] as const) {
    assert.throws(() => addAccount(home, identity, { name, index, key }), (thrown) => isProblem(thrown, 'usage'), `${name} ${index}`);
  }
  assert.deepEqual(names(), ['main*', 'savings', 'till']);
});

test('a keyring that pays with an account signs as it, and still signs for all others', async () => {
  await Promise.all([alice.account(1), alice.account(7)]);
  for (const account of accountsOf(home, identity)) {
    const paying = payingWith(alice, account);
    assert.equal(paying.signer('wallet').key, account.key);
    assert.equal(paying.public['wallet'], account.key);
    assert.equal(paying.signer(accountRole(0)).key, alice.public['wallet']);
    assert.deepEqual(accountRolesOf(paying).map((role) => paying.signer(role).key).sort(), accountsOf(home, identity).map(({ key }) => key).sort());
  }
});
