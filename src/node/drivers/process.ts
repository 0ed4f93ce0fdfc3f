// Driver for a laptop without an engine: a workload is a process of this user. It isolates nothing.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Problem } from '../../base/errors.js';
import { RUNTIME_TIMEOUT_MS } from '../../base/limits.js';
import { cleanEnvironment } from '../children.js';
import type { Stop } from '../../schema/types.js';
import { specDigest, stopOf, type Check, type Driver, type OpenCommand, type OpenWish, type Ref, type RunLimits, type Running, type RunResult, type Scope, type StartSpec, type Stats } from '../driver.js';
import type { LogRow, Logs, LogWish } from '../logs.js';
import { allPids, killAll } from './group.js';
import { openBeside } from './process-open.js';
import { runBeside } from './process-run.js';
import { groupUse } from './process-use.js';
import { isAlive, readWhole, runFile, type ProcessExit, type ProcessRun, type ProcessSpec } from './process-files.js';

/** What a process driver is made of. */
export interface ProcessOptions extends Scope {
  /** Where it keeps its files; made with mode 0700. */
  readonly folder: string;
  readonly logs: Logs;
}

const SUPERVISOR = fileURLToPath(new URL('./process-child.js', import.meta.url));
const LOOK_EVERY_MS = 20;
/** Variable of commands that run beside a workload: whose they are. */
const BESIDE = 'BESIDE';
const ENTRY = /^[0-9a-f]{40}\.[a-z0-9-]{1,50}$/;

/** Processes in groups of their own, each with a supervisor that survives us; see `Driver`. Limits are not enforced. */
export class ProcessDriver implements Driver {
  readonly runtime = 'process';
  readonly #options: ProcessOptions;

  constructor(options: ProcessOptions) {
    this.#options = options;
  }

  async check(): Promise<Check[]> {
    return [
      { name: 'process', ok: true, evidence: `processes of user ${process.getuid?.() ?? 'this user'}, supervised by Node.js ${process.versions.node}`, remedy: null },
      {
        name: 'isolation',
        ok: false,
        evidence: 'nothing is isolated or limited: a workload can read and do whatever this user can',
        remedy: 'only run what you trust, or apt-get install -y podman runc and use --runtime podman',
      },
    ];
  }

  async fetch(): Promise<void> {
    // What it runs is on this machine, or not.
  }

