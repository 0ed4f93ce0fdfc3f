// How fast the program answers when it has nothing to do.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { figure, median, type Figure } from './measure.js';

const BIN = fileURLToPath(new URL('../../../bin/3bot.js', import.meta.url));
const RUNS = 15;

function milliseconds(args: readonly string[]): number {
  const start = performance.now();
  const done = spawnSync(process.execPath, args, { stdio: 'ignore' });
  if (done.status !== 0) throw new Error(`${args.join(' ')} ended with ${done.status}`);
  return performance.now() - start;
}

/** Measures `--version` and help, of all and of the commands with the most flags, in turn with `node -e 0`. */
export function benchStart(): Figure[] {
  const times: Record<'node' | 'version' | 'help' | 'reserve' | 'join', number[]> = { node: [], version: [], help: [], reserve: [], join: [] };
  for (let i = 0; i < RUNS; i++) {
    times.node.push(milliseconds(['-e', '0']));
    times.version.push(milliseconds([BIN, '--version']));
    times.help.push(milliseconds([BIN, '--help']));
    times.reserve.push(milliseconds([BIN, 'reserve', '--help']));
    times.join.push(milliseconds([BIN, 'node', 'join', '--help']));
  }
  const node = median(times.node);
  return [
    figure('3bot --version', 'ms', median(times.version), 'node -e 0', node, 'at most 60 ms above'),
    figure('3bot --help', 'ms', median(times.help), 'node -e 0', node, 'at most 60 ms above'),
    figure('3bot reserve --help', 'ms', median(times.reserve), 'node -e 0', node, 'at most 60 ms above'),
    figure('3bot node join --help', 'ms', median(times.join), 'node -e 0', node, 'at most 60 ms above'),
  ];
}
