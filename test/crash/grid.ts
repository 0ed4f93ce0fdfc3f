// A whole grid of processes for the crash table: home, farmer, node and consumer, each with the real binary and a home
// folder of its own, and a network between them that loses what it is told to.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { openHome, readConfig, updateConfig } from '../../src/home.js';
import { openGrid, type Grid } from '../../src/net/grid.js';
import { joinGrid } from '../../src/net/join.js';
import { openTools } from '../../src/node/tools.js';
import { read, readGrid, type AccountObject, type ContractObject } from '../../src/rules/objects.js';
import { bot, botJson, poll, startBot, tempHome, type Run, type Running } from '../script.js';
import { LossyProxy } from './proxy.js';

/** Who can die. */
export type Who = 'home' | 'farmer' | 'node' | 'consumer';
type Server = Exclude<Who, 'consumer'>;
type Env = Readonly<Record<string, string>>;

const WITHIN_MS = 20_000;
/** What a deal runs: it notes in its volume that it began, and stays. */
const WORK = JSON.stringify(['/bin/sh', '-c', 'cd /data 2>/dev/null; echo begun >> begun; exec sleep 1000']);

/** What `reserve --json` says, as far as it is looked at here. */
export interface Reserved {
  readonly contract: string;
  readonly receipt: string;
  readonly state: string;
}

/** The grid and its processes. */
export class CrashGrid implements AsyncDisposable {
  readonly homes: Readonly<Record<Who, { home: string }>> = { home: { home: tempHome() }, farmer: { home: tempHome() }, node: { home: tempHome() }, consumer: { home: tempHome() } };
  readonly running = new Map<Server, Running>();
  /** By who asks whom. */
  proxies!: Readonly<Record<'farmer_home' | 'node_home' | 'consumer_home' | 'consumer_farmer', LossyProxy>>;
  /** A copy of the book in this process, that asks the home past every proxy. */
  book!: Grid;
  readonly #watched = tempHome();
  readonly #image: string | undefined;
  readonly #urls: Partial<Record<Server, string>> = {};
  readonly #stop = new AbortController();

  private constructor(image: string | undefined) {
    this.#image = image;
  }

