// Other programs that the node runs: argument lists, a clean environment, bounded in time and output.
import { execFile } from 'node:child_process';
import { Problem } from '../base/errors.js';
import { MAX_RUNTIME_ANSWER_BYTES, RUNTIME_TIMEOUT_MS } from '../base/limits.js';

/** Where mkfs, mount and losetup are, also when the person's own PATH leaves them out. */
const SYSTEM_PATHS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** The environment of every child: nothing of ours but where programs, home and runtime folder are, and the language. */
export function cleanEnvironment(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of ['HOME', 'XDG_RUNTIME_DIR', 'LANG']) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  env['PATH'] = [...new Set([...(process.env['PATH'] ?? '').split(':').filter((path) => path.startsWith('/')), ...SYSTEM_PATHS])].join(':');
  return env;
}

/** Runs programs: `run`, or in tests the same within a network namespace. */
export type Programs = typeof run;

/**
 * Runs a program to its end and gives what it printed.
 * @param input what it reads from its standard input
 * @throws Problem `failed` with its own words when it ends with anything but 0, `unreachable` (reason `missing`) when
 * it is not installed, `unreachable` (reason `timeout`) after the time limit, `interrupted` when the signal aborts
 */
export async function run(file: string, args: readonly string[], signal: AbortSignal, timeout_ms = RUNTIME_TIMEOUT_MS, input = '', cwd?: string): Promise<string> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeout_ms)]);
  return new Promise((resolve, reject) => {
    const child = execFile(file, args, { ...(cwd === undefined ? {} : { cwd }), env: cleanEnvironment(), maxBuffer: MAX_RUNTIME_ANSWER_BYTES, killSignal: 'SIGKILL', signal: limit }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (signal.aborted) reject(new Problem('interrupted', `stopped while running ${file}`));
      else if (limit.aborted) reject(new Problem('unreachable', `${file} took longer than ${timeout_ms / 1_000} s`, { reason: 'timeout' }));
      else if (error.code === 'ENOENT') reject(new Problem('unreachable', `${file} is not installed`, { reason: 'missing' }));
      else reject(new Problem('failed', `${file} failed: ${oneLine(stderr) || error.message}`));
    });
    // It may end before it has read everything; what it then says counts.
    child.stdin?.on('error', () => undefined).end(input);
  });
}

/** Text of another program as one line without control characters, at most `max` characters. Hostile. */
export function oneLine(text: string, max = 300): string {
  return text.toWellFormed().replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim().slice(0, max).toWellFormed();
}

/** The last `length` bytes as text; a character cut in two is left out. */
export function textTail(bytes: Buffer, length: number): string {
  let from = Math.max(0, bytes.length - length);
  while (from > 0 && from < bytes.length && ((bytes[from] ?? 0) & 0xc0) === 0x80) from += 1;
  return bytes.toString('utf8', from);
}
