// A real machine: a kernel of Debian's with a busybox in memory, run by QEMU in podman. Where the processor runs no
// machines, as on most machines of CI, QEMU works out every instruction itself, which takes some seconds.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { run } from '../../../src/node/children.js';
import { podmanSocket } from '../../../src/node/drivers/podman-service.js';
import { PodmanDriver } from '../../../src/node/drivers/podman.js';
import { staticBusybox } from '../../../src/node/localimage.js';
import { Logs } from '../../../src/node/logs.js';
import { checkMachines } from '../../../src/node/machines/check.js';
import { Machines } from '../../../src/node/machines/machines.js';
import { LoopVolumes } from '../../../src/node/volume.js';
import { ended, newContract, newScope, refOf, seen, specOf, within, workload } from '../drivers/support.js';

/** Where a kernel for machines lies: of an installed package, or unpacked from one. */
const KERNEL = process.env['THREEBOT_TEST_KERNEL'] ?? '/';
const versions = existsSync(join(KERNEL, 'lib/modules')) ? readdirSync(join(KERNEL, 'lib/modules')).filter((version) => version.includes('cloud')) : [];
const version = versions.at(-1);
const programs = ['podman', 'qemu-system-x86_64', 'genisoimage', 'qemu-img'].filter((program) => !isThere(program));
const lacking = version === undefined ? 'a kernel: THREEBOT_TEST_KERNEL is to name a folder with linux-image-cloud-amd64 unpacked' : programs.join(', ');
const skip = lacking !== '' && process.env['CI'] === undefined ? `lacking ${lacking}` : process.arch !== 'x64' ? 'not on x86-64' : false;

