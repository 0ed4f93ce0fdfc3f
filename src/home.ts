// The home folder: where things lie, the config, atomic files, sockets' folder, and the one-writer lock.
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync, closeSync, existsSync, fsyncSync, linkSync, lstatSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, rmdirSync, writeSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import type Database from 'better-sqlite3';
import { Problem } from './base/errors.js';
import { CONFIG_WAIT_MS } from './base/limits.js';
import { shapeError } from './schema/validate.js';
import type { Config } from './schema/types.js';

/** The paths of one home folder. Nothing is made until something is written. */
export interface Home {
  /** Absolute path of the folder. */
  readonly path: string;
  /** Keystore files, `<type>-<name>.json`. */
  readonly keys: string;
  /** What this home signed last, one file a grid; kept beside the keystore, apart from the databases. */
  readonly head: string;
  /** Receipts of what this home committed. */
  readonly receipts: string;
  readonly config: string;
  /** Private state: orders under way, unsent records. */
  readonly database: string;
  /** Mailboxes that this bot keeps for others. */
  readonly mail: string;
  /** File whose lock shows that a process writes here. */
  readonly lock: string;
  /** File whose lock is held while config.json is changed. */
  readonly configLock: string;
  /** Where the folder of this home's sockets was made last. */
  readonly runtime: string;
  /** Folder of the grids' books, one folder a grid. */
  readonly grids: string;
  /** Database of this home's copy of a grid; its index lies beside it. */
  gridDatabase(grid: string): string;
  /** What a witness of this home remembers; an auditing one keeps its copies beside it. */
  witnessLedger(name: string): string;
  /** Book of a grid as an auditing witness has checked it. */
  witnessCopy(name: string, grid: string): string;
  /** How far an interrupted `bcdb verify` of a grid came. */
  verifyScratch(grid: string): string;
  /** The same book's state as of its newest state root; derived. */
  gridState(grid: string): string;
  /** What is kept of a grid that was joined with --light, instead of a copy. */
  gridLight(grid: string): string;
}

/** The home folder at a path; by default `~/.3bot`. */
export function openHome(path: string = join(homedir(), '.3bot')): Home {
  const root = resolve(path);
  return {
    path: root,
    keys: join(root, 'keys'),
    head: join(root, 'head'),
    receipts: join(root, 'receipts'),
    config: join(root, 'config.json'),
    database: join(root, 'bot.sqlite'),
    mail: join(root, 'mail.sqlite'),
    lock: join(root, 'bcdb.lock'),
    configLock: join(root, 'config.lock'),
    runtime: join(root, 'runtime'),
    grids: join(root, 'grids'),
    gridDatabase: (grid) => join(root, 'grids', grid, 'bcdb.sqlite'),
    witnessLedger: (name) => join(root, 'witness', name, 'ledger.sqlite'),
    witnessCopy: (name, grid) => join(root, 'witness', name, grid, 'bcdb.sqlite'),
    verifyScratch: (grid) => join(root, 'grids', grid, 'verify.sqlite'),
    gridState: (grid) => join(root, 'grids', grid, 'state.sqlite'),
    gridLight: (grid) => join(root, 'grids', grid, 'light.json'),
  };
}

/** Makes a folder and those above it, 0700, durable on return; one that is there stays as it is. */
export function makeFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  // Whatever is synced in a folder goes with it, where the power cut finds the folder's own name not synced.
  for (let made = resolve(path); made.length >= resolve(first).length; made = dirname(made)) syncFolder(dirname(made));
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function writeBeside(path: string, data: string | Uint8Array, mode = 0o600): string {
  makeFolder(dirname(path));
  const beside = `${path}.${randomBytes(6).toString('hex')}.new`;
  const file = openSync(beside, 'wx', mode);
  try {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
    fsyncSync(file);
  } catch (thrown) {
    rmSync(beside, { force: true });
    throw thrown;
  } finally {
    closeSync(file);
  }
  return beside;
}

/** Writes a file, 0600 unless said otherwise, that is either the old one or the new one, whatever happens, and durable on return. */
export function replaceFile(path: string, data: string | Uint8Array, mode?: number): void {
  putOver(writeBeside(path, data, mode), path);
}

/** Gives a durable file beside `path` that name, in place of what has it; durable on return. */
export function putOver(beside: string, path: string): void {
  try {
    renameSync(beside, path);
  } catch (thrown) {
    rmSync(beside, { force: true });
    throw thrown;
  }
  syncFolder(dirname(path));
}

/**
 * Writes a 0600 file that must not be there yet; whole and durable on return, or not there at all.
 * @throws Error with code `EEXIST` when the path is taken; what is there stays as it was
 */
export function createFile(path: string, data: string | Uint8Array): void {
  putNew(writeBeside(path, data), path);
}

/**
 * Gives a durable file beside `path` that name; durable on return.
 * @throws Error with code `EEXIST` when the path is taken; the file beside it is gone then
 */
export function putNew(beside: string, path: string): void {
  try {
    linkSync(beside, path);
  } finally {
    rmSync(beside, { force: true });
  }
  syncFolder(dirname(path));
}

const NEW_CONFIG: Config = {
  v: 1, identity: null, grid: null, grids: [], spend: { per_command_stroops: '200000000' }, farm: null, node: null,
};

