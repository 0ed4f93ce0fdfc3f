import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isProblem } from '../../../src/base/errors.js';
import { ownNetworks, resolversIn, wallText } from '../../../src/node/network/firewall.js';
import { rangeText } from '../../../src/node/network/ranges.js';

describe('what the wall is made of', () => {
  test('the machine\'s name servers are those that a container is given: not its loopback, each once', () => {
    assert.deepEqual(resolversIn('# x\nnameserver 192.168.1.1\nnameserver 127.0.0.53\nsearch lan\n nameserver 9.9.9.9 \nnameserver fe80::1\nnameserver 192.168.1.1\n'), ['192.168.1.1', '9.9.9.9']);
  });

  test('a network of the machine\'s own is every route but the default one, those to its own addresses, and agents\' bridges', () => {
    const routes = [
      { dst: 'default', gateway: '192.0.2.1', dev: 'eth0' }, { dst: '0.0.0.0/1', dev: 'tun0' }, { dst: '128.0.0.0/1', dev: 'tun0' },
      { dst: '203.0.113.0/24', dev: 'eth0', scope: 'link' }, { dst: '203.0.113.0/24', dev: 'eth1', scope: 'link' }, { dst: '10.9.0.0/16', gateway: '203.0.113.9', dev: 'eth0' },
      { type: 'local', dst: '203.0.113.2', dev: 'eth0' }, { dst: '198.18.3.0/25', dev: '3b0123456701f' }, { dst: '192.0.2.77', dev: 'wg0' },
    ];
    assert.deepEqual(ownNetworks(JSON.stringify(routes)).map(rangeText), ['10.9.0.0/16', '192.0.2.77/32', '203.0.113.0/24']);
  });

  test('a machine with more routes than a farmer\'s network has is a router, and is refused', () => {
    const routes = Array.from({ length: 1_001 }, (_, i) => ({ dst: `203.${i >> 8}.${i & 255}.0/24`, dev: 'eth0' }));
    assert.throws(() => ownNetworks(JSON.stringify(routes)), (error) => isProblem(error, 'refused', 'routes'));
  });

  test('the table replaces itself and names no other', () => {
    const text = wallText('threebot_ab', { prefix: '3bab', resolvers: [], open: [], allowed: [], own: [] });
    assert.deepEqual([...text.matchAll(/\btable inet (\S+)/g)].map(([, name]) => name), ['threebot_ab', 'threebot_ab', 'threebot_ab']);
    assert.ok(!text.includes('flush'));
  });
});
