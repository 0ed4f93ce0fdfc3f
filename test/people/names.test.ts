// Names beside ids: this grid's word, and only where ids stand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf } from '../../src/keys/did.js';
import { namedRow } from '../../src/people/names.js';
import { key, market } from '../rules/world.js';

const world = market();
const alice = `bot/${key('alice')}`;
const farm = 'f'.repeat(40);
const isNamed = `bot/${key('alice').slice(0, 8)}… (alice, says this grid)`;

for (const [title, row, text] of [
  ['a bot of this grid by the beginning of its id, and its name apart', ['end by', `all of ${alice}, ${alice} (counts 2)`], `all of ${isNamed}, ${isNamed} (counts 2)`],
  ['a bot or farm that the grid does not know in full', ['end by', `bot/${key('nobody')} farm/${farm}`], `bot/${key('nobody')} farm/${farm}`],
  ['an account by its address', ['pays', `account ${key('purse')}: 1 TFT`], `account ${addressOf(key('purse'))}: 1 TFT`],
  ['an account among signers by its address', ['missing', `account/${key('purse')}`], `account ${addressOf(key('purse'))}`],
  ['an id that is longer than one as it is', ['to', `${alice}0`], `${alice}0`],
  ["somebody's own words as they are", ['text', `we trust ${alice}`], `we trust ${alice}`],
] as const) {
  test(`a row shows ${title}`, () => assert.deepEqual(namedRow(world, row), [row[0], text]));
}
