// Real containers on a machine of its own (a network namespace), with the internet on one side and the farmer's network
// on the other: what a workload reaches, and what not.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { StartSpec } from '../../../src/node/driver.js';
import type { Workload } from '../../../src/schema/types.js';
import { containerName } from '../../../src/node/drivers/podman-spec.js';
import { PodmanDriver } from '../../../src/node/drivers/podman.js';
import { makeLocalImage, removeLocalImage } from '../../../src/node/localimage.js';
import { Logs } from '../../../src/node/logs.js';
import { ended, newContract, newScope, refOf, specOf, until, within, workload } from '../drivers/support.js';
import { Lab, missing, programsOf } from './lab.js';

/** A round that cannot read the book. */
const unread = { state: { get: () => undefined }, at: 0, wanted: [], running: [], busy: new Map<string, unknown>(), fresh: false };
const skip = missing('podman', 'nft', 'ip', 'nsenter', 'busybox');

describe('what workloads reach', { skip, timeout: 120_000 }, () => {
  const scope = newScope();
  const imageName = `3bot-test-${randomBytes(6).toString('hex')}`;
  const lab = skip === false ? new Lab() : null;
  let image: string;
  let machine: string;
  let socket: string;
  let driver: PodmanDriver;
  const logs = mkdtempSync(join(tmpdir(), '3bot-logs-'));
  after(() => rmSync(logs, { recursive: true, force: true }));
  let neighbour: StartSpec;

  const open = (allowNetworks: string[] = [], openPorts: number[] = []): PodmanDriver => new PodmanDriver({ ...scope, socket, logs: new Logs(logs), allowRegistries: ['localhost'], allowNetworks, openPorts, programs: programsOf(machine) });
  const web = (name: string): StartSpec => specOf({ workload: workload({ name, image, command: ['/bin/sh', '-c', `echo ${name} > /www/index.html; exec httpd -f -p 80 -h /www`], ports: [{ container: 80, protocol: 'tcp' }] }), address: '0.0.0.0' });
  /** What each address answers to a workload: the page, or nothing. */
  const reached = async (by: PodmanDriver, addresses: readonly string[], contract = newContract()): Promise<Record<string, string>> => {
    // busybox's wget, linked statically, cannot look up even an address.
    const script = addresses.map((address) => `echo "${address} $(printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 ${address.replace(':', ' ').replace(/^\S+$/, '$& 80')} 2>/dev/null | tail -n 1)" &`).join(' ');
    const spec = specOf({ contract, workload: workload({ name: 'probe', image, command: ['/bin/sh', '-c', `${script} wait`] }), limits: { cru: 1, mru_mib: 64, pids: 100 } });
    await by.start(spec, within(30));
    await ended(by, refOf(spec));
    const text = await by.logsTail(refOf(spec), 4_096, within(30));
    await by.remove(refOf(spec), within(20));
    return Object.fromEntries(text.trimEnd().split('\n').map((line) => line.split(' ')).map(([address = '', page = '']) => [address, page.trim()]));
  };
  const addressOf = (spec: StartSpec): string => {
    const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
    return execFileSync('podman', ['container', 'inspect', '--format', format, containerName(scope, spec.contract, spec.workload.name)], { encoding: 'utf8' }).trim();
  };

  before(async () => {
    if (lab === null) return;
    image = await makeLocalImage(imageName, within(60));
    machine = lab.machine('node');
    const internet = lab.machine('net');
    const office = lab.machine('lan');
    lab.cable(machine, '203.0.113.2/30', internet, '203.0.113.1/30');
    lab.cable(machine, '192.168.77.2/24', office, '192.168.77.9/24');
    lab.ip(machine, 'route', 'add', 'default', 'via', '203.0.113.1');
    lab.ip(office, 'route', 'add', 'default', 'via', '192.168.77.2');
    // Private and metadata addresses beyond the router, and one of the internet.
    for (const address of ['198.51.100.7/32', '10.1.2.3/32', '169.254.169.254/32']) lab.ip(internet, 'address', 'add', address, 'dev', 'lo');
    lab.serve(internet, 'internet');
    lab.serve(office, 'office');
    lab.serve(machine, 'host');
    socket = join(lab.folder, 'podman.sock');
    const networks = join(lab.folder, 'networks');
    mkdirSync(networks);
    lab.spawn(machine, 'podman', '--runtime', 'runc', '--network-config-dir', networks, 'system', 'service', '--time', '0', `unix://${socket}`);
    // Asked before it listens, the driver would start one of its own, outside of the namespace.
    await until('podman answers', () => answers(socket));
    driver = open();
    for (const { name, ok, evidence } of await driver.check(within(20))) assert.ok(ok, `${name}: ${evidence}`);
    neighbour = web('neighbour');
    await driver.start(neighbour, within(30));
  });

  after(async () => {
    if (lab === null) return;
    for (const one of await driver.list(within(20))) await driver.remove(one, within(30));
    await driver.networks.end(within(20));
    assert.deepEqual(JSON.parse(await lab.run(machine, 'ip', '-json', 'link')).filter(({ ifname }: { ifname: string }) => ifname.startsWith('3b')), [], 'bridges are gone');
    await driver[Symbol.asyncDispose]();
    await removeLocalImage(imageName, within(30));
    await lab[Symbol.asyncDispose]();
  });

  test('the internet and its own contract, and neither another contract, nor this machine, nor the farmer\'s network', async () => {
    const sibling = { ...web('sibling'), contract: newContract() };
    await driver.start(sibling, within(30));
    const other = addressOf(neighbour);
    const own = addressOf(sibling);
    const bridge = other.replace(/\.\d+$/, '.1');
    const targets = ['198.51.100.7', own, other, bridge, '203.0.113.2', '192.168.77.2', '192.168.77.9', '203.0.113.1', '10.1.2.3', '169.254.169.254'];
    assert.deepEqual(await reached(driver, targets, sibling.contract), { ...Object.fromEntries(targets.map((target) => [target, ''])), '198.51.100.7': 'internet', [own]: 'sibling' });
    // All of them answer, but for the wall.
    assert.deepEqual(await Promise.all(['192.168.77.9', '10.1.2.3', '169.254.169.254', other].map(async (target) => lab?.get(machine, target))), ['office', 'internet', 'internet', 'neighbour']);
    await driver.remove(refOf(sibling), within(20));
  });

  test('workloads of one contract reach each other by name and alias, also one that came later or was made anew; another contract knows none of them', async () => {
    const contract = newContract();
    const page = (text: string, said: Partial<Workload>): StartSpec => specOf({ contract, workload: workload({ image, command: ['/bin/sh', '-c', `echo ${text} > /www/index.html; exec httpd -f -p 80 -h /www`], ...said }), address: '0.0.0.0' });
    const run = async (by: StartSpec, script: string): Promise<string> => (await driver.run(refOf(by), ['/bin/sh', '-c', script], { timeout_ms: 10_000, max_bytes: 200 }, within(20))).output.trim();
    const ask = async (by: StartSpec, host: string): Promise<string> => run(by, `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 ${host} 80 2>&1 | tail -n 1`);
    const app = page('app', { name: 'app' });
    const db = page('first', { name: 'db', aliases: ['my_db', 'db.internal'] });
    for (const spec of [app, db]) await driver.start(spec, within(30));
    // The first was made before anybody had heard of the second.
    assert.deepEqual(await Promise.all(['db', 'my_db', 'db.internal', 'app'].map(async (host) => ask(app, host))), ['first', 'first', 'first', 'app']);
    assert.equal(await ask(db, 'app'), 'app');
    const before = addressOf(db);
    await driver.remove(refOf(db), within(20));
    const other = page('other', { name: 'other' });
    const again = page('second', { name: 'db', aliases: ['my_db'] });
    for (const spec of [other, again]) await driver.start(spec, within(30));
    assert.deepEqual([addressOf(again), await ask(app, 'db'), await ask(app, 'my_db'), await ask(app, 'other')], [before, 'second', 'second', 'other']);
    assert.match(await run(app, 'echo 198.51.100.7 db >> /etc/hosts'), /Read-only/);
    assert.equal(await run(neighbour, 'grep -v localhost /etc/hosts'), `${addressOf(neighbour)} neighbour`);
    for (const spec of [app, again, other]) await driver.remove(refOf(spec), within(20));
  });

  test('a published port is reached from outside and by other workloads; the workload behind it by itself is not', async () => {
    const { ports } = (await driver.list(within(30))).find(({ contract }) => contract === neighbour.contract) ?? { ports: [] };
    const port = ports[0]?.host ?? 0;
    const published = `203.0.113.2:${port}`;
    assert.deepEqual(await reached(driver, [published]), { [published]: 'neighbour' });
    const office = machine.replace('-node', '-lan');
    assert.equal(await lab?.get(office, '203.0.113.2', port), 'neighbour');
    assert.equal(await lab?.get(office, addressOf(neighbour)), '');
  });

  test('what the farmer allows is reached, and the ports of the web gateway; nothing beside them', async () => {
    await using allowing = open(['192.168.77.9/32']);
    assert.deepEqual(await reached(allowing, ['192.168.77.9', '192.168.77.2', '10.1.2.3']), { '192.168.77.9': 'office', '192.168.77.2': '', '10.1.2.3': '' });
    await using gateway = open([], [80]);
    assert.deepEqual(await reached(gateway, ['203.0.113.2', '192.168.77.9']), { '203.0.113.2': 'host', '192.168.77.9': '' });
  });

  test('a wall that somebody took away stands again after the next round, and tables of others stay', async () => {
    const table = `threebot_${scope.node.slice(0, 8)}`;
    const list = async (): Promise<string> => (await lab?.run(machine, 'nft', '--stateless', 'list', 'table', 'inet', table)) ?? '';
    await lab?.run(machine, 'nft', 'add', 'table', 'inet', 'farmers_own');
    await driver.networks.apply(unread, within(30));
    const whole = await list();
    for (const spoil of [['delete', 'table', 'inet', table], ['flush', 'chain', 'inet', table, 'from_workload']]) {
      await lab?.run(machine, 'nft', ...spoil);
      await driver.networks.apply(unread, within(30));
      assert.equal(await list(), whole);
    }
    assert.match(await lab?.run(machine, 'nft', 'list', 'tables') ?? '', /farmers_own/);
  });

  test('a network goes with its contract, and is found again by another agent of the same node', async () => {
    await using again = open();
    const contract = newContract();
    const made = await driver.networks.ensure(contract, { name: 'web' }, within(30));
    assert.deepEqual(await again.networks.ensure(contract, { name: 'web' }, within(30)), made);
    const all = async (): Promise<string> => (await lab?.run(machine, 'podman', '--network-config-dir', join(lab.folder, 'networks'), 'network', 'ls', '--quiet')) ?? '';
    assert.ok((await all()).includes(contract));
    // The neighbour's has a container: podman itself keeps it.
    await again.networks.apply({ ...unread, fresh: true }, within(30));
    assert.ok(!(await all()).includes(contract));
    assert.ok((await all()).includes(neighbour.contract));
  });
});

async function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(socket, () => connection.end(() => resolve(true))).once('error', () => resolve(false));
  });
}
