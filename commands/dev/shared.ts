// What dev up, run and demo share: flags of the grid, and its steps shown to a person.
import type { Command } from 'commander';
import { Problem } from '../../src/base/errors.js';
import type { DevGrid, DevOptions, Step } from '../../src/dev/grid.js';
import type { Picked, Runtime } from '../../src/dev/runtime.js';
import { collect } from '../collect.js';
import type { Context } from '../command.js';
import { parseHeartbeat } from '../heartbeat.js';

/** Flags of the grid. */
export interface DevFlags {
  dir?: string;
  keep?: true;
  runtime?: Runtime;
  nodes?: number;
  farms?: number;
  declare?: string;
  measured?: true;
  heartbeat?: string;
  allowRegistry?: string[];
}

/** What each node sells where nobody says otherwise: enough for `reserve --cpu 4 --sru 100` on any laptop. */
const DECLARED = '8/16/500/0';
const MAX_NODES = 8;

/** Adds them. */
export function devOptions(command: Command): Command {
  return command
    .option('--runtime <runtime>', 'podman or process (default: podman where it works, else process, which isolates nothing)', parseRuntime)
    .option('--nodes <count>', 'how many nodes, at most 8 (default: 1)', parseNodes)
    .option('--farms <count>', 'how many farms the nodes belong to, by turns, each farm in a region of its own (default: 1)', parseNodes)
    .option('--declare <cpu/memory/ssd/hdd>', `what each node sells, sizes in GiB (default: ${DECLARED}); recorded as declared, not measured`)
    .option('--heartbeat <span>', 'how often nodes confirm that time is covered (default: 10s)', checkHeartbeat)
    .option('--allow-registry <registry>', 'a private registry that images may come from, for example 127.0.0.1:5000; repeat for more', collect)
    .option('--measured', 'sell what this machine really has')
    .option('--dir <folder>', 'an empty or new folder for it, which is kept (default: a temporary one)')
    .option('--keep', 'keep the temporary folder, with books, keys and receipts');
}

/** What is said where nothing is isolated. */
export function runtimeNote({ runtime, instead }: Picked): string | undefined {
  const nothing = 'the runtime is process: nothing is isolated, a workload can read and do whatever you can';
  if (runtime === 'podman') return undefined;
  return instead === null ? nothing : `${instead.why}, so ${nothing}; for containers: ${instead.remedy}`;
}

/** Starts the grid that the flags describe, with a line of progress; says what took how long on a terminal. */
export async function startDev(context: Context, flags: DevFlags, { runtime }: Picked, onStep: (step: Step) => void = () => undefined): Promise<DevGrid> {
  const { DevGrid: Grid } = await import('../../src/dev/grid.js');
  if (flags.declare !== undefined && flags.measured) throw new Problem('usage', '--declare and --measured exclude each other');
  const { nodes = 1, farms = 1 } = flags;
  if (farms > nodes) throw new Problem('usage', `${farms} farms need at least as many nodes`, { hint: `--nodes ${farms} --farms ${farms}` });
  using progress = await context.progress('starting a grid on this machine');
  const options: DevOptions = {
    folder: flags.dir, keep: flags.keep === true || flags.dir !== undefined, runtime, nodes, farms,
    declare: flags.measured ? null : (flags.declare ?? DECLARED), heartbeat: flags.heartbeat, registries: flags.allowRegistry ?? [], signal: context.signal,
    onStep: (step) => {
      progress.say(step.name);
      onStep(step);
    },
  };
  return Grid.start(options);
}

/** The text itself, which is handed on. @throws Problem `usage` */
function checkHeartbeat(text: string): string {
  parseHeartbeat(text);
  return text;
}

/** @throws Problem `usage` */
export function parseRuntime(text: string): Runtime {
  if (text !== 'podman' && text !== 'process') throw new Problem('usage', `not a runtime: ${JSON.stringify(text.slice(0, 50))}`, { hint: 'podman or process' });
  return text;
}

/** Of nodes or farms. @throws Problem `usage` */
function parseNodes(text: string): number {
  const count = Number(text);
  if (!/^[0-9]+$/.test(text) || count < 1 || count > MAX_NODES) throw new Problem('usage', `not a count: ${JSON.stringify(text.slice(0, 50))}`, { hint: `1 to ${MAX_NODES}` });
  return count;
}
