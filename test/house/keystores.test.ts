// Keystores that people make cost what DESIGN says; only tests make cheaper ones.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

test('nothing in the product makes a keystore cheaper: only the entry of the tests sets that hook', () => {
  const sets = ['bin', 'src', 'commands', 'test'].flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)))
    .filter((path) => /\.[jt]s$/.test(path) && /testHook\.cost\s*=[^=]|keys\/cost\.js/.test(readFileSync(path, 'utf8')));
  assert.deepEqual(sets.sort(), ['test/cheap.ts', 'test/keys/keystore.test.ts']);
});
