// Whether this machine can run machines: tried for real. That /dev/kvm opens says little: in a virtual machine it may be
// there and run nothing but kernels made for it.
import { spawn } from 'node:child_process';
import { access, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, Problem } from '../../base/errors.js';
import { MACHINE_TRIAL_MS } from '../../base/limits.js';
import { cleanEnvironment, oneLine, run } from '../children.js';
import type { Check } from '../driver.js';
import type { Accelerator } from './spec.js';

/** How QEMU is got. */
const INSTALL_QEMU = 'apt-get install -y qemu-system-x86 qemu-utils genisoimage';

/*
 * A boot sector that does what every system of today does first, and then works for a moment. From real mode it makes
 * page tables (PML4 0x1000, PDPT 0x2000, one page of 2 MiB at 0), sets CR4.PAE, EFER.LME, CR0.PG and PE, jumps into
 * 64-bit code, counts down from 50,000,000, and writes TRIAL_WORD to port 0xf4, where QEMU's isa-debug-exit ends it:
 *
 *   cli; es = ds = ss = 0; cr3 = edi = 0x1000; rep stosl 3072 zeros; [0x1000] = 0x2003; [0x2000] = 0x3003; [0x3000] = 0x83
 *   cr4 |= 0x20; wrmsr(0xc0000080, rdmsr | 0x100); cr0 |= 0x80000001; lgdt; ljmp 8:long
 *   long: ecx = 50000000; 1: dec ecx; jnz 1b; out 0x2a, 0xf4; hlt        GDT: 0, 0x00209a0000000000
 */
const TRIAL = '+jHAjtiOwI7QZr8AEAAADyLfZjHAZrkADAAA/Gbzq2bHBgAQAyAAAGbHBgAgAzAAAGbHBgAwgwAAAA8g4GaDyCAPIuBmuYAAAMAPMmYNAAEAAA8wDyDAZg0BAACADyLAZg8BFpB8ZupufAAACAC5gPD6Av/JdfywKub09Ov9ZpAAAAAAAAAAAAAAAAAAmiAADwCAfAAA';
const TRIAL_WORD = 0x2a;

/** Looks whether machines can be run here, and says why not. */
export async function checkMachines(signal: AbortSignal, accelerator: Accelerator = 'kvm'): Promise<Check> {
  const name = 'machines';
  try {
    if (process.arch !== 'x64') return { name, ok: false, evidence: `virtual machines are run on x86-64 only, not on ${process.arch}`, remedy: null };
    for (const [program, word] of [['qemu-system-x86_64', '--version'], ['qemu-img', '--version'], ['genisoimage', '--version']] as const) await run(program, [word], signal);
    if (accelerator === 'kvm') await openKvm();
    await trial(accelerator, signal);
    return { name, ok: true, evidence: 'a virtual machine was started and worked at the speed of this processor', remedy: null };
  } catch (error) {
    if (signal.aborted) throw error;
    return { name, ok: false, evidence: messageOf(error), remedy: error instanceof Problem ? (error.hint ?? (error.reason === 'missing' ? INSTALL_QEMU : null)) : null };
  }
}

async function openKvm(): Promise<void> {
  const there = await access('/dev/kvm').then(() => true, () => false);
  if (!there) throw new Problem('unreachable', 'there is no /dev/kvm: this processor, or the machine around this one, offers no virtualisation', { reason: 'kvm' });
  try {
    await (await open('/dev/kvm', 'r+')).close();
  } catch (cause) {
    throw new Problem('unreachable', '/dev/kvm cannot be opened', { cause, reason: 'kvm', hint: 'run as root, or as a member of the group kvm' });
  }
}

/** Starts it, and sees it end by its own word. */
async function trial(accelerator: Accelerator, signal: AbortSignal): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), '3bot-trial-'));
  try {
    const disk = join(folder, 'disk');
    const sector = Buffer.alloc(512);
    Buffer.from(TRIAL, 'base64').copy(sector);
    sector.writeUInt16LE(0xaa55, 510);
    await writeFile(disk, sector);
    const words = [
      '-nodefaults', '-no-user-config', '-no-reboot', '-machine', 'pc', '-accel', accelerator, '-cpu', accelerator === 'kvm' ? 'host' : 'max', '-m', '64', '-display', 'none',
      '-device', 'isa-debug-exit,iobase=0xf4,iosize=1', '-drive', `file=${disk},format=raw,if=ide`,
    ];
    const limit = AbortSignal.any([signal, AbortSignal.timeout(MACHINE_TRIAL_MS)]);
    const said = await new Promise<string | null>((resolve) => {
      const child = spawn('qemu-system-x86_64', words, { env: cleanEnvironment(), stdio: ['ignore', 'ignore', 'pipe'], signal: limit, killSignal: 'SIGKILL' });
      let text = '';
      child.stderr.setEncoding('utf8').on('data', (part: string) => (text = (text + part).slice(-4_096)));
      child.once('error', () => undefined);
      // isa-debug-exit ends QEMU with the word doubled, and one.
      child.once('close', (code) => resolve(code === TRIAL_WORD * 2 + 1 ? null : text.trim().split('\n').at(-1) ?? ''));
    });
    if (said !== null) throw new Problem('unreachable', `/dev/kvm is there, but no ordinary machine runs on it: ${limit.aborted ? `none came up within ${MACHINE_TRIAL_MS / 1_000} s` : oneLine(said)}`, { reason: 'kvm' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
