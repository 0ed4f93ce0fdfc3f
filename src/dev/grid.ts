// A whole development grid on this machine: home, farmers, nodes and consumer, each a process of its own.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Problem } from '../base/errors.js';
import { createFile, makeFolder, openHome, updateConfig } from '../home.js';
import { ask, botVariables, launch, placeVariables, type Bot, type Running } from './bots.js';
import type { Word } from './guard.js';
import type { Runtime } from './runtime.js';

/*
 *   <folder>/passphrase   one random passphrase for all keys here, 0600
 *   <folder>/home         numbers the lines
 *   <folder>/farmer       sells; the further ones are farmer-2 …
 *   <folder>/node-1 …     run what is sold
 *   <folder>/consumer     buys; has TFT
 */

/** How the grid is to be. */
export interface DevOptions {
  /** Absent or empty; a new temporary one if left out. */
  readonly folder?: string | undefined;
  /** Leave the folder when everything has stopped. */
  readonly keep: boolean;
  readonly runtime: Runtime;
  /** How many nodes, 1 to 8. */
  readonly nodes: number;
  /** How many farms they belong to, by turns; 1 to as many as there are nodes. */
  readonly farms: number;
  /** What each node sells, `cores/memory/ssd/hdd`; null: what is measured. */
  readonly declare: string | null;
  /** Private registries that images may come from, beside what was built on this machine. */
  readonly registries: readonly string[];
  /** How often nodes confirm that time is covered; 10 s if left out, so that whoever tries things sees it happen. */
  readonly heartbeat?: string | undefined;
  readonly signal: AbortSignal;
  /** Called when something is done. */
  readonly onStep: (step: Step) => void;
}

/** Something that was done. */
export interface Step {
  readonly name: string;
  /** Time it took, ms; those of steps side by side overlap. */
  readonly ms: number;
}

interface Guard {
  readonly process: ChildProcessWithoutNullStreams;
  readonly tell: (word: Word) => void;
}

const GUARD = fileURLToPath(new URL('./guard.js', import.meta.url));
const ANY_PORT = '127.0.0.1:0';
/** A farmer's bot, and its farm once there is one. */
interface Farmer extends Bot {
  readonly name: string;
  /** Farm id. */
  farm: string;
  /** Address on loopback. */
  url: string;
}

/** One farm has its plain name; of several each stands in a region of its own, so that spreading can be tried. */
const named = (what: string, i: number): string => (i === 0 ? what : `${what}-${i + 1}`);

/** A grid that runs. Disposing it ends every process in order and takes away what they made. */
export class DevGrid implements AsyncDisposable {
  readonly folder: string;
  readonly home: Bot;
  readonly farmers: readonly Farmer[];
  readonly nodes: readonly Bot[];
  readonly consumer: Bot;
  /** Genesis record. */
  id = '';
  /** Address of the home on loopback. */
  url = '';
  /** TFT of the consumer. */
  balance = '';
  readonly #options: DevOptions;
  readonly #guard: Guard;
  readonly #started: Running<unknown>[] = [];
  #stopped: Promise<void> | undefined;

  private constructor(options: DevOptions) {
    this.#options = options;
    this.folder = newFolder(options.folder);
    const passphraseFile = join(this.folder, 'passphrase');
    const bot = (name: string): Bot => ({ home: join(this.folder, name), passphraseFile });
    this.home = bot('home');
    this.farmers = Array.from({ length: options.farms }, (_, i) => ({ ...bot(named('farmer', i)), name: named('dev-farm', i), farm: '', url: '' }));
    this.nodes = Array.from({ length: options.nodes }, (_, i) => bot(`node-${i + 1}`));
    this.consumer = bot('consumer');
    this.#guard = startGuard(this.folder);
    this.#guard.tell({ keep: options.keep });
    createFile(passphraseFile, `${randomBytes(24).toString('base64url')}\n`);
  }

  /** Starts everything; when this returns, the consumer can buy. @throws Problem what stood in the way; nothing is left then */
  static async start(options: DevOptions): Promise<DevGrid> {
    const grid = new DevGrid(options);
    try {
      await grid.#start();
      return grid;
    } catch (thrown) {
      await grid[Symbol.asyncDispose]().catch(() => undefined);
      throw thrown;
    }
  }

  /** Variables for whoever wants to be the consumer. */
  get variables(): Record<string, string> {
    return botVariables(this.consumer);
  }

