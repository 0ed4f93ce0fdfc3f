// Keystores that people make cost what DESIGN says; only tests, and grids whose passphrase is random, make cheaper ones.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const files = ['bin', 'src', 'commands', 'test'].flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)))
  .filter((path) => /\.[jt]s$/.test(path) && path !== 'test/house/keystores.test.ts')
  .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
const having = (words: RegExp): string[] => files.filter(({ text }) => words.test(text)).map(({ path }) => path).sort();

test('only the entry of the tests, and what a development grid loads, make a keystore cheaper', () => {
  assert.deepEqual(having(/instead\.cost\s*=[^=]|keys\/cost\.js/), ['src/dev/cheap.ts', 'test/cheap.ts', 'test/keys/keystore.test.ts']);
  assert.deepEqual(having(/['"/]cheap\.js/), ['src/dev/bots.ts', 'test/commands/upgrade.test.ts', 'test/script.ts']);
});
