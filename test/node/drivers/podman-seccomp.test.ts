// The list of system calls that containers get, made of the machine's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutNamespaces } from '../../../src/node/drivers/podman-seccomp.js';

test('namespaces and mounts go from every rule, and everything else of the machine\'s list stays', () => {
  const allow = { action: 'SCMP_ACT_ALLOW' };
  const profile = {
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [
      { ...allow, names: ['read', 'clone', 'clone3', 'mount', 'unshare'], args: [] },
      { ...allow, names: ['setns'], includes: { caps: ['CAP_SYS_ADMIN'] } },
      { ...allow, names: ['bpf', 'setns'], includes: { caps: ['CAP_SYS_ADMIN'] } },
    ],
  };
  const { syscalls, ...rest } = withoutNamespaces(profile);
  assert.deepEqual(rest, { defaultAction: 'SCMP_ACT_ERRNO' });
  assert.deepEqual(syscalls.slice(0, 2), [{ ...profile.syscalls[0], names: ['read'] }, { ...profile.syscalls[2], names: ['bpf'] }]);
  const by = (name: string): unknown[] => syscalls.filter(({ names }) => names.includes(name)).map(({ action, errno, args }) => [action, errno ?? args]);
  for (const name of ['mount', 'unshare', 'setns', 'move_mount']) assert.deepEqual(by(name), [['SCMP_ACT_ERRNO', 'EPERM']]);
  assert.deepEqual(by('clone3'), [['SCMP_ACT_ERRNO', 'ENOSYS']]);
  // None of clone(2)'s seven flags for namespaces may be set.
  const flags = 0x0002_0000 + 0x0200_0000 + 0x0400_0000 + 0x0800_0000 + 0x1000_0000 + 0x2000_0000 + 0x4000_0000;
  assert.deepEqual(by('clone'), [['SCMP_ACT_ALLOW', [{ index: 0, value: flags, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }]]]);
});