  /** Rejects when a process of the grid ends by itself. */
  async broken(): Promise<never> {
    const why = await Promise.race(this.#started.map(({ ended }) => ended));
    throw new Problem('failed', `a process of the grid has ended: ${why}`);
  }

  /** Sees to it that a local image goes when the grid does, whatever happens. */
  removeLater(image: string): void {
    this.#guard.tell({ image });
  }

  /** Runs a command as one of the bots; see `ask`. */
  async ask<T>(bot: Bot, ...args: string[]): Promise<T> {
    return ask<T>(bot, args, this.#options.signal);
  }

  /** @throws Problem `failed` naming what could not be taken away */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped ??= this.#stop();
    await this.#stopped;
  }

  async #start(): Promise<void> {
    const identity = async (bot: Bot, name: string) => this.#step(`${name}: identity`, () => this.ask<{ id: string }>(bot, 'identity', 'create', '--name', name));
    // Side by side where the order allows it: each of these is a process.
    const [buyer] = await together([
      identity(this.consumer, 'consumer'), this.#startHome(() => identity(this.home, 'home')), ...this.farmers.map((bot, i) => identity(bot, named('farmer', i))),
    ]);
    await together([this.#fund(), ...this.farmers.map((farmer, i) => this.#startFarm(farmer, i, buyer.id))]);
  }

  async #startHome(identity: () => Promise<unknown>): Promise<void> {
    await identity();
    const { id } = await this.#step('home: grid', () => this.ask<{ id: string }>(this.home, 'grid', 'create', 'dev', '--dev', '--heartbeat', this.#options.heartbeat ?? '10s'));
    this.id = id;
    const { url } = await this.#step('home: serves', () => this.#launch<{ url: string }>(this.home, 'serve', '--listen', ANY_PORT));
    this.url = url;
  }

  async #join(bot: Bot, name: string): Promise<void> {
    await this.#step(`${name}: copy of the book`, () => this.ask(bot, 'grid', 'join', this.url, '--genesis', this.id));
  }

  async #fund(): Promise<void> {
    await this.#join(this.consumer, 'consumer');
    const { balance } = await this.#step('consumer: TFT from the faucet', () => this.ask<{ balance: string }>(this.consumer, 'wallet', 'faucet'));
    this.balance = balance;
  }

  async #startFarm(farmer: Farmer, i: number, buyer: string): Promise<void> {
    const name = named('farmer', i);
    await this.#join(farmer, name);
    const { farm } = await this.#step(`${name}: farm`, () => this.ask<{ farm: string }>(farmer, 'farm', 'create', farmer.name, '--place', 'this machine'));
    farmer.farm = farm;
    // What was built on this machine may run here; read anew for each request, as a farmer's own change would be.
    updateConfig(openHome(farmer.home), (config) => void config.farm?.allow_registries.push('localhost', ...this.#options.registries));
    const { url } = await this.#step(`${name}: serves`, () => this.#launch<{ url: string }>(farmer, 'serve', '--listen', ANY_PORT));
    farmer.url = url;
    const { length } = this.farmers;
    await together(this.nodes.flatMap((bot, n) => (n % length === i ? [this.#startNode(bot, `node-${n + 1}`, farmer, buyer)] : [])));
  }

  async #startNode(bot: Bot, name: string, farmer: Farmer, buyer: string): Promise<void> {
    const { runtime, declare, registries } = this.#options;
    const { invitation } = await this.#step(`${farmer.name}: invitation for ${name}`, () => this.ask<{ invitation: string }>(farmer, 'farm', 'invite', '--for', '10m'));
    const capacity = declare === null ? ['--disk', 'ssd'] : ['--declare', declare];
    const place = this.farmers.length === 1 ? [] : ['--region', `region of ${farmer.name}`];
    const allowed = ['--allow-exec', '--allow-registry', 'localhost', ...registries, ...(runtime === 'process' ? ['--allow-consumer', buyer] : [])];
    await this.#step(`${name}: joins the farm`, () => this.ask(bot, 'node', 'join', invitation, '--runtime', runtime, '--address', '127.0.0.1', ...capacity, ...place, ...allowed));
    await this.#step(`${name}: watches`, () => this.#launch(bot, 'node', 'watch'));
  }

  async #launch<T>(bot: Bot, ...args: string[]): Promise<T> {
    const running = await launch<T>(bot, args, this.#options.signal, (pid) => this.#guard.tell({ pid }));
    this.#started.push(running);
    return running.ready;
  }

  async #step<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.#options.signal.throwIfAborted();
    const begun = performance.now();
    const result = await work();
    this.#options.onStep({ name, ms: Math.round(performance.now() - begun) });
    return result;
  }

  async #stop(): Promise<void> {
    const { process: guard } = this.#guard;
    guard.stdin.end();
    const said = await text(guard.stdout);
    const left = said === '' ? ['its guard was killed'] : (JSON.parse(said) as string[]);
    if (left.length > 0) throw new Problem('failed', `not everything could be taken away: ${left.join('; ')}`, { reason: 'left', hint: `look into ${this.folder}` });
  }
}

/** Promise.all, but a failure is told only when nothing is under way any more: what is taken down then stays down. */
async function together<T extends readonly unknown[]>(work: readonly [...{ [K in keyof T]: Promise<T[K]> }]): Promise<T> {
  await Promise.allSettled(work);
  return Promise.all(work) as unknown as Promise<T>;
}

/** @throws Problem `usage` where the folder holds something already */
function newFolder(wanted: string | undefined): string {
  if (wanted === undefined) return mkdtempSync(join(tmpdir(), '3bot-dev-'));
  const folder = resolve(wanted);
  makeFolder(folder);
  if (readdirSync(folder).length > 0) throw new Problem('usage', `${folder} is not empty`, { reason: 'exists', hint: 'name a new folder; this one would be mixed up with the grid' });
  return folder;
}

function startGuard(folder: string): Guard {
  const guard = spawn(process.execPath, [GUARD, folder], { env: placeVariables(), detached: true, stdio: 'pipe' });
  guard.stdin.on('error', () => undefined);
  guard.stderr.resume();
  return { process: guard, tell: (word) => void guard.stdin.write(`${JSON.stringify(word)}\n`) };
}
