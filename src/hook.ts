// A program of the owner's own, named in config.json, that is told one thing: an argument list, never a shell.
import { spawn } from 'node:child_process';
import { Problem } from './base/errors.js';
import { HOOK_TIMEOUT_MS } from './base/limits.js';

/**
 * Runs a hook to its end: JSON on stdin, nothing of our environment but PATH and HOME, what it prints is not read.
 * @param words program and arguments
 * @throws Problem `failed` where it cannot be started, ends with anything but 0, or takes longer than a minute (then it is killed)
 */
export async function runHook(words: readonly string[], input: object, signal: AbortSignal): Promise<void> {
  const [file = '', ...args] = words;
  const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' };
  await new Promise<void>((resolve, reject) => {
    // Not spawn's own time limit: of a program that is not there its timer stays, and keeps the process for a minute.
    const limit = AbortSignal.timeout(HOOK_TIMEOUT_MS);
    const child = spawn(file, args, { env, stdio: ['pipe', 'ignore', 'ignore'], killSignal: 'SIGKILL', signal: AbortSignal.any([signal, limit]) });
    child.once('error', (cause) => reject(new Problem('failed', limit.aborted ? `the hook ${file} took longer than ${HOOK_TIMEOUT_MS / 1_000} s` : `the hook ${file} cannot be run: ${cause.message}`, { cause })));
    child.once('exit', (code, killed) => (code === 0 ? resolve() : reject(new Problem('failed', `the hook ${file} ended with ${killed ?? `exit code ${code ?? 0}`}`))));
    // One that reads nothing may be gone before we have written.
    child.stdin.on('error', () => undefined).end(`${JSON.stringify(input)}\n`);
  });
}
