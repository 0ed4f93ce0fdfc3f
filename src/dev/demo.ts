// The whole main job, once: a grid, a deal, a workload that answers, a receipt, the bill, and nothing left behind.
// Every step is a command of the real 3bot in a process of its own, as a person would type it.
import { randomBytes } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { formatTft, parseTft } from '../base/amount.js';
import { MIB } from '../base/bytes.js';
import { messageOf, Problem } from '../base/errors.js';
import { DEMO_ANSWER_MS, DEMO_DISK_MIB, DEMO_RELEASE_MS, MAX_BODY_BYTES } from '../base/limits.js';
import { makeLocalImage, staticBusybox } from '../node/localimage.js';
import { ask, type Bot } from './bots.js';
import { DevGrid, type Step } from './grid.js';
import { leftovers } from './leftovers.js';
import type { Runtime } from './runtime.js';

/** What a demo needs. */
export interface DemoOptions {
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  /** What is under way. */
  readonly onProgress: (text: string) => void;
  /** What was done, for a person; `topic` is one word. */
  readonly onDone: (topic: string, text: string, ms: number) => void;
}

/** What came of it; TFT with 7 places. */
export interface DemoReport {
  readonly ok: true;
  readonly runtime: Runtime;
  readonly capacity: 'declared, not measured';
  readonly contract: string;
  readonly url: string;
  readonly price_per_hour: string;
  readonly escrow: string;
  readonly used: string;
  readonly returned: string;
  /** From typing `reserve` until it said that the workload runs. */
  readonly order_to_running_ms: number;
  /** From the agreement in the book to the node's word that it runs, by the home's clock. */
  readonly committed_to_running_ms: number;
  /** Offline checks that the receipt passed. */
  readonly receipt_checked: readonly string[];
  readonly seconds: number;
  /** In the order they ended; those side by side overlap. */
  readonly steps: readonly Step[];
}

interface Reserved {
  readonly contract: string;
  readonly price_per_hour: string;
  readonly escrow: string;
  readonly receipt: string;
  readonly workloads: readonly { readonly url: string | null }[];
}

const PORT_INSIDE = 8080;
const LOOK_EVERY_MS = 50;

/** Runs the demo. @throws Problem at the step that does not hold; what was made is taken away all the same */
export async function demo(options: DemoOptions): Promise<DemoReport> {
  const { runtime, signal, onProgress, onDone } = options;
  const begun = performance.now();
  const steps: Step[] = [];
  const timed = async <T>(name: string, work: () => Promise<T>, words: (result: T) => string): Promise<T> => {
    onProgress(name);
    const from = performance.now();
    const result = await work();
    const ms = Math.round(performance.now() - from);
    steps.push({ name, ms });
    onDone(name, words(result), ms);
    return result;
  };

  await demandMeans(runtime);
  const name = `3bot-demo-${randomBytes(4).toString('hex')}`;
  const images = runtime === 'podman' ? [name] : [];
  const token = randomBytes(8).toString('hex');
  const starting = (): Promise<DevGrid> => DevGrid.start({ runtime, keep: false, nodes: 1, farms: 1, declare: '8/16/500/0', registries: [], signal, onStep: (step) => {
    steps.push(step);
    onProgress(step.name);
  } });
  const { done, traces } = await (async () => {
    await using grid = await timed('grid', starting, ({ balance }) => `home, farmer's bot, node and consumer are up, each a process of its own; the consumer has ${balance} TFT`);
    for (const image of images) grid.removeLater(image);
    const what = runtime === 'process' ? processWords(await freePort(), token) : await timed('image', async () => containerWords(await makeLocalImage(name, signal), token), () => `localhost/${name}, a web server of busybox alone`);
    const result = await deal(grid, what, token, options, timed);
    return { done: result, traces: { folder: grid.folder, grid: grid.id, runtime, images, urls: [grid.url, ...grid.farmers.map(({ url }) => url), result.url] } };
  })();
  await timed('clean', () => demandNothingLeft(traces, signal), () => `no process, port, ${runtime === 'podman' ? 'container, image, mount' : 'workload'} or folder is left`);
  return { ok: true, runtime, capacity: 'declared, not measured', ...done, seconds: Math.round(performance.now() - begun) / 1_000, steps };
}

