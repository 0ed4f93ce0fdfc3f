// Bots as a person would run them: child processes of this very 3bot, each with a home folder of its own.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Problem, type ProblemCode } from '../base/errors.js';
import { DEV_COMMAND_TIMEOUT_MS, MAX_ANSWER_BYTES } from '../base/limits.js';
import { cleanEnvironment } from '../node/children.js';

/** The program itself. */
export const BINARY = fileURLToPath(new URL('../../../bin/3bot.js', import.meta.url));
/** Node's arguments for 3bot as a bot of the grid. */
const PROGRAM = ['--import', new URL('./cheap.js', import.meta.url).href, BINARY];

/** Whose command it is. */
export interface Bot {
  /** Home folder. */
  readonly home: string;
  /** File with the passphrase of its keys; the only thing about it that a child process is told. */
  readonly passphraseFile: string;
}

/** The variables that make a command one of this bot. */
export function botVariables({ home, passphraseFile }: Bot): Record<string, string> {
  return { THREEBOT_HOME: home, THREEBOT_PASSPHRASE_FILE: passphraseFile };
}

/** What a child process is told of this one's environment: where things are, nothing else. */
export function placeVariables(): Record<string, string> {
  const { TMPDIR } = process.env;
  return { ...cleanEnvironment(), ...(TMPDIR === undefined ? {} : { TMPDIR }) };
}

function environmentOf(bot: Bot): Record<string, string> {
  return { ...placeVariables(), ...botVariables(bot) };
}

/**
 * Runs a command to its end and gives its one JSON value.
 * @param args without `--json`
 * @throws Problem what the command said; `failed` where it ended without a word or took longer than two minutes; in any case once it has ended
 */
export async function ask<T>(bot: Bot, args: readonly string[], signal: AbortSignal): Promise<T> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(DEV_COMMAND_TIMEOUT_MS)]);
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, [...PROGRAM, ...args, '--json'], { env: environmentOf(bot), maxBuffer: MAX_ANSWER_BYTES, signal: limit }, (error, stdout, stderr) => {
      const fail = (): void => reject(signal.aborted ? (signal.reason as Error) : (problemOf(stderr) ?? new Problem('failed', `3bot ${args.join(' ')}: ${stderr.trim() || error?.message}`, { cause: error })));
      if (error === null) resolve(JSON.parse(stdout) as T);
      // An abort is told before the process has ended: until then it may still write into its home folder.
      else if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) child.once('exit', fail);
      else fail();
    });
    child.stdin?.end();
  });
}

/** What a command that failed with `--json` said. */
function problemOf(stderr: string): Problem | undefined {
  for (const line of stderr.split('\n')) {
    if (!line.startsWith('{"error":')) continue;
    const { code, reason, message, hint } = (JSON.parse(line) as { error: { code: ProblemCode; reason: string | null; message: string; hint: string | null } }).error;
    return new Problem(code, message, { ...(reason === null ? {} : { reason }), ...(hint === null ? {} : { hint }) });
  }
  return undefined;
}

/** A command that runs until it is stopped. */
export interface Running<T> {
  readonly pid: number;
  /** The first line it said: what it is ready for. */
  readonly ready: T;
  /** Resolves with why it ended, when it does. */
  readonly ended: Promise<string>;
}

/**
 * Starts `serve` or `node watch` in a session of its own, so that Ctrl-C at the terminal is for us alone and things end in order.
 * @param born told the process at once, before it is ready
 * @throws Problem what it said instead of getting ready
 */
export async function launch<T>(bot: Bot, args: readonly string[], signal: AbortSignal, born: (pid: number) => void): Promise<Running<T>> {
  const child = spawn(process.execPath, [...PROGRAM, ...args, '--json'], { env: environmentOf(bot), detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  if (child.pid === undefined) throw new Problem('failed', `cannot start 3bot ${args.join(' ')}`);
  born(child.pid);
  let words = '';
  child.stderr.on('data', (part: Buffer) => void (words = (words + part.toString('utf8')).slice(-4_096)));
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, name) => resolve(words.trim() || `it ended with ${code ?? name}`));
  });
  const ready = await Promise.race([
    firstLine(child),
    ended.then((why) => Promise.reject(problemOf(words) ?? new Problem('failed', `3bot ${args.join(' ')}: ${why}`))),
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })),
  ]);
  return { pid: child.pid, ready: JSON.parse(ready) as T, ended };
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('stdout is no pipe');
  const lines = createInterface({ input: stdout });
  // What follows is read too, or the pipe would fill up and stop the one who writes.
  return new Promise((resolve) => lines.once('line', resolve));
}
