import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { isProblem } from '../../../src/base/errors.js';
import { freeOn, hostPorts } from '../../../src/node/drivers/podman-ports.js';
import { workload } from './support.js';

const spec = { contract: 'a'.repeat(40), workload: workload({ ports: [{ container: 53, protocol: 'tcp' }, { container: 53, protocol: 'udp' }, { container: 80, protocol: 'tcp' }] }) };
const always = async (): Promise<boolean> => true;

test('a workload has the same ports again, tcp and udp of one port together, outside of what the kernel gives away', async () => {
  const ports = await hostPorts(spec, new Set(), always);
  assert.deepEqual(await hostPorts(spec, new Set(), always), ports);
  assert.deepEqual([...ports.keys()], [53, 80]);
  assert.ok([...ports.values()].every((port) => port >= 20_000 && port < 30_000) && new Set(ports.values()).size === 2);
  assert.notDeepEqual(await hostPorts({ ...spec, contract: 'b'.repeat(40) }, new Set(), always), ports);
});

test('a port that somebody has, or that is taken for one protocol, is passed over', async () => {
  const [first = 0] = (await hostPorts(spec, new Set(), always)).values();
  assert.equal((await hostPorts(spec, new Set([first]), always)).get(53), first + 1);
  assert.equal((await hostPorts(spec, new Set(), async (port, protocol) => port !== first || protocol !== 'udp')).get(53), first + 1);
  await assert.rejects(hostPorts(spec, new Set(), async () => false), (thrown) => isProblem(thrown, 'failed', 'ports'));
});

test('whether a port is free is found by trying', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  assert.deepEqual([await freeOn('127.0.0.1')(port, 'tcp'), await freeOn('127.0.0.1')(port, 'udp')], [false, true]);
  await new Promise((resolve) => server.close(resolve));
  assert.equal(await freeOn('127.0.0.1')(port, 'tcp'), true);
});