type Timed = <T>(name: string, work: () => Promise<T>, words: (result: T) => string) => Promise<T>;

async function deal(grid: DevGrid, what: readonly string[], token: string, { signal }: DemoOptions, timed: Timed) {
  const { consumer } = grid;
  const from = performance.now();
  const order = ['reserve', '--cpu', '4', '--sru', '100', '--retention', '0', ...what, '--max-total', '20', '--wait', 'ready'];
  const { contract, price_per_hour, escrow, receipt, workloads } = await timed('order', () => grid.ask<Reserved>(consumer, ...order),
    (placed) => `3bot reserve --cpu 4 --sru 100 …: ${placed.price_per_hour} TFT an hour, ${placed.escrow} TFT in escrow; the node recorded it running`);
  const order_to_running_ms = Math.round(performance.now() - from);
  const url = workloads[0]?.url;
  if (url === undefined || url === null) throw new Problem('failed', 'the workload runs and has no address');
  const [, checked, committed_to_running_ms] = await Promise.all([
    timed('web', () => demandAnswer(url, token, signal), () => `${url} answers from the reserved volume`),
    timed('receipt', () => checkReceipt(grid, receipt, signal), (lines) => `holds, checked offline in a fresh home folder: ${lines.length} checks`),
    sinceCommit(grid, contract),
  ]);
  const { billed: used, refunded: returned } = await timed('end', () => endExactly(grid, contract, escrow),
    (ended) => `${ended.billed} TFT used + ${ended.refunded} TFT returned = ${escrow} TFT, to the last unit`);
  await timed('release', () => demandReleased(grid, contract, signal), () => 'the node stopped the workload, wiped the volume and recorded it');
  return { contract, url, price_per_hour, escrow, used, returned, order_to_running_ms, committed_to_running_ms, receipt_checked: checked };
}

/** @throws Problem naming what is missing and how to get it */
async function demandMeans(runtime: Runtime): Promise<void> {
  if (runtime === 'process') return;
  if (staticBusybox() === undefined) {
    throw new Problem('failed', 'the demo makes its image of a static busybox, and there is none', { reason: 'busybox', hint: 'apt-get install -y busybox-static   (or 3bot dev demo --runtime process)' });
  }
  const { bavail, bsize } = await statfs(tmpdir());
  const free = Math.floor((bavail * bsize) / MIB);
  if (free < DEMO_DISK_MIB) throw new Problem('failed', `the volume of 100 GiB is a sparse file that takes about 0.5 GiB of disk, and ${tmpdir()} has ${free} MiB free`, { reason: 'disk', hint: 'make room, or set TMPDIR to a folder on another disk' });
}

/** A page on the reserved volume, served by busybox. The trap is there because a first process ignores SIGTERM otherwise. */
function containerWords(image: string, token: string): string[] {
  const script = `trap 'exit 0' TERM; echo ${token} > /data/index.html; httpd -f -p ${PORT_INSIDE} -h /data & wait`;
  return ['--image', image, '--port', String(PORT_INSIDE), '--command', JSON.stringify(['sh', '-c', script])];
}

/** The same by Node.js, which is there; a process is reached at the very port it asks for. */
function processWords(port: number, token: string): string[] {
  const script = `const fs = require('node:fs'); fs.writeFileSync('index.html', '${token}'); require('node:http').createServer((_, answer) => fs.createReadStream('index.html').pipe(answer)).listen(process.env.PORT, process.env.HOST)`;
  return ['--runtime', 'process', '--port', String(port), '--command', JSON.stringify([process.execPath, '-e', script])];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Asks until the page comes: that a container runs does not yet mean that its server listens. */
async function demandAnswer(url: string, token: string, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(DEMO_ANSWER_MS)]);
  for (;;) {
    try {
      const answer = await fetch(url, { signal: limit });
      const text = (await answer.text()).slice(0, MAX_BODY_BYTES);
      if (answer.ok && text.trim() === token) return;
      throw new Problem('failed', `${url} answered ${answer.status}, not with the page that was put there`);
    } catch (thrown) {
      signal.throwIfAborted();
      if (limit.aborted) throw new Problem('failed', `the workload does not answer at ${url}: ${messageOf(thrown)}`, { cause: thrown });
      await pause(LOOK_EVERY_MS);
    }
  }
}

