// The book that `bcdb verify` folds everything into again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ingest } from '../../src/bcdb/ingest.js';
import { ScratchBook } from '../../src/bcdb/scratch.js';
import { CheckedTree } from '../../src/bcdb/stored.js';
import { gridRules } from '../../src/rules/all.js';
import { TestBook } from '../book.js';

test('a record that comes again is refused by its chain, which has grown beyond it: no list of records is needed for that', async () => {
  await using home = await TestBook.create();
  using book = ScratchBook.passing(new CheckedTree(home.store));
  const lines = [...home.store.lines(0, home.store.size)];
  for (const line of lines) ingest(book, gridRules, line, undefined);
  const before = [book.size, book.tree.root().toString('hex')];
  assert.equal(before[1], home.store.tree.root().toString('hex'));
  for (const line of lines) {
    assert.throws(() => ingest(book, gridRules, { ...line, at: book.lastAt }, undefined), (thrown: { reason?: string }) => ['chain_conflict', 'grid'].includes(thrown.reason ?? ''));
  }
  assert.deepEqual([book.size, book.tree.root().toString('hex')], before);
});
