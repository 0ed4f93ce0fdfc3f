import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { read } from '../../src/rules/objects.js';
import type { Identity } from '../../src/schema/types.js';
import { all, identityOf, key, market } from './world.js';

test('an identity is known by key and by name', () => {
  const world = market();
  assert.equal(world.object('bot', key('alice')).name, 'alice');
  assert.equal(world.object('name', 'bot/alice').holder, `bot/${key('alice')}`);
});

test('an identity may change its name, and the old one is free for others', () => {
  const world = market();
  world.submit(identityOf('alice', { name: 'alicia', endpoint: 'http://127.0.0.1:80', roles: ['consumer'] }));
  assert.equal(world.object('bot', key('alice')).endpoint, 'http://127.0.0.1:80');
  assert.equal(read(world, 'name', 'bot/alice')?.holder, null);
  world.submit(identityOf('newcomer', { name: 'alice' }));
  assert.equal(world.refusal(identityOf('alice', { name: 'alice' })), 'name');
  world.submit(identityOf('alice', { name: 'alicia' }));
});

describe('an identity is refused', () => {
  const other = { key: key('other'), kinds: ['*'], until: null };
  const own = { key: key('new'), kinds: ['*'], until: null };
  const cases: [string, string, Partial<Identity>][] = [
    ['whose name is taken', 'name', { name: 'alice' }],
    ['with the key of another', 'later_release', { keys: [other] }],
    ['with a second key', 'later_release', { keys: [own, other] }],
    ['whose key signs some kinds only', 'later_release', { keys: [{ ...own, kinds: ['run@1'] }] }],
    ['whose key has an end', 'later_release', { keys: [{ ...own, until: 1 }] }],
    ['with recovery', 'later_release', { recovery: all(`bot/${key('alice')}`) }],
    ['that seals with its signing key', 'key', { sealing_key: key('new') }],
    ['with a role twice', 'terms', { roles: ['farmer', 'farmer'] }],
    ['with a name that is none', 'malformed', { name: 'No Name' }],
  ];
  for (const [title, reason, change] of cases) {
    test(title, () => assert.equal(market().refusal(identityOf('new', change)), reason));
  }
  test('that another key signed', () => assert.equal(market().refusal({ ...identityOf('new'), by: ['alice'] }), 'signatures'));
  test("of the log's key", () => assert.equal(market().refusal(identityOf('log')), 'key'));
});
