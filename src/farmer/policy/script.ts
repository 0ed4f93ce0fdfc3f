// The farmer's own program: asked on stdin, heard on stdout, and never trusted to end, to be short or to be honest.
//
//   started in a process group of its own, nothing of our environment ─▶ one line of JSON in
//   ended · 10 s over · more than 64 KiB out ─▶ the whole group is killed ─▶ what it printed, or why that does not count
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { Problem } from '../../base/errors.js';
import { MAX_SCRIPT_ANSWER_BYTES, MAX_SCRIPTS, MAX_SCRIPTS_OF_ONE, SCRIPT_TIMEOUT_MS } from '../../base/limits.js';

/** What a script said, and how long it took. */
export interface Heard {
  readonly stdout: string;
  readonly took_ms: number;
}

/** Where programs are found; nothing else of our environment is given on. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Why a script cannot even be started, or null. */
export function scriptTrouble([file = '']: readonly string[]): string | null {
  try {
    if (!statSync(file).isFile()) return `${file} is no file`;
    accessSync(file, constants.X_OK);
    return null;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EACCES' ? `${file} may not be run: chmod +x ${file}` : `${file} is not there`;
  }
}

/**
 * Runs a script to its end. Whatever happens, its process group is gone on return.
 * @param words program and arguments; never a shell
 * @param input what it reads: one JSON value
 * @throws Problem `failed`, reason `missing`, `exit`, `timeout` or `too_long`; `interrupted`
 */
export async function runScript(words: readonly string[], input: object, signal: AbortSignal, timeout_ms = SCRIPT_TIMEOUT_MS): Promise<Heard> {
  const [file = '', ...args] = words;
  signal.throwIfAborted();
  const begun = performance.now();
  return new Promise<Heard>((resolve, reject) => {
    const child = spawn(file, args, { cwd: '/', env: { PATH, LANG: 'C.UTF-8' }, stdio: ['pipe', 'pipe', 'ignore'], detached: true });
    const parts: Buffer[] = [];
    let bytes = 0;
    let isRunning = true;
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', interrupted);
      if (isRunning && child.pid !== undefined) killGroup(child.pid);
      // One that left its group may still hold the pipes; nobody reads them any more.
      child.stdout.destroy();
      child.stdin.destroy();
      child.unref();
      settle();
    };
    const fail = (reason: string, message: string): void => end(() => reject(new Problem('failed', message, { reason })));
    const interrupted = (): void => end(() => reject(new Problem('interrupted', 'stopped while the script was asked')));
    const timer = setTimeout(() => fail('timeout', `the script took longer than ${timeout_ms / 1_000} s`), timeout_ms);
    signal.addEventListener('abort', interrupted);
    child.once('error', ({ message }) => fail('missing', `the script cannot be run: ${message}`));
    // What it left running in its group must not keep its output open.
    child.once('exit', () => {
      isRunning = false;
      if (child.pid !== undefined) killGroup(child.pid);
    });
    child.once('close', (code, killed) => {
      if (code !== 0) return fail('exit', `the script ended with ${killed ?? `exit code ${code ?? 0}`}`);
      end(() => resolve({ stdout: Buffer.concat(parts).toString('utf8'), took_ms: Math.round(performance.now() - begun) }));
    });
    child.stdout.on('error', () => undefined).on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes > MAX_SCRIPT_ANSWER_BYTES) fail('too_long', `the script printed more than ${MAX_SCRIPT_ANSWER_BYTES} bytes`);
      else parts.push(part);
    });
    // It may end before it has read everything; what it then says counts.
    child.stdin.on('error', () => undefined).end(`${JSON.stringify(input)}\n`);
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown;
  }
}

/** Scripts under way: so many at once, and of these so many for one buyer, so that none keeps the others out. */
export class ScriptSlots {
  readonly #running = new Map<string, number>();
  #all = 0;

  /** @param consumer key of who asks @throws Problem `failed`, reason `busy`, at once where all places are taken */
  async with<T>(consumer: string, work: () => Promise<T>): Promise<T> {
    const own = this.#running.get(consumer) ?? 0;
    if (this.#all >= MAX_SCRIPTS || own >= MAX_SCRIPTS_OF_ONE) throw new Problem('failed', `${own >= MAX_SCRIPTS_OF_ONE ? `${own} scripts are asked for this buyer` : `${this.#all} scripts are asked`} already`, { reason: 'busy' });
    this.#all += 1;
    this.#running.set(consumer, own + 1);
    try {
      return await work();
    } finally {
      this.#all -= 1;
      const left = (this.#running.get(consumer) ?? 1) - 1;
      if (left === 0) this.#running.delete(consumer);
      else this.#running.set(consumer, left);
    }
  }
}
