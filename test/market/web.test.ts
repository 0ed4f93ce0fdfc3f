import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { servedBy, webHolders, webNames, webUrl, wholeName } from '../../src/market/web.js';
import { agreementOf, announcementOf, contractId, endOf, gib, market, nonce, web, type World } from '../rules/world.js';
import type { Workload } from '../../src/schema/types.js';

/** A workload that is to be reached under these names. */
const site = (hosts: readonly string[], name = 'web'): Workload => web(name, { ports: [{ container: 80, protocol: 'tcp' }], web: hosts.map((host) => ({ host, port: 80 })) });

describe('web names', () => {
  for (const [host, domain, name] of [
    ['blog', 'farm.example.org', 'blog.farm.example.org'],
    ['blog.farm.example.org', 'farm.example.org', 'blog.farm.example.org'],
    ['www.example.net', 'farm.example.org', 'www.example.net'],
    ['www.example.net', null, 'www.example.net'],
    ['blog', null, null],
    ['farm.example.org', 'farm.example.org', null],
  ] as const) {
    test(`${host} on a node with ${domain === null ? 'no domain' : domain} is ${name ?? 'nothing'}`, () => {
      const whole = wholeName(host, domain);
      assert.equal('name' in whole ? whole.name : null, name);
      assert.deepEqual(webNames([site([host])], domain).map((one) => one.name), name === null ? [] : [name]);
    });
  }

  for (const [http, https, address, url] of [
    [80, 443, 'node.example.org', 'https://shop.example.net/'],
    [80, 443, '1.2.3.4', 'https://shop.example.net/'],
    [80, 443, '192.168.0.7', 'http://shop.example.net/'],
    [80, 443, null, 'http://shop.example.net/'],
    [8080, 443, '1.2.3.4', 'http://shop.example.net:8080/'],
    [80, 8443, '1.2.3.4', 'http://shop.example.net/'],
  ] as const) {
    test(`with ports ${http} and ${https} at ${address ?? 'no address'} it is reached at ${url}`, () => {
      assert.equal(webUrl('shop.example.net', servedBy({ domain: null, http, https }, address)), url);
    });
  }
});

describe('who has a name', () => {
  const holders = (world: World, ...deals: string[]): Record<string, string | undefined> => {
    const found = webHolders(world, deals.map((n) => contractId(world, n)), 'farm.example.org');
    return Object.fromEntries([...found].map(([name, id]) => [name, deals.find((n) => contractId(world, n) === id)]));
  };
  const buys = (world: World, n: string, hosts: readonly string[]): void => {
    world.submit(agreementOf(world, { nonce: nonce(n), resources: gib(1, 1, 0), workloads: [site(hosts)] }));
  };
  const says = (world: World, n: string, hosts: readonly string[]): void => {
    world.submit({ chain: `contract/${contractId(world, n)}`, kind: 'workload@1', body: { workloads: hosts.length === 0 ? [web()] : [site(hosts)] }, by: ['alice'] });
  };
  const start = (): World => {
    const world = market({ rules: 2 });
    world.submit(announcementOf(world, { features: ['gateway'], gateway: { domain: 'farm.example.org', http: 80, https: null } }));
    return world;
  };

  test('the contract that has had it longest, whatever came in between, in label or in whole', () => {
    const world = start();
    buys(world, 'first', ['shop']);
    buys(world, 'second', ['shop.farm.example.org', 'blog']);
    assert.deepEqual(holders(world, 'second', 'first'), { 'shop.farm.example.org': 'first', 'blog.farm.example.org': 'second' });
    says(world, 'first', ['shop', 'blog']);
    assert.deepEqual(holders(world, 'first', 'second'), { 'shop.farm.example.org': 'first', 'blog.farm.example.org': 'second' });
  });

  test('a name that is left is free, and taken again it is new', () => {
    const world = start();
    buys(world, 'first', ['shop']);
    buys(world, 'second', ['shop']);
    says(world, 'first', []);
    assert.equal(world.contract(contractId(world, 'first')).web, undefined);
    assert.deepEqual(holders(world, 'first', 'second'), { 'shop.farm.example.org': 'second' });
    says(world, 'first', ['shop']);
    assert.deepEqual(holders(world, 'first', 'second'), { 'shop.farm.example.org': 'second' });
    world.submit(endOf(world, ['alice'], 'second'));
    assert.deepEqual(holders(world, 'first'), { 'shop.farm.example.org': 'first' });
  });

  test('a node that announces no gateway is given no names', () => {
    const world = market({ rules: 2 });
    assert.equal(world.refusal(agreementOf(world, { workloads: [site(['shop'])] })), 'workload');
  });
});
