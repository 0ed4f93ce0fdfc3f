// 3bot node watch
import { Problem } from '../../src/base/errors.js';
import { parseDuration } from '../../src/base/duration.js';
import type { Grid } from '../../src/net/grid.js';
import { progressWords } from '../../src/node/report/progress.js';
import type { WatchEvent } from '../../src/node/report/tell.js';
import type { Round } from '../../src/node/watch.js';
import type { NodeConfig } from '../../src/schema/types.js';
import type { CommandFile, Context } from '../command.js';
import { NOTHING_ISOLATED, ownNode, parseRuntime, type Runtime } from './shared.js';

interface Options {
  once?: true;
  runtime?: Runtime;
  interval?: number;
  metrics?: string;
}

export const command: CommandFile<Options> = {
  about: 'Follows the book, runs what it says this node should run, and records what became of it. Opens no port: it takes\nrecords, letters sealed to it, and what operators ask through the relay that it calls. Ending it ends no workload; the next\none goes on with them.',
  options: (c) => c
    .option('--once', 'look, do what is to be done, and end')
    .option('--runtime <runtime>', 'podman or process, instead of what was announced', parseRuntime)
    .option('--metrics <file>', "write metrics for Prometheus there after each round, for node_exporter's textfile collector")
    .option('--interval <span>', 'longest pause between two looks (default: 10s)', parseInterval),
  examples: ['3bot node watch', '3bot node watch --once --json'],
  async run(context, _args, options) {
    const { lockHome } = await import('../../src/home.js');
    const { home, out, clock, signal } = context;
    const config = ownNode(home);
    // Two would start and say everything twice; `bcdb.lock` does not keep them apart, since one may work beside a server.
    using _alone = lockNode(lockHome, context);
    const { ServiceKeys } = await import('../../src/keys/service.js');
    const keys = new ServiceKeys(context);
    const keyring = await keys.open('node', config.key);
    const { openBook } = await import('./book.js');
    await using book = await openBook(context, keys, config.grid, options.once === true);
    await keys.close();
    const { grid } = book;
    const { settle } = await import('./runtime.js');
    const { config: chosen, overcommit } = await settle(context, grid, keyring, config, options.runtime);
    if (chosen.runtime === 'process') out.note(NOTHING_ISOLATED);
    const settled = await marked(context, grid, chosen, overcommit);
    const { openNode } = await import('../../src/node/open.js');
    await using node = openNode({
      home, grid, config: settled, keyring, overcommit, once: options.once === true, clock, signal, tell: (event) => show(context, event),
      rounded: await listener(context, settled, options.metrics),
    });
    // Nobody would start this one again.
    process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
    process.channel?.unref();
    const { driver, volumes, watcher } = node;
    ready(context, settled, grid.name);
    if (options.once === true) {
      await watcher.once();
      return;
    }
    const stop = grid.onNews(() => watcher.wake());
    const { Remeasurer } = await import('../../src/node/probe/remeasure.js');
    const { lookAgain } = await import('./machine.js');
    const remeasurer = new Remeasurer({ grid, keyring, clock, look: (before) => lookAgain(context, settled, grid.dev, before), tell: (event) => show(context, event) });
    const { letLook } = await import('../../src/node/inside/attend.js');
    const looks = letLook({ home, grid, config: settled, driver, volumes, signer: keyring.signer('node'), clock, signal, tell: (event) => show(context, event), cleared: watcher.cleared });
    const { WATCH_INTERVAL_MS } = await import('../../src/base/limits.js');
    await Promise.all([watcher.forever(options.interval ?? WATCH_INTERVAL_MS), remeasurer.forever(signal), looks]);
    stop();
  },
};

/** The settings with the mark of the volumes' folder in them, which is made or looked for first. */
async function marked({ home }: Context, grid: Grid, config: NodeConfig, overcommit: boolean): Promise<NodeConfig> {
  const { markVolumes } = await import('../../src/node/mark.js');
  const { Taken } = await import('../../src/node/plan/taken.js');
  const { openVolumes } = await import('../../src/node/tools.js');
  using taken = new Taken(home, grid.id, config.key);
  return markVolumes(home, config, grid.reader, taken.all().keys(), (await openVolumes(config, overcommit).list()).length > 0);
}

