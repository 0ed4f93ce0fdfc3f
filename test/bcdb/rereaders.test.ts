// What the threads of verify say of a file that cannot be read.
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { Rereaders } from '../../src/bcdb/rereaders.js';
import { tempHome } from '../script.js';

for (const [who, lines] of [['this thread', 1], ['a thread', 1_000_000]] as const) {
  test(`${who} says in SQLite's words why a damaged file cannot be read`, async () => {
    const path = `${tempHome()}-book.sqlite`;
    writeFileSync(path, 'not a database. '.repeat(1_000));
    try {
      await using readers = new Rereaders(path, lines);
      await assert.rejects(readers.work('hashes', 0, 1).next(), { code: 'integrity', message: 'the stored lines cannot be read: file is not a database' });
    } finally {
      rmSync(path);
    }
  });
}
