import assert from 'node:assert/strict';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { openHome } from '../../../src/home.js';
import { bot, botJson, startBot, tempHome } from '../../script.js';

test('a person backs a grid up beside its server, loses the book, and puts it back, however often that is broken off', async () => {
  const alice = { home: tempHome() };
  const file = join(dirname(alice.home), 'book.3bot');
  await botJson(['identity', 'create', '--name', 'alice'], alice);
  const { id } = await botJson<{ id: string }>(['grid', 'create', 'valley', '--dev'], alice);
  await botJson(['wallet', 'faucet'], alice);
  const book = openHome(alice.home).gridDatabase(id);

  const serving = startBot(['serve', '--listen', '127.0.0.1:0'], alice);
  await serving.until(/serving|^http/m);
  const taken = await bot(['bcdb', 'export', file], alice);
  assert.deepEqual([taken.code, taken.stdout], [0, `${file}\n`]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal((await bot(['bcdb', 'export', file], alice)).code, 2, 'never over a file that is there');
  const beside = await bot(['bcdb', 'import', file], alice);
  assert.deepEqual([beside.code, /runs already/.test(beside.stderr)], [6, true]);
  await serving.stop();

  writeFileSync(book, Buffer.alloc(statSync(book).size, 1), { flag: 'r+' });
  const broken = await bot(['wallet', 'show'], alice);
  assert.deepEqual([broken.code, broken.stdout], [7, '']);
  for (const point of ['book_placed:before', 'book_placed:after']) {
    assert.equal((await bot(['bcdb', 'import', file], { ...alice, env: { THREEBOT_TEST_KILL: point } })).code, null);
    if (point.endsWith('after')) assert.equal((await bot(['bcdb', 'verify'], alice)).code, 0);
  }
  const put = await botJson(['bcdb', 'import', file, '--genesis', id], alice);
  assert.deepEqual(put, { id, name: 'valley', url: null, home: true, size: 3, before: 3 });
  assert.equal((await botJson<{ size: number }>(['bcdb', 'verify'], alice)).size, 3);
  assert.equal((await botJson<{ index: number }>(['wallet', 'send', 'GAAZI4TCR3TY5OJHCTJC2A4QSY6CJWJH5IAJTGKIN2ER7LBNVKOCCWN7', '1'], alice)).index, 3);
  assert.deepEqual(readdirSync(dirname(dirname(book))), [id]);

  const old = await bot(['bcdb', 'import', file, '--json'], alice);
  assert.equal(old.code, 3);
  assert.match(old.stderr, /"reason":"longer"/);
  assert.equal((await bot(['bcdb', 'import', book], alice)).code, 3, 'the file of the book itself, without its log');
  assert.equal((await bot(['bcdb', 'import', '/dev/null'], alice)).code, 7);
  assert.equal((await bot(['bcdb', 'import', join(dirname(file), 'none')], alice)).code, 2);
});
