// Runs a person's own command as the consumer of a development grid.
import { spawn } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { Problem } from '../base/errors.js';
import { BINARY } from './bots.js';
import type { DevGrid } from './grid.js';

/** Whose consumer it is. */
export type ConsumerOf = Pick<DevGrid, 'folder' | 'variables' | 'broken'>;

/**
 * Runs a command with this process's own stdin, stdout and stderr, as the grid's consumer and with this 3bot in PATH.
 * @param env of the person, without secrets
 * @param signal passed on as SIGTERM
 * @returns its exit code; 128 + number of the signal that ended it
 * @throws Problem `not_found` where there is no such command; `failed` when the grid breaks meanwhile
 */
export async function runAs(grid: ConsumerOf, file: string, args: readonly string[], env: Readonly<Record<string, string | undefined>>, signal: AbortSignal): Promise<number> {
  const bin = join(grid.folder, 'bin');
  mkdirSync(bin, { mode: 0o700 });
  symlinkSync(BINARY, join(bin, '3bot'));
  const child = spawn(file, args, { stdio: 'inherit', env: { ...env, ...grid.variables, PATH: [bin, env['PATH'] ?? ''].join(delimiter) } });
  const pass = () => void child.kill('SIGTERM');
  signal.addEventListener('abort', pass);
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', (cause) => reject(new Problem('not_found', `cannot run ${file}: ${cause.message}`, { reason: 'command', cause, hint: '3bot dev run -- COMMAND ARGUMENTS' })));
    child.once('exit', (code, name) => resolve(code ?? 128 + (name === null ? 0 : constants.signals[name])));
  });
  try {
    return await Promise.race([ended, grid.broken()]);
  } finally {
    signal.removeEventListener('abort', pass);
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  }
}
