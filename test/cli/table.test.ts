import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chalk } from 'chalk';
import { drawn, fitted, wrapped, type Cells } from '../../src/cli/table.js';

const CONTRACTS: Cells = {
  columns: ['contract', 'state', 'used', 'until', 'what'],
  rows: [['c23e300ed69b'.repeat(4), 'active', '12.0000000', '2026-11-23T04:29:13.792Z', 'web running, the database running, backup ended'], ['77', 'ended', '-', '-', '']],
  least: ['nothing', 'used', 'until'],
  cut: 'what',
};

const lines = (cells: Cells, width: number): string[] => drawn(fitted(cells, width), width, new Chalk({ level: 0 })).split('\n');

test('what fits is shown whole; a narrower terminal gets shorter ids and times, cut text, and then fewer columns', () => {
  const first = (width: number) => lines(CONTRACTS, width)[1];
  assert.equal(first(Infinity), `${'c23e300ed69b'.repeat(4)}  active  12.0000000  2026-11-23T04:29:13.792Z  web running, the database running, backup ended`);
  assert.equal(first(110), 'c23e300e…  active  12.0000000  2026-11-23 04:29:13  web running, the database running, backup ended');
  assert.equal(first(98), 'c23e300e…  active  12.0000000  2026-11-23 04:29  web running, the database running, backup ended');
  assert.equal(first(80), 'c23e300e…  active  12.0000000  2026-11-23 04:29  web running, the database runn…');
  assert.equal(first(66), 'c23e300e…  active  2026-11-23 04:29  web running, the database ru…');
  assert.equal(first(60), 'c23e300e…  active  12.0000000  web running, the database ru…');
  assert.equal(first(44), 'c23e300e…  active  web running, the databas…');
});

test('it names the columns that it left out, and none that the table never had', () => {
  assert.deepEqual([Infinity, 80, 66, 60, 44].map((width) => fitted(CONTRACTS, width).left), [[], [], ['used'], ['until'], ['used', 'until']]);
});

test('a row is one line of at most the width at which columns still give way', () => {
  for (let width = 44; width <= 200; width++) {
    const shown = lines(CONTRACTS, width);
    assert.equal(shown.length, 3, `${width} columns`);
    assert.ok(shown.every((line) => line.length <= width), `${width} columns`);
  }
});

test('a column that says nothing of any row goes before text is cut, unsaid', () => {
  const recipes: Cells = { columns: ['task', 'fee', 'what'], rows: [['website', '-', 'a website with a name of its own'], ['ci', '', 'a job']], least: ['fee'], cut: 'what' };
  assert.equal(lines(recipes, 46)[0], 'task     fee  what');
  assert.deepEqual(lines(recipes, 42), ['task     what', 'website  a website with a name of its own', 'ci       a job']);
  assert.deepEqual(fitted(recipes, 42).left, []);
});

test('what can give no more way folds', () => {
  assert.deepEqual(lines({ columns: ['id', 'reason'], rows: [['77', 'the image was not found']] }, 24), ['id  reason', '77  the image was not', '    found']);
});

test('a note is broken between words, and a word never', () => {
  assert.equal(wrapped('0.0052500 TFT an hour, 0.0052500 TFT in all\nas  it is', 40), '0.0052500 TFT an hour, 0.0052500 TFT in\nall\nas  it is');
  assert.equal(wrapped('kept in /tmp/a/very/long/path until then', 12), 'kept in\n/tmp/a/very/long/path\nuntil then');
  assert.equal(wrapped('one long line', Infinity), 'one long line');
});