/** As somebody who has nothing but the receipt and the genesis record. */
async function checkReceipt(grid: DevGrid, receipt: string, signal: AbortSignal): Promise<readonly string[]> {
  const genesis = join(grid.folder, 'genesis.json');
  await grid.ask(grid.consumer, 'grid', 'show', '--genesis-file', genesis);
  const stranger: Bot = { home: join(grid.folder, 'stranger'), passphraseFile: '/dev/null' };
  const { ok, checked } = await ask<{ ok: boolean; checked: string[] }>(stranger, ['receipt', 'verify', receipt, '--genesis', genesis, grid.id], signal);
  if (!ok) throw new Problem('integrity', 'the receipt does not hold');
  return checked;
}

/** Both are lines of the book, dated by the home. */
async function sinceCommit(grid: DevGrid, contract: string): Promise<number> {
  const lines = await grid.ask<(RunRecord & { kind: string; chain: string })[]>(grid.consumer, 'bcdb', 'query');
  const agreement = lines.find(({ chain, kind }) => chain === `contract/${contract}` && kind === 'agreement@1');
  const running = lines.find(({ chain, body }) => chain === `run/${contract}` && body.state === 'running');
  if (agreement === undefined || running === undefined) throw new Problem('failed', 'the book does not say that the workload runs');
  return Date.parse(running.at) - Date.parse(agreement.at);
}

interface RunRecord {
  readonly at: string;
  readonly body: { readonly state: string; readonly workload: string | null };
}

async function runRecords(grid: DevGrid, contract: string): Promise<RunRecord[]> {
  return grid.ask<RunRecord[]>(grid.consumer, 'bcdb', 'query', '--chain', `run/${contract}`);
}

async function endExactly(grid: DevGrid, contract: string, escrow: string): Promise<{ billed: string; refunded: string }> {
  const ended = await grid.ask<{ state: string; billed: string; refunded: string }>(grid.consumer, 'contract', 'cancel', contract, '--reason', 'the demo is over');
  const { balance } = await grid.ask<{ balance: string }>(grid.consumer, 'wallet', 'show');
  const used = parseTft(ended.billed);
  if (ended.state !== 'ended' || used + parseTft(ended.refunded) !== parseTft(escrow)) throw new Problem('integrity', `used ${ended.billed} and returned ${ended.refunded} are not ${escrow}`);
  if (parseTft(balance) !== parseTft(grid.balance) - used) throw new Problem('integrity', `the wallet has ${balance}, not ${formatTft(parseTft(grid.balance) - used)}`);
  return ended;
}

/** Until the node says that nothing of the contract is left. */
async function demandReleased(grid: DevGrid, contract: string, signal: AbortSignal): Promise<void> {
  for (const until = Date.now() + DEMO_RELEASE_MS; Date.now() < until; await pause(LOOK_EVERY_MS, undefined, { signal })) {
    // This follows the book; a query reads the own copy as it is.
    await grid.ask(grid.consumer, 'contract', 'show', contract);
    if ((await runRecords(grid, contract)).some(({ body }) => body.workload === null && body.state === 'released')) return;
  }
  throw new Problem('not_ready', 'the node has not released the contract');
}

async function demandNothingLeft(traces: Parameters<typeof leftovers>[0], signal: AbortSignal): Promise<void> {
  const left = await leftovers(traces, signal);
  if (left.length > 0) throw new Problem('failed', `left behind: ${left.join(', ')}`, { reason: 'left' });
}
