// Addresses and names that are nobody's but their owner's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { isPrivateAddress, isPrivateHost, publicLookup } from '../../src/net/addresses.js';

test('of IPv6, too, only what is given out to the public is public', () => {
  for (const address of ['2606:4700::1111', '2a00:1450:4001::8']) assert.equal(isPrivateAddress(address), false, address);
  for (const address of ['::', '::1', '::ffff:8.8.8.8', '::ffff:192.168.0.1', '64:ff9b::a00:1', 'fc00::1', 'fd12::1', 'fe80::1', 'ff02::1', '2001:db8::1', '2001::1', '2002:c0a8:101::1', '3fff::1']) assert.equal(isPrivateAddress(address), true, address);
  assert.equal(isPrivateHost('::1'), true);
});

test('a name that leads to this machine or its network is not followed, whatever it is called', async () => {
  // Every machine knows this name as its own.
  for (const all of [true, false]) {
    const error = await new Promise((resolve) => publicLookup('localhost', { all }, resolve));
    assert.ok(isProblem(error, 'refused', 'private'), String(error));
  }
});
