import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { bot, botJson, tempHome } from '../script.js';

test('a mailbox is at the home of the grid, until its owner says another address, and again when it takes that back', async () => {
  const options = { home: tempHome() };
  await botJson(['identity', 'create', '--name', 'alice'], options);
  await botJson(['grid', 'create', 'valley', '--dev'], options);
  const locked = { ...options, passphrase: null };
  const here = await bot(['identity', 'mailbox'], locked);
  assert.deepEqual([here.code, here.stdout], [0, `${join(options.home, 'mail.sqlite')}\n`]);
  const moved = await botJson(['identity', 'mailbox', 'https://bot.example/'], options);
  assert.deepEqual([moved['mailbox'], moved['why']], ['https://bot.example', 'identity']);
  const lines = (await botJson<{ size: number }>(['bcdb', 'verify'], locked)).size;
  assert.equal((await botJson(['identity', 'mailbox', 'https://bot.example'], options))['mailbox'], 'https://bot.example');
  assert.equal((await botJson<{ size: number }>(['bcdb', 'verify'], locked)).size, lines, 'what is so already is not recorded again');
  assert.deepEqual((await botJson(['identity', 'mailbox', 'none'], options))['why'], 'here');
  assert.equal((await bot(['identity', 'mailbox', 'bot.example'], locked)).code, 2);
});
