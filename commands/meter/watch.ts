// 3bot meter watch
import type { CommandFile } from '../command.js';
import { Problem } from '../../src/base/errors.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';
import { openMeter } from './shared.js';

export const command: CommandFile<GridFlag & { connect: Target }> = {
  about: 'Your bot as meter of a node, for as long as this runs: before each entry it connects to what the node should answer at, and makes\nnone when that fails. Contracts that name your bot as meter are not billed for such time.',
  arguments: [['<node>', 'key, or its first digits']],
  options: (c) => c
    .requiredOption('--connect <host:port>', 'what must accept a TCP connection, such as a workload of the contract', parseTarget)
    .option(...GRID_FLAG),
  examples: ['3bot meter watch 1c110e12 --connect 192.0.2.7:32001'],
  async run(context, [text = ''], { grid: named, connect }) {
    const { watchNode } = await import('../../src/market/meter.js');
    const { out, signal } = context;
    await using metering = await openMeter(context, text, named, true);
    const { grid, signer, node } = metering;
    out.line({ event: 'ready', node, meter: `bot/${signer.key}`, connect: `${connect.host}:${connect.port}` }, () => `metering node ${node.slice(0, 12)} as bot ${signer.key.slice(0, 12)} by ${connect.host}:${connect.port}`);
    let before: string | null | undefined;
    await watchNode({
      grid, signer, node, signal, check: () => reach(connect, signal),
      tell: (why) => {
        if (why !== null && why === before) return;
        before = why;
        out.line({ event: why === null ? 'confirmed' : 'not_confirmed', node, reason: why }, () => (why === null ? 'confirmed' : `not confirmed: ${why}`));
      },
    });
  },
};

/** What is connected to. */
interface Target {
  readonly host: string;
  readonly port: number;
}

/** How long a connection may take. */
const CONNECT_MS = 3_000;

/** Null once a connection was accepted; else why none was. */
async function reach({ host, port }: Target, signal: AbortSignal): Promise<string | null> {
  const { connect } = await import('node:net');
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal: AbortSignal.any([signal, AbortSignal.timeout(CONNECT_MS)]) });
    socket.once('connect', () => {
      socket.destroy();
      resolve(null);
    });
    socket.once('error', (error) => resolve(`${host}:${port} cannot be reached: ${error.name === 'AbortError' ? 'it does not answer' : error.message}`));
  });
}

/** @throws Problem `usage` */
function parseTarget(text: string): Target {
  const parts = /^(\[[0-9a-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253}):([0-9]{1,5})$/i.exec(text);
  const port = Number(parts?.[2] ?? 0);
  if (parts?.[1] === undefined || port < 1 || port > 65_535) throw new Problem('usage', `not an address to connect to: ${JSON.stringify(text.slice(0, 100))}`, { hint: 'HOST:PORT, for example 192.0.2.7:32001' });
  return { host: parts[1].replace(/^\[|\]$/g, ''), port };
}
