// A session with several accounts of one identity: made, listed, chosen, paid from and to, with the agent and without.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bot, botJson, tempHome } from '../../script.js';

interface Account { name: string; index: number; address: string; key: string; in_use: boolean; balance: string }
const alice = { home: tempHome() };
const locked = { ...alice, passphrase: null };

test('accounts are made from the same words, chosen, and each spends its own', async () => {
  await botJson(['identity', 'create', '--name', 'alice'], alice);
  await botJson(['wallet', 'faucet'], alice);
  assert.equal((await bot(['wallet', 'create', 'savings'], locked)).code, 4, 'a new account needs the words');
  const savings = await botJson<Account>(['wallet', 'create', 'savings'], alice);
  assert.deepEqual([savings.index, savings.in_use], [1, false]);
  await botJson(['unlock', '--for', '10m'], alice);
  const till = await botJson<Account>(['wallet', 'create', 'till', '--index', '7'], locked);
  await botJson(['wallet', 'send', savings.address, '15'], locked);
  await botJson(['wallet', 'send', till.address, '5', '--account', 'savings', '--memo', 'change'], locked);
  assert.equal((await bot(['wallet', 'send', till.address, '1', '--account', 'till'], locked)).code, 2, 'an account does not pay itself');
  await botJson(['lock'], locked);

  const accounts = await botJson<Account[]>(['wallet', 'list'], locked);
  assert.deepEqual(accounts.map(({ name, index, balance }) => [name, index, balance]), [['main', 0, '985.0000000'], ['savings', 1, '10.0000000'], ['till', 7, '5.0000000']]);
  assert.equal((await botJson<Account>(['wallet', 'use', 'savings'], locked)).name, 'savings');
  const shown = await botJson<Account>(['wallet', 'show'], locked);
  assert.deepEqual([shown.name, shown.balance, shown.address], ['savings', '10.0000000', savings.address]);
  const history = (await bot(['wallet', 'history', '--account', 'till'], locked)).stdout;
  assert.match(history, new RegExp(`\ttransfer\t5\\.0000000\t${savings.address}\tchange\n$`));
  assert.equal((await bot(['wallet', 'show', '--account', 'nobody'], locked)).code, 5);
});