/**
 * The config of a home folder; the defaults where there is none yet.
 * @throws Problem `malformed` when config.json does not have its shape; the file stays as it is
 */
export function readConfig(home: Home): Config {
  let text: string;
  try {
    text = readFileSync(home.config, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return structuredClone(NEW_CONFIG);
    throw thrown;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Problem('malformed', `${home.config} is no JSON`, { cause, hint: 'repair the file, or move it away to start with the defaults' });
  }
  const wrong = shapeError('config@1', value);
  if (wrong !== null) throw new Problem('malformed', `${home.config}: ${wrong}`, { hint: 'repair the file, or move it away to start with the defaults' });
  return value as Config;
}

/**
 * Changes the config: `change` edits a copy, which is checked and then put in place at once. Changes by several
 * processes come one after the other, and none is lost.
 * @throws Problem `busy` where another process takes longer over its own than any does
 */
export function updateConfig(home: Home, change: (config: Config) => void): Config {
  using _lock = lockFile(home.configLock, CONFIG_WAIT_MS, () => new Problem('busy', `another process changes ${home.config}`, { reason: 'config', hint: 'run the command again' }));
  const config = readConfig(home);
  change(config);
  const wrong = shapeError('config@1', config);
  if (wrong !== null) throw new Error(`config.json would not fit its schema: ${wrong}`);
  replaceFile(home.config, `${JSON.stringify(config, null, 2)}\n`);
  return config;
}

/**
 * Where the sockets' folder of a home is; it need not exist. One that a process has made is found by all others,
 * whatever their environment is: a daemon of cron and a login shell do not have the same.
 */
export function runtimePath(home: Home, env: Readonly<Record<string, string | undefined>> = process.env): string {
  const short = createHash('sha256').update(home.path).digest('hex').slice(0, 8);
  const inSession = `3bot-${short}`;
  const inTmp = `3bot-${process.getuid?.() ?? 0}-${short}`;
  const noted = existsSync(home.runtime) ? readFileSync(home.runtime, 'utf8').trim() : '';
  if (isAbsolute(noted) && [inSession, inTmp].includes(basename(noted)) && existsSync(noted)) return noted;
  const session = env['XDG_RUNTIME_DIR'];
  if (session !== undefined && session !== '' && existsSync(session)) return join(session, inSession);
  return join(tmpdir(), inTmp);
}

/**
 * A folder for this home's sockets, 0700 and ours. Its name is short because a socket's path may have 107 bytes,
 * and a home folder may lie deep.
 * @throws Problem `locked` when somebody else could have made or could enter the folder
 */
export function runtimeFolder(home: Home, env: Readonly<Record<string, string | undefined>> = process.env): string {
  const path = runtimePath(home, env);
  for (let tries = 1; !makeRuntimeFolder(path); tries += 1) {
    if (tries === 10) throw new Problem('failed', `${path} cannot be made, or is taken away at once`);
  }
  if (!existsSync(home.runtime) || readFileSync(home.runtime, 'utf8').trim() !== path) replaceFile(home.runtime, `${path}\n`);
  return path;
}

/** False where another process of this home ended and took the folder away between two of these steps. */
function makeRuntimeFolder(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
    // The umask may have taken more away than others' rights.
    chmodSync(path, 0o700);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOENT') return false;
    if (code !== 'EEXIST') throw thrown;
  }
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  if (!stat.isDirectory() || stat.uid !== process.getuid?.() || (stat.mode & 0o777) !== 0o700) {
    throw new Problem('locked', `${path} is not a folder of yours with rights 0700, so sockets in it cannot be trusted`, { hint: `rm -r ${path}` });
  }
  return true;
}

/** Takes the sockets' folder away, unless another process of this home has a socket there. */
export function leaveRuntimeFolder(home: Home): void {
  try {
    rmdirSync(runtimePath(home));
  } catch (thrown) {
    if (!['ENOENT', 'ENOTEMPTY', 'ENOTDIR'].includes((thrown as NodeJS.ErrnoException).code ?? '')) throw thrown;
  }
}

/**
 * Takes the one-writer lock of a home folder; dispose to give it back.
 * @throws Problem `busy` at once when another process (or this one) holds it
 */
export function lockHome(home: Home): Disposable {
  return lockFile(home.lock, 0, () => new Problem('busy', `another process writes in ${home.path}`, { reason: 'home', hint: 'end it, or give another folder with --home' }));
}

/**
 * The operating system's lock on a database file, so that it is gone with the process, however that ends. Do not open
 * such a file otherwise: closing any descriptor of it gives the lock away (POSIX fcntl).
 * @throws what `busy` makes, where another process holds it for longer than `wait_ms`
 */
export function lockFile(path: string, wait_ms: number, busy: () => Problem): Disposable {
  makeFolder(dirname(path));
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
  }
  // Loaded here, because most commands never lock.
  const Sqlite = createRequire(import.meta.url)('better-sqlite3') as typeof Database;
  const file = new Sqlite(path, { timeout: wait_ms });
  try {
    file.exec('BEGIN EXCLUSIVE');
  } catch (thrown) {
    file.close();
    throw (thrown as { code?: string }).code === 'SQLITE_BUSY' ? busy() : thrown;
  }
  return { [Symbol.dispose]: () => file.close() };
}
