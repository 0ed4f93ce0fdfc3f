// The systemd unit: what it grants, and that systemd itself reads it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { UNIT_NAME, unitText, type UnitOptions } from '../../src/node/unit.js';

const OPTIONS: UnitOptions = {
  node: 'a'.repeat(64), program: '/opt/3bot/bin/3bot.js', executable: process.execPath, home: '/var/lib/3bot', data: '/srv/3bot', runtime: 'podman', user: false, credential: { encrypted: true, path: '/etc/credstore.encrypted/3bot-node.passphrase' },
};
const value = (unit: string, name: string): string | undefined => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1];

test('a unit gives no new privileges, few capabilities, and the passphrase as a credential; workloads outlive it', () => {
  const unit = unitText(OPTIONS);
  assert.equal(value(unit, 'NoNewPrivileges'), 'yes');
  assert.equal(value(unit, 'KillMode'), 'process');
  assert.equal(value(unit, 'Restart'), 'always');
  assert.equal(value(unit, 'LoadCredentialEncrypted'), 'passphrase:/etc/credstore.encrypted/3bot-node.passphrase');
  assert.match(value(unit, 'ExecStart') ?? '', /"node" "supervise" "--home" "\/var\/lib\/3bot" "--passphrase-file" %d\/passphrase$/);
  const granted = value(unit, 'CapabilityBoundingSet') ?? '';
  for (const never of ['SYS_MODULE', 'SYS_BOOT', 'SYS_TIME', 'SYS_RAWIO', 'SYSLOG', 'BPF']) assert.doesNotMatch(granted, new RegExp(`CAP_${never}\\b`));
  assert.equal(value(unit, 'ProtectSystem'), undefined, 'mounts of its own would hide volumes from the next watcher');
});

test('a node without containers writes in its own folders only, and has no capability', () => {
  const unit = unitText({ ...OPTIONS, runtime: 'process' });
  assert.deepEqual([value(unit, 'ProtectSystem'), value(unit, 'ReadWritePaths'), value(unit, 'CapabilityBoundingSet')], ['strict', '"/var/lib/3bot" "/srv/3bot"', '']);
});

test('a unit of a user asks for no right of the system, and a plain credential is not said to be encrypted', () => {
  const unit = unitText({ ...OPTIONS, user: true, credential: { encrypted: false, path: '/home/ann/pass' } });
  assert.deepEqual([value(unit, 'LoadCredential'), value(unit, 'CapabilityBoundingSet'), value(unit, 'WantedBy')], ['passphrase:/home/ann/pass', undefined, 'default.target']);
});

test('odd paths stay one word each', () => {
  assert.match(unitText({ ...OPTIONS, home: '/a b/$HOME/%h"' }), /"\/a b\/\$\$HOME\/%%h\\""/);
});

test('systemd finds nothing wrong with it', { skip: spawnSync('systemd-analyze', ['--version']).error === undefined ? false : 'no systemd here' }, () => {
  const folder = mkdtempSync(join(tmpdir(), '3bot-unit-'));
  try {
    for (const runtime of ['podman', 'process'] as const) {
      writeFileSync(join(folder, UNIT_NAME), unitText({ ...OPTIONS, runtime, program: '/bin/true', home: folder, data: folder }));
      const { stderr } = spawnSync('systemd-analyze', ['verify', '--recursive-errors=no', join(folder, UNIT_NAME)], { encoding: 'utf8' });
      assert.doesNotMatch(stderr, /3bot-node\.service:[0-9]+:|Unknown|Failed to parse|Invalid/, stderr);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