/** What is done after each whole round: sleep, metrics, and word to a supervisor that tries this release. */
async function listener(context: Context, { key, power }: NodeConfig, metrics: string | undefined): Promise<(round: Round) => void> {
  const { metricsText } = await import('../../src/node/report/metrics.js');
  const { replaceFile } = await import('../../src/home.js');
  const { release } = await import('../../src/net/release.js');
  const { HEALTHY } = await import('../../src/node/release/supervise.js');
  const { Sleeper } = await import('../../src/node/power.js');
  const sleeper = power === undefined ? undefined : new Sleeper(power, key, (event) => show(context, event), context.signal);
  let told = false;
  return (round) => {
    void sleeper?.round(round);
    if (metrics !== undefined) replaceFile(metrics, metricsText(round, release()), 0o644);
    if (!told && process.connected) process.send?.(HEALTHY);
    told = true;
  };
}

function ready({ out }: Context, { key, farm, grid, runtime }: NodeConfig, name: string): void {
  out.line({ event: 'ready', node: key, farm, grid, runtime }, () => `watching for node ${key.slice(0, 16)} of grid ${name}, runtime ${runtime}`);
}

function lockNode(lockHome: typeof import('../../src/home.js').lockHome, { home }: Context): Disposable {
  try {
    return lockHome({ ...home, lock: `${home.path}/node.lock` });
  } catch (thrown) {
    if (!(thrown instanceof Problem) || thrown.code !== 'busy') throw thrown;
    throw new Problem('busy', `another process watches for the node of ${home.path} already`, { cause: thrown, reason: 'watcher', hint: '3bot node status' });
  }
}

function show({ out }: Context, event: WatchEvent): void {
  const problem = 'problem' in event && event.problem !== null ? { code: event.problem.code, reason: event.problem.reason ?? null, message: event.problem.message } : null;
  out.line('problem' in event ? { ...event, problem } : event, () => words(event));
}

function words(event: WatchEvent): string {
  const what = 'contract' in event ? `${event.contract.slice(0, 12)}${'workload' in event && event.workload !== null ? ` ${event.workload}` : ''}` : '';
  switch (event.event) {
    case 'book': {
      const why = event.problem === null ? '' : `: ${event.problem.message}`;
      return event.fresh ? `the book is fresh, ${event.lines} lines${why}` : `the book cannot be believed now; what runs goes on, nothing begins or ends${why}`;
    }
    case 'runtime':
      return event.problem === null ? 'the runtime answers again' : `the runtime does not answer: ${event.problem.message}`;
    case 'volumes':
    case 'networks':
    case 'secrets':
    case 'gateway':
      return event.problem === null ? `${event.event}: all right again` : `${event.event}: ${event.problem.message}${event.problem.hint === undefined ? '' : `\n  ${event.problem.hint}`}`;
    case 'meter':
      return event.problem === null ? 'time is confirmed in the book, once a heartbeat' : `time is not confirmed, and so not billed: ${event.problem.message}`;
    case 'sleep':
      return event.problem === null ? 'nothing to do: sent to sleep' : `nothing to do, but it could not be sent to sleep: ${event.problem.message}`;
    case 'machine':
      if (event.problem !== null) return `this machine could not be compared with what is announced: ${event.problem.message}`;
      return `this machine has changed and is announced again: ${event.changes.join(', ')}${event.short === null ? '' : `; it has sold ${event.short} more than it has, and sells nothing until contracts end`}`;
    case 'step':
      return `${what}: ${{ volume: 'volume made', fetch: 'its new image is here', start: 'started', stop: 'stopped', remove: 'removed', wipe: 'wiped' }[event.step]}`;
    case 'step_failed':
      return `${what}: ${event.step} failed: ${event.reason}${event.again_ms === null ? '; not tried again' : `; again in ${event.again_ms / 1_000} s`}`;
    case 'pulling':
      return `${what}: image ${progressWords(event.done, event.total)}`;
    case 'said':
      return `${what}: recorded ${event.state}${event.reason === null ? '' : `: ${event.reason}`}`;
    case 'not_said':
      return `${what}: ${event.state} could not be recorded: ${event.reason}`;
    case 'relay':
      return event.problem === null ? 'at the relay: operators can look inside' : `not at the relay, so nobody can look inside: ${event.problem.message}`;
    case 'look':
      return `${what}: ${event.operator.slice(0, 12)} ${{ logs: 'read logs', stats: 'watched use', exec: 'ran a command' }[event.what]}${event.problem === null ? '' : `: ${event.problem.message}`}`;
    case 'stranger':
      return `${what}: runs here, but the book knows no such contract of this node; left alone`;
  }
}

function parseInterval(text: string): number {
  const span = parseDuration(text);
  if (span < 100 || span > 3_600_000) throw new Problem('usage', `an interval is 100 ms to 1 h, not ${text}`);
  return span;
}
