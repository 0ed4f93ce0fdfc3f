// The systemd unit of a node: as little right as podman and loop mounts leave.
import type { NodeConfig } from '../schema/types.js';

/** What a unit is made of. Paths are absolute. */
export interface UnitOptions {
  readonly node: string;
  readonly program: string;
  readonly executable: string;
  readonly home: string;
  readonly data: string;
  readonly runtime: NodeConfig['runtime'];
  /** A unit of one user's own manager. */
  readonly user: boolean;
  /** Where systemd takes the passphrase from. */
  readonly credential: { readonly encrypted: boolean; readonly path: string };
}

/** Name of the unit. */
export const UNIT_NAME = '3bot-node.service';

/** What podman, runc, mkfs, loop mounts and network namespaces need (tried with setpriv); no module, clock, reboot, raw device, kernel log. */
const CAPABILITIES = [
  'CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_ADMIN', 'NET_BIND_SERVICE', 'NET_RAW', 'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_ADMIN', 'SYS_CHROOT', 'SYS_PTRACE', 'SYS_RESOURCE',
] as const;

/** A word of a command line in a unit: quoted, `%` and `$` taken literally (systemd.syntax, systemd.service). */
function quoted(word: string): string {
  return `"${word.replace(/[\\"]/g, '\\$&').replace(/%/g, '%%').replace(/\$/g, '$$$$')}"`;
}

/** The text of the unit. Pure. */
export function unitText({ node, program, executable, home, data, runtime, user, credential }: UnitOptions): string {
  const words = [executable, program, 'node', 'supervise', '--home', home, '--passphrase-file'].map(quoted).join(' ');
  const paths = [home, data].map(quoted).join(' ');
  const isolated = runtime === 'process' && !user
    ? ['ProtectSystem=strict', `ReadWritePaths=${paths}`, 'ProtectKernelTunables=yes', 'ProtectKernelModules=yes', 'ProtectKernelLogs=yes', 'ProtectControlGroups=yes', 'CapabilityBoundingSet=']
    : ['# No ProtectSystem and the like: they give the service mounts of its own, in which its volumes would be hidden from', '# the next watcher, which would mount them a second time.', ...(user ? [] : [`CapabilityBoundingSet=${CAPABILITIES.map((name) => `CAP_${name}`).join(' ')}`])];
  return `${[
    '[Unit]', `Description=3bot node ${node.slice(0, 16)}`, 'After=network-online.target', 'Wants=network-online.target', '# It is never given up; pauses grow in the supervisor.', 'StartLimitIntervalSec=0', '',
    '[Service]', 'Type=exec', `ExecStart=${words} %d/passphrase`, `LoadCredential${credential.encrypted ? 'Encrypted' : ''}=passphrase:${credential.path}`,
    'Restart=always', 'RestartSec=10', '# Workloads outlive the agent.', 'KillMode=process', 'TimeoutStopSec=60', 'Delegate=yes', 'UMask=0077', 'RuntimeDirectory=3bot-node', 'RuntimeDirectoryMode=0700', 'RuntimeDirectoryPreserve=yes',
    ...(user ? [] : ['Environment=XDG_RUNTIME_DIR=/run/3bot-node']), 'NoNewPrivileges=yes', 'LockPersonality=yes', ...isolated, '',
    '[Install]', `WantedBy=${user ? 'default' : 'multi-user'}.target`,
  ].join('\n')}\n`;
}
