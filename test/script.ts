// Runs the real 3bot as a person or a script would, and checks of every run that nothing leaks.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { checkPrinted } from './printed.js';

/** The passphrase of every home here that says nothing else. */
export const PASSPHRASE = 'correct horse battery staple';

/** 3bot, with keystores that cost less to open than a person's (`real` has those). */
const CHEAP = fileURLToPath(new URL('./cheap.js', import.meta.url));
const BINARY = fileURLToPath(new URL('../../bin/3bot.js', import.meta.url));
/** Nothing here takes longer, but on a busy machine. */
const TIMEOUT_MS = 60_000;
const WORDS = new Set(wordlist);

const folders: string[] = [];
process.on('exit', () => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A fresh, empty home folder, in a folder of its own that goes when the tests end. */
export function tempHome(): string {
  const folder = mkdtempSync(join(tmpdir(), '3bot-test-'));
  folders.push(folder);
  mkdirSync(join(folder, 'run'), { mode: 0o700 });
  return join(folder, 'home');
}

/** How to run 3bot. */
export interface RunOptions {
  /** Home folder, of `tempHome`. */
  readonly home: string;
  /** Added to an environment that is empty but for PATH, HOME and the home folder. */
  readonly env?: Readonly<Record<string, string>>;
  /** What stdin gives before it ends. */
  readonly input?: string;
  /** Given by THREEBOT_PASSPHRASE; null gives none. */
  readonly passphrase?: string | null;
  /** By bin/3bot.js itself, so that new keystores cost what a person's do. */
  readonly real?: boolean;
  readonly timeoutMs?: number;
}

/** What a run left. */
export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as JSON: the whole, which must be one value. */
  json<T = Record<string, unknown>>(): T;
}

/** The environment of a run: nothing of the tester's own. */
export function environment({ home, env, passphrase = PASSPHRASE }: RunOptions): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: dirname(home),
    THREEBOT_HOME: home,
    XDG_RUNTIME_DIR: join(dirname(home), 'run'),
    ...(passphrase === null ? {} : { THREEBOT_PASSPHRASE: passphrase }),
    ...env,
  };
}

/** Fails when text has a passphrase, twelve mnemonic words in a row, or a stack trace. */
export function assertNoLeak(text: string, secrets: readonly string[] = [PASSPHRASE]): void {
  for (const secret of secrets) assert.ok(secret === '' || !text.includes(secret), 'a passphrase was printed');
  let inARow = 0;
  for (const word of text.toLowerCase().split(/[^a-z]+/)) {
    inARow = WORDS.has(word) ? inARow + 1 : 0;
    assert.ok(inARow < 12, 'mnemonic words were printed');
  }
  assert.doesNotMatch(text, /^ {4}at .*:\d+:\d+\)?$/m, 'a stack trace was printed');
}

function checkRun(args: readonly string[], { code, stdout, stderr }: Omit<Run, 'json'>, secrets: readonly string[]): void {
  assertNoLeak(stdout + stderr, secrets);
  checkPrinted(args, { code, stdout, stderr });
  const end = args.indexOf('--');
  const json = (end === -1 ? args : args.slice(0, end)).includes('--json');
  // A plan that would change something is no error.
  const isPlan = code === 8 && args[0] === 'blueprint';
  if (code !== 0 && code !== null && end === -1 && !isPlan) assert.match(stderr, json ? /^\{"error":\{"code":/m : /^3bot: error: /m, `exit ${code} without saying why`);
}

/** Runs 3bot to its end. */
export async function bot(args: readonly string[], options: RunOptions): Promise<Run> {
  const child = spawn(process.execPath, [options.real === true ? BINARY : CHEAP, ...args], { env: environment(options), stdio: 'pipe', timeout: options.timeoutMs ?? TIMEOUT_MS });
  // A command that never reads its stdin may be gone before it is written.
  child.stdin.on('error', () => undefined).end(options.input ?? '');
  const [stdout, stderr, code] = await Promise.all([collect(child.stdout), collect(child.stderr), ended(child)]);
  checkRun(args, { code, stdout, stderr }, [PASSPHRASE, options.passphrase ?? '']);
  return { code, stdout, stderr, json: <T>() => JSON.parse(stdout) as T };
}

/** As `bot`, but fails unless it exits 0; gives the JSON value when `--json` is among the arguments. */
export async function botJson<T = Record<string, unknown>>(args: readonly string[], options: RunOptions): Promise<T> {
  const run = await bot([...args, '--json'], options);
  assert.equal(run.code, 0, `3bot ${args.join(' ')}: ${run.stderr}`);
  return run.json<T>();
}

async function collect(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
}

/** A 3bot that runs until it is stopped: `serve`, `node watch`, `dev up`. */
export interface Running extends AsyncDisposable {
  readonly child: ChildProcess;
  /** What it said so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Waits until one of its streams matches. Fails when it ends before, or takes too long. */
  until(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  /** Sends a signal (SIGTERM) and waits for the end; gives the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts 3bot and lets it run. */
export function startBot(args: readonly string[], options: RunOptions): Running {
  const child = spawn(process.execPath, [options.real === true ? BINARY : CHEAP, ...args], { env: environment(options), stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const end = ended(child);
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
    child.kill(signal);
    const code = await end;
    assertNoLeak(stdout + stderr, [PASSPHRASE, options.passphrase ?? '']);
    checkPrinted(args, { code, stdout, stderr });
    return code;
  };
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    stop,
    async until(pattern, timeoutMs = TIMEOUT_MS) {
      return poll(`${pattern} from 3bot ${args.join(' ')}`, () => {
        const match = pattern.exec(stdout) ?? pattern.exec(stderr);
        if (match === null && child.exitCode !== null) throw new Error(`3bot ${args.join(' ')} ended with ${child.exitCode}: ${stderr}`);
        return match;
      }, timeoutMs);
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) await stop('SIGKILL');
    },
  };
}

/** Looks again and again until there is something; for processes of their own, which hand out no promise. */
export async function poll<T>(what: string, look: () => T | null | undefined | false | Promise<T | null | undefined | false>, timeoutMs = TIMEOUT_MS): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
