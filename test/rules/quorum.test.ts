import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { allOf, checkSigned, keyOf, partiesOf, resolve, signersOf } from '../../src/rules/quorum.js';
import type { Quorum } from '../../src/schema/types.js';
import { all, farmId, key, market, some } from './world.js';

const account = (name: string): string => `account/${key(name)}`;
const keysOf = (...names: string[]): Set<string> => new Set(names.map(key));
const isRefused = (reason: string) => (thrown: unknown) => isProblem(thrown, 'refused', reason);

test('a quorum is met by enough of its members, and by nobody else', () => {
  const signers = resolve(market(), some(2, account('a'), account('b'), account('c')));
  checkSigned(signers, keysOf('a', 'b'));
  checkSigned(signers, keysOf('a', 'c', 'stranger'));
  for (const names of [[], ['a'], ['a', 'stranger'], ['x', 'y', 'z']]) {
    assert.throws(() => checkSigned(signers, keysOf(...names)), isRefused('signatures'));
  }
});

test('who is missing is named, and a crowd is counted', () => {
  assert.throws(() => checkSigned(allOf([key('a'), 'bot/a'], [key('b'), 'bot/b']), keysOf('a')), /1 of 2 signatures.*not signed by bot\/b$/);
  const crowd = Array.from({ length: 20 }, (_, i) => account(`m${i}`));
  assert.throws(() => checkSigned(resolve(market(), all(...crowd)), keysOf()), /and 15 more$/);
});

test('parties speak by their keys: bots by identity, farms by farm key, nodes and accounts by their own', () => {
  const world = market();
  assert.equal(keyOf(world, `bot/${key('alice')}`), key('alice'));
  assert.equal(keyOf(world, `farm/${farmId(world)}`), key('farm'));
  assert.equal(keyOf(world, `node/${key('any')}`), key('any'));
  assert.equal(keyOf(world, account('any')), key('any'));
  assert.throws(() => keyOf(world, `bot/${key('nobody')}`), isRefused('identity'));
  assert.throws(() => keyOf(world, `farm/${'0'.repeat(40)}`), isRefused('not_found'));
});

test('rules 1 refuse what they do not know and what nobody can meet', () => {
  const refusedForms: Quorum[] = [
    { threshold: 1, members: [all(account('a'))] },
    { threshold: 1, members: [{ of: account('a'), weight: 2 }] },
    { threshold: 1, members: [{ of: account('a'), weight: 0 }] },
    some(3, account('a'), account('b')),
    all(account('a'), account('a')),
  ];
  for (const quorum of refusedForms) assert.throws(() => partiesOf(quorum), isRefused('quorum'));
});

test('a key counts once, however many parties it speaks for', () => {
  const both = [`bot/${key('alice')}`, account('alice')];
  assert.throws(() => resolve(market(), all(...both)), isRefused('quorum'));
  assert.equal(signersOf(both, 1, () => key('alice')).keys.size, 1);
});
