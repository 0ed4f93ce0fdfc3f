// The supervisor of one workload of the driver `process`: a program of its own that outlives the agent,
// keeps the last part of the output, and writes down how the workload ended.
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { link, rm } from 'node:fs/promises';
import { constants } from 'node:os';
import { messageOf } from '../../base/errors.js';
import { MAX_LOG_ROW_BYTES, MAX_WORKLOAD_LOG_BYTES } from '../../base/limits.js';
import { formatRow } from '../logs.js';
import { bornAt, readWhole, runFile, writeWhole, type Identity, type ProcessExit, type ProcessRun, type ProcessSpec } from './process-files.js';

/** How long output may still come after the end, from what left its process group. */
const LAST_WORDS_MS = 1_000;

/** Writes to a file that is moved aside when it is full, so that two of them are the most there is. */
function boundedLog(path: string): (part: Buffer) => void {
  let fd = openSync(path, 'a', 0o600);
  let size = fstatSync(fd).size;
  return (part) => {
    if (size + part.length > MAX_WORKLOAD_LOG_BYTES) {
      closeSync(fd);
      renameSync(path, `${path}.1`);
      fd = openSync(path, 'a', 0o600);
      size = 0;
    }
    writeSync(fd, part);
    size += part.length;
  };
}

/** Values of variables that are secrets; null where one is gone. */
function secretEnv({ secret_env = [] }: ProcessSpec): Record<string, string> | null {
  try {
    return Object.fromEntries(secret_env.map(({ name, file }) => [name, readFileSync(file, 'utf8')]));
  } catch {
    return null;
  }
}

/** What comes of a stream, as rows of the log. */
function rowsOf(stream: 'stdout' | 'stderr', log: (row: Buffer) => void): (part: Buffer) => void {
  return (part) => {
    const now = Date.now();
    for (let from = 0; from < part.length; ) {
      const end = part.indexOf(0x0a, from);
      const to = Math.min(end === -1 ? part.length : end, from + MAX_LOG_ROW_BYTES);
      const whole = to === end;
      log(formatRow(now, stream, part.subarray(from, to), whole));
      from = whole ? to + 1 : to;
    }
  };
}

/** Works in the folder it is started in, by relative paths: when that is taken away, it writes into no later one of the same name. */
async function supervise(): Promise<void> {
  const spec = await readWhole<ProcessSpec>('spec.json');
  if (spec === null) return;
  const path = await runFile('.');
  const self: Identity = { pid: process.pid, born: (await bornAt(process.pid)) ?? '' };
  const started = Date.now();
  const claim = `claim.${process.pid}`;
  await writeWhole(claim, { supervisor: self, child: null, started } satisfies ProcessRun);
  try {
    // Whoever gives its file this name is the one that starts the workload; every other supervisor goes away.
    await link(claim, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw error;
  } finally {
    await rm(claim, { force: true });
  }

  const secrets = secretEnv(spec);
  if (secrets === null) return writeWhole('exit.json', { exit_code: null, reason: 'cannot start: its secrets are gone' } satisfies ProcessExit);
  const log = boundedLog(spec.log);
  const [program = '', ...args] = spec.command;
  // A group of its own, so that all of it can be ended together.
  const child = spawn(program, args, { cwd: spec.folder, env: { ...spec.env, ...secrets }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.on('data', rowsOf('stdout', log));
  child.stderr.on('data', rowsOf('stderr', log));
  const silent = new Promise((resolve) => child.once('close', resolve));
  const ended = new Promise<ProcessExit>((resolve) => {
    child.once('error', (error) => resolve({ exit_code: 127, reason: `cannot start: ${messageOf(error)}` }));
    child.once('exit', (code, signal) => {
      // Nothing of a workload that ended goes on. If its last process is gone, so is the group.
      if (child.pid !== undefined) killGroup(child.pid);
      if (signal !== null) resolve({ exit_code: 128 + constants.signals[signal], reason: `killed by ${signal}` });
      else resolve({ exit_code: code, reason: code === 0 ? null : `ended with exit code ${code}` });
    });
  });
  if (child.pid !== undefined) {
    const born = await bornAt(child.pid);
    try {
      // Null: it has ended already, and exit.json will say how.
      if (born !== null) await writeWhole(path, { supervisor: self, child: { pid: child.pid, born }, started } satisfies ProcessRun);
    } catch (error) {
      // Nobody could find it again.
      killGroup(child.pid);
      throw error;
    }
  }
  const exit = await ended;
  await Promise.race([silent, new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS))]);
  await writeWhole('exit.json', exit);
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}

// It ends when the workload does, and not before.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
// What left the group may hold the output open: that is no reason to stay.
void supervise().finally(() => process.exit());
