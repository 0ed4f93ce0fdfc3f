// How a machine is run: QEMU in a container of podman's, so that limits, network, ports, log and adoption are those of
// every other workload. The container has nothing but QEMU itself, read only, the machine's disk and its seed. Pure.
import { MIB } from '../../base/bytes.js';
import { MACHINE_OVERHEAD_MIB } from '../../base/limits.js';
import type { Limits, StartSpec } from '../driver.js';
import type { MachineDisk } from './disk.js';

/** Label of a container that is a machine. */
export const MACHINE_LABEL = 'io.3bot.machine';
/** Where it finds its things. */
const DISK = '/machine/disk';
const RUN = '/machine/run';

/** Who executes the machine's instructions: the processor, or (test only) a program, tens of times slower. */
export type Accelerator = 'kvm' | 'tcg';

/** What a machine's container has of any other: name, network, ports, log, and what is taken from it. */
const SHARED = ['name', 'hostname', 'httpproxy', 'r_limits', 'no_new_privileges', 'privileged', 'cap_drop', 'systemd', 'restart_policy', 'stop_signal', 'stop_timeout', 'netns', 'Networks', 'portmappings', 'log_configuration'];

/** A machine that is ready to be run. */
export interface Prepared {
  readonly disk: MachineDisk;
  /** Memory-backed folder with `seed.iso`; the control socket `qmp.sock` appears there. */
  readonly runtime: string;
  /** Root of the container: empty folders, and links as in a system whose programs all lie in /usr. */
  readonly root: string;
  readonly accelerator: Accelerator;
}

/** QEMU's words. What comes from records are numbers and the name of the workload; what comes from the image, its kernel's line. */
export function qemuWords({ workload, limits }: Pick<StartSpec, 'workload' | 'limits'>, { disk, accelerator }: Pick<Prepared, 'disk' | 'accelerator'>): string[] {
  const forwards = workload.ports.map(({ container, protocol }) => `,hostfwd=${protocol}::${container}-:${container}`).join('');
  const kernel = disk.kernel === null ? [] : ['-kernel', `${DISK}/${disk.kernel.file}`, '-append', disk.kernel.words, ...(disk.kernel.initrd === null ? [] : ['-initrd', `${DISK}/${disk.kernel.initrd}`])];
  return [
    '/usr/bin/qemu-system-x86_64', '-name', workload.name, '-nodefaults', '-no-user-config',
    '-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny',
    '-machine', 'q35', '-accel', accelerator, '-cpu', accelerator === 'kvm' ? 'host' : 'max', '-smp', String(Math.ceil(limits.cru)), '-m', String(limits.mru_mib),
    '-display', 'none', '-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console',
    '-qmp', `unix:${RUN}/qmp.sock,server=on,wait=off`,
    // Full is an error to the machine, as a full disk is, and stops nothing.
    '-drive', `file=${DISK}/${disk.disk},if=virtio,format=raw,discard=unmap,werror=report,rerror=report`,
    '-drive', `file=${RUN}/seed.iso,if=virtio,format=raw,readonly=on`,
    '-netdev', `user,id=net${forwards}`, '-device', 'virtio-net-pci,netdev=net', '-device', 'virtio-rng-pci',
    '-device', 'pvpanic-pci', '-action', 'panic=exit-failure',
    ...kernel,
  ];
}

/**
 * Makes of a container's body (`createBody`) that of a machine: no image, its own rights, limits with what QEMU needs
 * beside the machine.
 */
export function machineBody(container: Record<string, unknown>, spec: Pick<StartSpec, 'workload' | 'limits'>, prepared: Prepared): Record<string, unknown> {
  const { labels, resource_limits } = container;
  const { disk, runtime, root, accelerator } = prepared;
  const bind = (source: string, destination: string, mode: 'ro' | 'rw'): object => ({ type: 'bind', source, destination, options: ['rbind', 'rprivate', mode, 'nosuid', 'nodev', ...(mode === 'rw' ? ['noexec'] : [])] });
  return {
    ...Object.fromEntries(SHARED.filter((field) => container[field] !== undefined).map((field) => [field, container[field]])),
    rootfs: root,
    read_only_filesystem: true,
    command: qemuWords(spec, prepared),
    labels: { ...(labels as object), [MACHINE_LABEL]: '1' },
    resource_limits: { ...(resource_limits as object), ...memoryOf(spec.limits) },
    // QEMU listens on the machine's ports, low ones too, within the container's network.
    cap_add: ['NET_BIND_SERVICE'],
    ...(accelerator === 'kvm' ? { devices: [{ path: '/dev/kvm' }] } : {}),
    mounts: [bind('/usr', '/usr', 'ro'), bind(disk.folder, DISK, 'rw'), bind(runtime, RUN, 'rw')],
  };
}

function memoryOf({ mru_mib }: Limits): object {
  const bytes = (mru_mib + MACHINE_OVERHEAD_MIB) * MIB;
  return { memory: { limit: bytes, swap: bytes } };
}