  async list(signal: AbortSignal): Promise<Running[]> {
    const names = await readdir(this.#options.folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const all: Running[] = [];
    for (const name of names.filter((one) => ENTRY.test(one))) {
      throwIfAborted(signal);
      const found = await this.#look(join(this.#options.folder, name));
      if (found !== null) all.push(found);
    }
    return all;
  }

  async start(spec: StartSpec, signal: AbortSignal): Promise<Running> {
    const folder = this.#folderOf({ contract: spec.contract, workload: spec.workload.name });
    let there = await this.#look(folder);
    if (there === null) {
      await this.#make(spec, folder);
      there = await this.#look(folder);
    }
    if (there === null) throw new Problem('failed', 'the workload belongs to another grid or node of this folder', { reason: 'name_taken' });
    if (there.digest !== specDigest(spec)) throw new Problem('refused', 'the workload is there with another command, environment or limits', { reason: 'other_spec' });
    if (there.state !== 'created') return there;
    // The one that finds itself too many goes away by itself, so asking twice does no harm.
    spawn(process.execPath, [SUPERVISOR], { cwd: folder, env: cleanEnvironment(), detached: true, stdio: 'ignore' }).once('error', () => undefined).unref();
    return this.#until(folder, signal, RUNTIME_TIMEOUT_MS, (one) => one.state !== 'created', 'the workload does not start');
  }

  async stop(ref: Ref, grace_ms: number | null, signal: AbortSignal): Promise<void> {
    const folder = this.#folderOf(ref);
    const own = stopOf((await readWhole<ProcessSpec>(join(folder, 'spec.json'))) ?? {});
    for (const [name, wait_ms] of [[own.signal, grace_ms ?? own.grace_ms], ['SIGKILL', RUNTIME_TIMEOUT_MS]] as const) {
      const one = await this.#look(folder);
      if (one === null || one.state !== 'running') return;
      const run = await readWhole<ProcessRun>(await runFile(folder));
      // Asked again just before: a number that was given to another process since is nothing of ours.
      if (run?.child != null && (await isAlive(run.child))) signalGroup(run.child.pid, name);
      try {
        await this.#until(folder, signal, wait_ms, (now) => now.state !== 'running', 'the workload does not end');
      } catch (error) {
        if (name === 'SIGKILL' || signal.aborted) throw error;
      }
    }
  }

  async remove(ref: Ref, signal: AbortSignal): Promise<void> {
    await this.stop(ref, 0, signal);
    const folder = this.#folderOf(ref);
    if ((await this.#look(folder)) === null) return;
    // Out of sight first: half a folder is never looked at, and what is started meanwhile has a new one.
    const away = join(this.#options.folder, `gone-${randomBytes(8).toString('hex')}`);
    await rename(folder, away);
    await endAll(away, signal);
    await rm(away, { recursive: true, force: true, maxRetries: 5 });
    await this.#options.logs.close(ref);
  }

  async logsTail(ref: Ref, bytes: number): Promise<string> {
    if ((await this.#look(this.#folderOf(ref))) === null) throw new Problem('not_found', `no process for ${ref.workload} of contract ${ref.contract}`);
    return this.#options.logs.tail(ref, bytes);
  }

  follow(ref: Ref, wish: LogWish, signal: AbortSignal): AsyncIterable<LogRow> {
    return this.#options.logs.read(ref, wish, async () => (await this.#look(this.#folderOf(ref)))?.state === 'running', signal);
  }

  async forget(contract: string): Promise<void> {
    await this.#options.logs.forget(contract);
  }

  async stats(ref: Ref): Promise<Stats> {
    const run = await readWhole<ProcessRun>(await runFile(this.#folderOf(ref)));
    const used = run?.child == null || !(await isAlive(run.child)) ? null : await groupUse(run.child.pid);
    if (used === null) throw new Problem('not_found', `${ref.workload} of contract ${ref.contract} does not run`);
    return used;
  }

  async open(ref: Ref, { words, terminal }: OpenWish): Promise<OpenCommand> {
    if (terminal !== null) throw new Problem('refused', 'the runtime process has no terminals', { reason: 'terminal', hint: 'leave out -t' });
    const folder = this.#folderOf(ref);
    const spec = (await this.#look(folder))?.state === 'running' ? await readWhole<ProcessSpec>(join(folder, 'spec.json')) : null;
    if (spec === null) throw new Problem('not_found', `${ref.workload} of contract ${ref.contract} does not run`);
    return openBeside(this.#marked(spec), words);
  }

  async address(ref: Ref): Promise<string | null> {
    const folder = this.#folderOf(ref);
    if ((await this.#look(folder))?.state !== 'running') return null;
    const spec = await readWhole<ProcessSpec>(join(folder, 'spec.json'));
    const address = spec?.env['HOST'];
    return address === undefined || address === '0.0.0.0' ? '127.0.0.1' : address;
  }

  async run(ref: Ref, words: readonly string[], limits: RunLimits, signal: AbortSignal): Promise<RunResult> {
    const folder = this.#folderOf(ref);
    const spec = (await this.#look(folder))?.state === 'running' ? await readWhole<ProcessSpec>(join(folder, 'spec.json')) : null;
    if (spec === null) throw new Problem('not_found', `${ref.workload} of contract ${ref.contract} does not run`);
    return runBeside(this.#marked(spec), words, limits, signal);
  }

  async endCommands(): Promise<void> {
    const mark = `${BESIDE}=${this.#scope}`;
    await killAll(await allPids(), async (pid) => (await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')).split('\0').includes(mark));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is held: what runs goes on.
  }

  get #scope(): string {
    return `${this.#options.grid}/${this.#options.node}`;
  }

  /** What runs beside a workload is found again by its environment. */
  #marked({ folder, env }: ProcessSpec): Pick<ProcessSpec, 'folder' | 'env'> {
    return { folder, env: { ...env, [BESIDE]: this.#scope } };
  }

  #folderOf(ref: Ref): string {
    const name = `${ref.contract}.${ref.workload}`;
    if (!ENTRY.test(name)) throw new Error(`not a contract and workload: ${JSON.stringify(name)}`);
    return join(this.#options.folder, name);
  }

  async #make(spec: StartSpec, folder: string): Promise<void> {
    const { image, command, env, ports, name } = spec.workload;
    if (image !== null) throw new Problem('refused', 'this node runs commands, not images', { reason: 'runtime' });
    if (command.length === 0) throw new Problem('refused', 'there is no command to run', { reason: 'command' });
    const { grid, node } = this.#options;
    const draft = join(this.#options.folder, `new-${randomBytes(8).toString('hex')}`);
    await mkdir(join(draft, 'work'), { recursive: true, mode: 0o700 });
    const data = spec.data ?? join(folder, 'work');
    const port = ports[0] === undefined ? {} : { PORT: String(ports[0].container) };
    // There is no /run/secrets of its own.
    const files = spec.secrets?.files ?? null;
    const secrets = { ...(files === null ? {} : { SECRETS: files }) };
    const content: ProcessSpec = {
      grid, node, contract: spec.contract, workload: name, digest: specDigest(spec), command, folder: data, log: await this.#options.logs.place({ contract: spec.contract, workload: name }), ports: ports.map(({ container }) => container), stop: stopOf(spec.workload),
      env: { PATH: cleanEnvironment()['PATH'] ?? '', HOST: spec.address, ...port, ...secrets, ...Object.fromEntries(env.map((one) => [one.name, one.value])), HOME: data },
      ...(spec.secrets === undefined || spec.secrets.env.length === 0 ? {} : { secret_env: spec.secrets.env }),
    };
    await writeFile(join(draft, 'spec.json'), JSON.stringify(content), { mode: 0o600 });
    try {
      await rename(draft, folder);
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      // Made by another process meanwhile: it is adopted.
      if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }

  /** What is known of a workload, or null when there is none of this scope. */
  async #look(folder: string): Promise<Running | null> {
    const spec = await readWhole<ProcessSpec>(join(folder, 'spec.json'));
    if (spec === null || spec.grid !== this.#options.grid || spec.node !== this.#options.node) return null;
    const run = await readWhole<ProcessRun>(await runFile(folder));
    // Looked at before exit.json is read: its supervisor may write that in between.
    const alive = run !== null && ((await isAlive(run.supervisor)) || (run.child !== null && (await isAlive(run.child))));
    const exit = await readWhole<ProcessExit>(join(folder, 'exit.json'));
    const base = {
      contract: spec.contract, workload: spec.workload, digest: spec.digest, started: run?.started ?? null, ports: spec.ports.map((port) => ({ container: port, host: port })),
    };
    if (exit !== null) return { ...base, state: exit.exit_code === 0 ? 'exited' : 'failed', exit_code: exit.exit_code, reason: exit.reason };
    if (run === null || (alive && run.child === null)) return { ...base, state: 'created', started: null, exit_code: null, reason: null };
    if (alive) return { ...base, state: 'running', exit_code: null, reason: null };
    return { ...base, state: 'failed', exit_code: null, reason: 'ended unseen: its supervisor was killed' };
  }

  async #until(folder: string, signal: AbortSignal, wait_ms: number, done: (one: Running) => boolean, otherwise: string): Promise<Running> {
    const deadline = Date.now() + wait_ms;
    for (;;) {
      throwIfAborted(signal);
      const one = await this.#look(folder);
      if (one === null) throw new Problem('failed', 'the workload was taken away', { reason: 'gone' });
      if (done(one)) return one;
      if (Date.now() >= deadline) throw new Problem('unreachable', `${otherwise} within ${wait_ms / 1_000} s`, { reason: 'timeout' });
      await delay(LOOK_EVERY_MS);
    }
  }
}

/** Ends whatever a supervisor still does in a folder: it may have been about to start its workload. */
async function endAll(folder: string, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + RUNTIME_TIMEOUT_MS;
  for (;;) {
    const run = await readWhole<ProcessRun>(await runFile(folder));
    if (run === null || !(await isAlive(run.supervisor))) return;
    if (run.child !== null && (await isAlive(run.child))) signalGroup(run.child.pid, 'SIGKILL');
    throwIfAborted(signal);
    if (Date.now() >= deadline) throw new Problem('unreachable', 'a supervisor does not end', { reason: 'timeout' });
    await delay(LOOK_EVERY_MS);
  }
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new Problem('interrupted', 'stopped while looking after a process');
}

function signalGroup(leader: number, name: Stop['signal'] | 'SIGKILL'): void {
  try {
    process.kill(-leader, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
