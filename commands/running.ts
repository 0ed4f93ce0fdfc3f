// The flags that say what runs; quote, reserve and deploy take the same.
import type { Command } from 'commander';
import type { Resolved } from '../src/consumer/images.js';
import type { Purpose } from '../src/consumer/networks.js';
import type { GivenSecret } from '../src/consumer/secrets.js';
import type { WorkloadWords } from '../src/consumer/workload.js';
import type { Grid } from '../src/net/grid.js';
import type { Workload } from '../src/schema/types.js';
import { collect } from './collect.js';
import type { Context } from './command.js';

/** Flags that say what runs. */
export interface RunOptions {
  workload?: string;
  image?: string;
  command?: string;
  entrypoint?: string;
  env?: string[];
  port?: string[];
  workdir?: string;
  user?: string;
  readOnly?: true;
  tmpfs?: string[];
  mount?: string[];
  ulimit?: string[];
  limits?: string;
  restart?: string;
  health?: string;
  stopSignal?: string;
  stopGrace?: string;
  web?: string[];
  registryLogin?: string;
  network?: string;
}

/** Adds the flags that say what runs. */
export function runOptions(command: Command): Command {
  return command
    .option('--workload <file>', 'all of it as JSON instead of the flags below, one workload or {"workloads": […]}; - for stdin')
    .option('--image <image>', 'what runs: host/path:tag, which stands in the contract as what it is now, or host/path@sha256:… (needs a node with podman)')
    .option('--registry-login <name>', 'the secret (--secret) that is the login for the image\'s registry, {"username": …, "password": …}; the workload does not see it')
    .option('--command <words>', 'command line, split at spaces; alone for a node with the process runtime')
    .option('--entrypoint <words>', 'in place of the image\'s own')
    .option('--env <name=value>', 'a variable, public; repeat for more', collect)
    .option('--port <port>', 'publish this port of the workload, 80 or 53/udp; repeat for more', collect)
    .option('--web <name:port>', 'a web name that the node\'s gateway sends to this port of the workload: shop.example.org:80, or shop:80 below its domain; repeat for more', collect)
    .option('--network <name>', 'your private network that it is in, at the next free address (3bot network create)')
    .option('--workdir <path>', 'folder in which it starts')
    .option('--user <user[:group]>', 'who it runs as: name or number')
    .option('--read-only', 'its root cannot be written, only volume and --tmpfs')
    .option('--tmpfs <path=size>', 'a folder in its memory, for example /tmp=64MiB; repeat for more', collect)
    .option('--mount <folder:path[:ro]>', 'a folder of the volume at a path, or the whole volume: /srv (default: all of it at /data); repeat for more', collect)
    .option('--ulimit <name=soft[:hard]>', 'for example nofile=1024:4096; repeat for more', collect)
    .option('--limits <cpu/memory[/processes]>', 'its part of the contract, for example 0.5/256MiB (default: the same for each workload)')
    .option('--restart <policy>', 'when it ends: never (a batch), on-failure or always, after pauses that double (default: it is not started again)')
    .option('--health <check>', 'how the node sees that it works: http:80/path, tcp:5432, or a command within it; it is ready when it is healthy')
    .option('--stop-signal <signal>', 'how it is asked to end (default: SIGTERM)')
    .option('--stop-grace <duration>', 'how long it gets before it is killed (default: 10s)');
}

/**
 * The workloads that the flags or the file describe; none where nothing is to run.
 * @param name of the workload where it is not in the file
 * @throws Problem `usage` that names the flag or field; `refused` where they contradict themselves
 */
export async function workloadsAsked({ io }: Pick<Context, 'io'>, name: string, { workload: file, network: _, ...flags }: RunOptions): Promise<Workload[]> {
  const { parseWorkloads, workloadOf } = await import('../src/consumer/workload.js');
  const words = wordsOf(flags);
  if (file === undefined) {
    const workload = workloadOf(name, words);
    return workload === undefined ? [] : [workload];
  }
  const { Problem } = await import('../src/base/errors.js');
  const { MAX_RECORD_BYTES } = await import('../src/base/limits.js');
  const { readInput, readText } = await import('./files.js');
  if (Object.values(words).some((value) => value !== undefined)) throw new Problem('usage', '--workload says all of it; leave out the other flags of what runs');
  return parseWorkloads(file === '-' ? await readInput(io, MAX_RECORD_BYTES) : readText(file, MAX_RECORD_BYTES), name);
}

/** The same with every tag as what it stands for now, which is said. @throws Problem as `resolveImages` */
export async function resolved({ out, flags, signal }: Context, workloads: readonly Workload[], given: readonly GivenSecret[]): Promise<Pick<Resolved, 'workloads' | 'platforms'>> {
  const { resolveImages } = await import('../src/consumer/images.js');
  const result = await resolveImages(workloads, given, signal);
  if (!flags.json) for (const note of result.notes) out.note(note);
  return result;
}

/**
 * The same in the network that was named, each at an address of its own.
 * @param key of who buys, hex: one that speaks for a bot
 * @throws Problem `not_found`; `refused` where none is left
 */
export async function inNetwork(grid: Grid, key: string, workloads: readonly Workload[], { network }: Pick<RunOptions, 'network'>, purpose: Purpose): Promise<Workload[]> {
  if (network === undefined) return [...workloads];
  const { findNetwork, placed } = await import('../src/consumer/networks.js');
  const { actsFor } = await import('../src/rules/identity.js');
  return placed(grid.reader, findNetwork(grid.reader, actsFor(grid.reader, key), network), workloads, purpose, grid.clock());
}

/** Those of a command's flags that describe a workload. */
function wordsOf({ image, command, entrypoint, env, port, workdir, user, readOnly, tmpfs, mount, ulimit, limits, web, restart, health, stopSignal, stopGrace, registryLogin }: RunOptions): WorkloadWords {
  return { image, command, entrypoint, env, port, workdir, user, readOnly, tmpfs, mount, ulimit, limits, web, restart, health, stopSignal, stopGrace, registryLogin };
}