  /**
   * Everything up: a node of 64 cores that takes the consumer's work, and 1,000 TFT in the consumer's wallet.
   * @param image what deals run, on podman; without one they are commands of the process runtime
   */
  static async start(image?: string): Promise<CrashGrid> {
    const grid = new CrashGrid(image);
    const { home, farmer, node, consumer } = grid.homes;
    const to = (who: Server) => () => grid.#urls[who] ?? 'http://127.0.0.1:9';
    grid.proxies = { farmer_home: await LossyProxy.start(to('home')), node_home: await LossyProxy.start(to('home')), consumer_home: await LossyProxy.start(to('home')), consumer_farmer: await LossyProxy.start(to('farmer')) };
    const { farmer_home, node_home, consumer_home } = grid.proxies;
    await Promise.all(Object.entries(grid.homes).filter(([who]) => who !== 'node').map(([who, at]) => botJson(['identity', 'create', '--name', who], at)));
    const { id } = await botJson<{ id: string }>(['grid', 'create', 'crash', '--dev'], home);
    await grid.up('home');
    await Promise.all([botJson(['grid', 'join', farmer_home.url], farmer), botJson(['grid', 'join', consumer_home.url], consumer), botJson(['grid', 'join', node_home.url], node)]);
    await Promise.all([botJson(['farm', 'create', 'sunny'], farmer), botJson(['wallet', 'faucet'], consumer)]);
    updateConfig(openHome(farmer.home), (config) => void config.farm?.allow_registries.push('localhost'));
    await grid.up('farmer');
    // The agent signs from here on: no run of the consumer's pays for scrypt.
    await botJson(['unlock', '--for', '10m'], consumer);
    const quote = await bot(['quote', '--cpu', '1'], consumer);
    assert.equal(quote.code, 5, 'nobody sells yet, but the consumer is known on the grid now');
    const { invitation } = await botJson<{ invitation: string }>(['farm', 'invite'], farmer);
    await botJson(['node', 'join', invitation, '--declare', '64/64/500/0', ...(image === undefined ? ['--runtime', 'process', '--allow-consumer', 'consumer'] : ['--runtime', 'podman', '--allow-registry', 'localhost'])], node);
    const watching = openHome(grid.#watched);
    const options = { home: watching, clock: Date.now, signal: grid.#stop.signal, openKeyring: () => Promise.reject(new Error('no keys here')) };
    await joinGrid({ ...options, url: grid.#urls.home ?? '', genesis: id });
    grid.book = await openGrid(options);
    await grid.up('node');
    return grid;
  }

  /** Starts one of the servers, at the address that it had. */
  async up(who: Server, env: Env = {}): Promise<void> {
    const options = { ...this.homes[who], env };
    if (who === 'node') {
      const node = startBot(['node', 'watch', '--interval', '200ms', '--json'], options);
      this.running.set(who, node);
      await node.until(/"event":"ready"/);
      return;
    }
    const before = this.#urls[who];
    const where = before === undefined ? '127.0.0.1:0' : new URL(before).host;
    const server = startBot(['serve', '--listen', where, '--json', ...(who === 'farmer' ? ['--public', this.proxies.consumer_farmer.url] : [])], options);
    this.running.set(who, server);
    const [line] = await server.until(/^\{.*"url".*\}$/m);
    this.#urls[who] = (JSON.parse(line) as { url: string }).url;
  }

  /** Where a server is. */
  url(who: Server): string {
    return this.#urls[who] ?? '';
  }

  /** kill -9, without a word. */
  async kill(who: Server): Promise<void> {
    await this.running.get(who)?.stop('SIGKILL');
  }

  /** Waits until it has died by its own hand; starts it again, healthy. */
  async revive(who: Server): Promise<void> {
    const child = this.running.get(who)?.child;
    await poll(`the end of ${who}`, () => child?.signalCode === 'SIGKILL', WITHIN_MS);
    await this.up(who);
  }

  /** Waits until a process has stopped itself (proc(5), state T). */
  async stopped(pid: number | undefined): Promise<number> {
    return poll(`process ${pid} to stop`, () => (/^\d+ \(.*\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')) ? pid : undefined), WITHIN_MS);
  }

  /** The arguments of a deal of its own: they are all that tells the consumer which order goes on. */
  deal(hours: number): string[] {
    return ['reserve', '--cpu', '1', '--memory', '16MiB', '--sru', '1', '--for', `${hours}h`, '--retention', '0', ...(this.#image === undefined ? [] : ['--image', this.#image]), '--command', WORK, '--wait', 'ready', '--timeout', '15s', '--json'];
  }

  /** Runs a deal as often as it takes; what it says in between must be honest. */
  async settle(args: readonly string[]): Promise<Reserved> {
    for (let tries = 1; ; tries += 1) {
      const run = await bot(args, this.homes.consumer);
      if (run.code === 0) return run.json();
      assert.equal(run.code, 6, `exit ${run.code}: ${run.stderr}`);
      assert.match(run.stderr, /"hint":"/);
      assert.ok(tries < 4, `never done: ${run.stderr}`);
    }
  }

  /** Runs a deal to its end, whatever that is. */
  attempt(args: readonly string[], env: Env = {}): Promise<Run> {
    return bot(args, { ...this.homes.consumer, env });
  }

  /** What must hold of the whole, whatever broke: one contract for the deal, all money there, one workload, begun once. */
  async check(contract: string, hours: number, receipt: string): Promise<void> {
    await this.book.refresh();
    const { reader } = this.book;
    const objects = reader.objects('', 1_000);
    const contracts = objects.filter(({ id }) => id.startsWith('contract/')).map(({ value }) => value as unknown as ContractObject);
    const mine = contracts.filter(({ agreement }) => agreement.term_ms === hours * 3_600_000);
    assert.deepEqual(mine.map(({ id }) => id), [contract], 'one contract');
    for (const { escrow_stroops, settled, agreement } of contracts) assert.equal(escrow_stroops, settled === null ? agreement.total_stroops : '0', 'the whole total is in escrow');
    const accounts = objects.filter(({ id }) => id.startsWith('account/')).map(({ value }) => value as unknown as AccountObject);
    const sum = (amounts: string[]): bigint => amounts.reduce((total, amount) => total + BigInt(amount), 0n);
    const escrowed = sum(contracts.map(({ escrow_stroops }) => escrow_stroops));
    assert.equal(sum(accounts.map(({ balance_stroops }) => balance_stroops)) + escrowed, BigInt(readGrid(reader).supply_stroops), 'money is conserved');
    assert.equal(sum(accounts.map(({ escrowed_stroops }) => escrowed_stroops)), escrowed);
    assert.deepEqual(read(reader, 'run', contract)?.workloads.map(({ name, state }) => [name, state]), [['main', 'running']]);
    const { driver, volumes } = this.tools();
    const there = (await driver.list(AbortSignal.timeout(WITHIN_MS))).filter((one) => one.contract === contract);
    assert.deepEqual(there.map(({ workload, state }) => [workload, state]), [['main', 'running']], 'one workload runs');
    const volume = (await volumes.list()).find((one) => one.contract === contract)?.path ?? '';
    // Containers see a part of the volume, commands all of it.
    const files = existsSync(join(volume, 'files')) ? join(volume, 'files') : volume;
    assert.equal(readFileSync(join(files, 'begun'), 'utf8'), 'begun\n', 'it was begun once');
    assert.ok(existsSync(receipt), 'the receipt is kept');
  }

  /** Processes that ours have started: the consumer's agent, supervisors of workloads, workloads. */
  children(): { command: string; environ: string }[] {
    const homes = Object.values(this.homes).map(({ home }) => home);
    return readdirSync('/proc').filter((pid) => /^[0-9]+$/.test(pid)).flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        const cwd = readlinkSync(`/proc/${pid}/cwd`);
        const environ = readFileSync(`/proc/${pid}/environ`, 'utf8');
        const isOurs = homes.some((home) => cwd.startsWith(home) || (command.includes('agent-main') && environ.includes(home)));
        return isOurs ? [{ command, environ }] : [];
      } catch {
        return []; // it has ended meanwhile
      }
    });
  }

  /** Runtime and volumes of the node, in this process; dispose of the driver. */
  tools(): ReturnType<typeof openTools> {
    const home = openHome(this.homes.node.home);
    const { node } = readConfig(home);
    if (node === null) throw new Error('no node');
    return openTools(home, node, true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.running.values()) await one[Symbol.asyncDispose]();
    if (readConfig(openHome(this.homes.node.home)).node !== null) {
      const { driver, volumes, networks } = this.tools();
      const signal = AbortSignal.timeout(60_000);
      await Promise.all((await driver.list(signal)).map(async (ref) => {
        await driver.stop(ref, 0, signal);
        await driver.remove(ref, signal);
      }));
      for (const { contract } of await volumes.list()) await volumes.wipe(contract, signal);
      await networks.end(signal);
    }
    await bot(['lock'], this.homes.consumer);
    this.#stop.abort();
    await this.book[Symbol.asyncDispose]();
    for (const proxy of Object.values(this.proxies)) await proxy[Symbol.asyncDispose]();
  }
}