function isThere(program: string): boolean {
  try {
    execFileSync('which', [program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const MODULES = [
  'drivers/virtio/virtio_ring', 'drivers/virtio/virtio', 'drivers/virtio/virtio_pci_legacy_dev', 'drivers/virtio/virtio_pci_modern_dev', 'drivers/virtio/virtio_pci', 'drivers/block/virtio_blk',
  'net/core/failover', 'drivers/net/net_failover', 'drivers/net/virtio_net', 'drivers/acpi/button', 'drivers/cdrom/cdrom', 'fs/isofs/isofs', 'drivers/input/evdev',
];

/** The first process of the machine: says what it sees, serves it, and ends when the power button is pressed. */
const INIT = `#!/bin/sh
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev
for m in ${MODULES.map((path) => path.split('/').at(-1)).join(' ')}; do [ ! -e /mod/$m.ko ] || insmod /mod/$m.ko; done
mount -t iso9660 -o ro /dev/vdb /mnt
ip link set lo up; ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0; ip route add default via 10.0.2.2
mkdir /www
{ echo "cpus $(nproc)"; grep MemTotal /proc/meminfo; echo "disk $(cat /sys/block/vda/size)"; head -c 5 /dev/vda; echo; cat /mnt/user-data /mnt/meta-data; } > /www/index.html
printf again | dd of=/dev/vda conv=notrunc 2>/dev/null; sync
httpd -p 80 -h /www
echo "machine is up: $(nproc) cpus"
for device in /dev/input/event*; do { dd if=$device of=/dev/null bs=24 count=1 2>/dev/null; echo "machine goes down"; sync; poweroff -f; } & done
wait
`;

/** What the machine serves, as soon as it is up. */
async function answer(port: number): Promise<string> {
  const limit = within(150);
  for (;;) {
    const text = await fetch(`http://127.0.0.1:${port}/`, { signal: within(5) }).then((reply) => reply.text(), () => null);
    if (text !== null) return text;
    limit.throwIfAborted();
    await delay(50);
  }
}

/** An image with /disk: a small disk, and a kernel with its first file system. */
async function makeImage(folder: string, name: string): Promise<string> {
  const root = join(folder, 'initrd');
  for (const one of ['bin', 'dev', 'proc', 'sys', 'mnt', 'mod']) mkdirSync(join(root, one), { recursive: true });
  copyFileSync(staticBusybox() ?? '', join(root, 'bin/busybox'));
  for (const applet of ['sh', 'mount', 'insmod', 'ip', 'mkdir', 'nproc', 'grep', 'cat', 'head', 'printf', 'dd', 'sync', 'httpd', 'poweroff', 'echo']) symlinkSync('busybox', join(root, 'bin', applet));
  for (const path of MODULES) {
    const file = join(KERNEL, 'lib/modules', version ?? '', 'kernel', `${path}.ko`);
    if (existsSync(file)) copyFileSync(file, join(root, 'mod', `${path.split('/').at(-1)}.ko`));
  }
  writeFileSync(join(root, 'init'), INIT, { mode: 0o755 });
  const image = join(folder, 'image');
  mkdirSync(join(image, 'disk'), { recursive: true });
  execFileSync('sh', ['-c', 'cd "$1" && find . | busybox cpio -o -H newc > "$2" 2>/dev/null', 'sh', root, join(image, 'disk/initrd')]);
  copyFileSync(join(KERNEL, 'boot', `vmlinuz-${version}`), join(image, 'disk/vmlinuz'));
  writeFileSync(join(image, 'disk/cmdline'), 'console=ttyS0 quiet tsc=reliable no_timer_check\n');
  writeFileSync(join(image, 'disk/disk.raw'), Buffer.from('first'.padEnd(1_048_576, '\0')));
  await run('tar', ['-C', image, '-cf', join(folder, 'image.tar'), '.'], within(60));
  await run('podman', ['import', '--quiet', join(folder, 'image.tar'), `localhost/${name}:latest`], within(60));
  const digest = (await run('podman', ['image', 'inspect', '--format', '{{.Digest}}', `localhost/${name}:latest`], within(20))).trim();
  return `localhost/${name}@${digest}`;
}

describe('a virtual machine', { skip, timeout: 240_000 }, () => {
  const scope = newScope();
  const contract = newContract();
  const name = `3bot-test-${scope.node.slice(0, 12)}`;
  const home = mkdtempSync(join(tmpdir(), '3bot-machine-'));
  const volumes = new LoopVolumes(join(home, 'volumes'), { overcommit: true });
  let accelerator: { testAccelerator?: 'tcg' } = {};
  let image = '';
  let data = '';
  const open = (): PodmanDriver => new PodmanDriver({ ...scope, socket: podmanSocket(home), logs: new Logs(join(home, 'logs')), allowRegistries: ['localhost'], machines: new Machines({ ...scope, folder: home, ...accelerator }) });
  const spec = () => specOf({
    contract, data, limits: { cru: 2, mru_mib: 160, pids: 64 },
    workload: workload({ image, ports: [{ container: 80, protocol: 'tcp' }], vm: { cloud_config: '{"packages":["nginx"]}', ssh_keys: ['ssh-ed25519 AAAA alice'] } }),
  });

  before(async () => {
    // What this machine would not offer is tried all the same, by a program instead of the processor.
    if (!(await checkMachines(within(30))).ok) accelerator = { testAccelerator: 'tcg' };
    image = await makeImage(home, name);
    data = await volumes.ensure(contract, 64, within(30));
  });

  after(async () => {
    await using driver = open();
    for (const one of await driver.list(within(20))) await driver.remove(one, within(30));
    await driver.networks.end(within(20));
    await volumes.wipe(contract, within(20));
    await run('podman', ['rmi', '--force', `localhost/${name}:latest`], within(30));
    rmSync(home, { recursive: true, force: true });
  });

  test('it comes up with what the contract has, told who it is, reached by its port; an agent that dies finds it again', async () => {
    const wanted = spec();
    {
      await using driver = open();
      const started = await driver.start(wanted, within(60));
      assert.deepEqual([started.state, started.ports.map(({ container }) => container)], ['running', [80]]);
    }
    await using driver = open();
    const found = await seen(driver, refOf(wanted));
    assert.equal(found?.state, 'running');
    const text = await answer(found?.ports[0]?.host ?? 0);
    assert.match(text, /^cpus 2$/m);
    const memory_mib = Number(/MemTotal: +([0-9]+) kB/.exec(text)?.[1]) / 1_024;
    assert.ok(memory_mib > 100 && memory_mib <= 160, `${memory_mib} MiB`);
    assert.match(text, /^first$/m, 'the disk is that of the image');
    const sectors = Number(/^disk ([0-9]+)$/m.exec(text)?.[1]);
    assert.ok(sectors * 512 > 40 * 1_048_576 && sectors * 512 < 64 * 1_048_576, 'as large as the volume has room for');
    assert.match(text, /^#cloud-config\n\{"packages":\["nginx"\]\}$/m);
    assert.match(text, new RegExp(`"instance-id":"${contract}-web","local-hostname":"web","public-keys":\\["ssh-ed25519 AAAA alice"\\]`));
    assert.match(await driver.logsTail(refOf(wanted), 4_096, within(20)), /machine is up: 2 cpus/);
    await assert.rejects(driver.run(refOf(wanted), ['id'], { timeout_ms: 5_000, max_bytes: 100 }, within(20)), /nothing can be run within a machine/);
    assert.equal((await driver.start(wanted, within(20))).started, found?.started, 'never doubled');
  });

  test('stopping presses its power button; its disk is there when it comes back', async () => {
    const wanted = spec();
    await using driver = open();
    await driver.stop(refOf(wanted), 20_000, within(60));
    const off = await ended(driver, refOf(wanted));
    assert.deepEqual([off.state, off.exit_code], ['exited', 0]);
    assert.match(await driver.logsTail(refOf(wanted), 4_096, within(20)), /machine goes down/);
    await driver.remove(refOf(wanted), within(30));
    assert.equal(await seen(driver, refOf(wanted)), undefined);
    // Made anew, it has the disk that it left, not that of the image.
    await driver.start(wanted, within(60));
    await driver.remove(refOf(wanted), within(30));
    const disks = readdirSync(join(data, 'machine-web')).filter((one) => one.endsWith('.raw'));
    assert.equal(disks.length, 1);
    assert.equal(readFileSync(join(data, 'machine-web', disks[0] ?? '')).toString('latin1', 0, 5), 'again');
    assert.ok(statSync(join(data, 'machine-web', disks[0] ?? '')).blocks * 512 < 8 * 1_048_576, 'what is not written takes no room');
  });

  test('what cannot be told to a machine, or would not fit, is refused', async () => {
    await using driver = open();
    const refused = async (said: Parameters<typeof specOf>[0], words: RegExp): Promise<void> => assert.rejects(driver.start({ ...spec(), contract: newContract(), ...said }, within(30)), words);
    await refused({ workload: { ...spec().workload, env: [{ name: 'A', value: 'b' }] } }, /by its cloud configuration, not by env/);
    await refused({ workload: { ...spec().workload, vm: { cloud_config: '[]' } } }, /no JSON object/);
    await refused({ workload: spec().workload, data: null }, /no disk space/);
    await refused({ workload: spec().workload, limits: { cru: 1, mru_mib: 32, pids: 64 } }, /at least 64 MiB/);
    assert.deepEqual(await driver.list(within(20)), []);
  });
});
