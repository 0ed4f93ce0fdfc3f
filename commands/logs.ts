// 3bot logs
import { StringDecoder } from 'node:string_decoder';
import { Problem } from '../src/base/errors.js';
import { parseDuration } from '../src/base/duration.js';
import { scrub } from '../src/cli/output.js';
import type { ContractObject } from '../src/rules/objects.js';
import type { LogsWish } from '../src/schema/types.js';
import type { CommandFile, Context } from './command.js';
import { CONTRACT_ARGUMENT, contractMeant } from './contract/meant.js';
import { GRID_FLAG, type GridFlag } from './handle.js';

interface Options extends GridFlag {
  follow?: true;
  since?: number;
  tail?: number;
  timestamps?: true;
  previous?: true;
}

type Part = { readonly stream: string; readonly bytes: Buffer };

export const command: CommandFile<Options> = {
  about: 'From the node, sealed on its way; where the node is this very home folder, from its disk. A terminal gets the text without what\ncould drive it, a pipe gets the bytes. The last part is there until the data of the contract is wiped, whatever became of the workload.',
  arguments: [CONTRACT_ARGUMENT, ['[workload]', 'its name, where there are several']],
  options: (c) => c
    .option('-f, --follow', 'go on with what is printed from now on, until the workload ends')
    .option('--since <span>', 'only what was printed since then, for example 10m', parseDuration)
    .option('--tail <lines>', 'only so many lines, the last', parseLines)
    .option('--timestamps', 'when each line was printed')
    .option('--previous', 'of what ran before: the last part that the node has kept')
    .option(...GRID_FLAG),
  examples: ['3bot logs 3f2a91c0', '3bot logs 3f2a91c0 web -f --since 10m', '3bot logs 3f2a91c0 --tail 100 --timestamps'],
  async run(context, [text = '', name], options) {
    const { workloadMeant } = await import('../src/consumer/inside.js');
    const { readConfig } = await import('../src/home.js');
    const { openGridOf } = await import('./handle.js');
    const { clock, home, io, flags } = context;
    const wishFor = (contract: ContractObject): LogsWish => ({
      what: 'logs', workload: workloadMeant(contract, name), follow: options.follow === true, previous: options.previous === true, timestamps: options.timestamps === true || flags.json,
      ...(options.since === undefined ? {} : { since: clock() - options.since }), ...(options.tail === undefined ? {} : { tail: options.tail }),
    });
    const write = flags.json ? jsonLines(context) : io.terminal.stdout ? scrubbed(context) : ({ bytes }: Part) => drained(context, bytes);
    const { node } = readConfig(home);
    await using grid = await openGridOf(context, options.grid, true);
    await grid.refresh();
    const contract = await contractMeant(context, grid, text);
    if (node?.key === contract.agreement.node) for await (const part of fromHere(context, contract.id, wishFor(contract))) await write(part);
    else for await (const part of fromNode(context, options, contract, wishFor(contract))) await write(part);
  },
};

/** This home folder's own node: its logs lie here. */
async function* fromHere({ home, signal }: Context, contract: string, wish: LogsWish): AsyncGenerator<Part> {
  const { readConfig } = await import('../src/home.js');
  const { openTools } = await import('../src/node/tools.js');
  const { printed } = await import('../src/node/inside/views.js');
  const { node } = readConfig(home);
  if (node === null) return;
  const { driver } = openTools(home, node, true);
  await using _driver = driver;
  yield* printed(driver, { contract, workload: wish.workload }, wish, wish.timestamps, signal);
}

async function* fromNode(context: Context, { grid: named }: GridFlag, contract: ContractObject, wish: LogsWish): AsyncGenerator<Part> {
  const { lookInside, shown } = await import('../src/consumer/inside.js');
  const { openBuyer } = await import('./deal.js');
  const { home, clock, signal } = context;
  await using opened = await openBuyer(context, named, undefined, true);
  using session = await lookInside({ home, grid: opened.grid, signer: opened.buyer.keyring.signer('bot'), clock, signal }, contract, wish);
  try {
    for await (const part of shown(session.channel)) if (part.kind !== 'said') yield { stream: part.kind, bytes: part.bytes };
  } catch (thrown) {
    // Ended by whoever reads: the session broke off because of that.
    if (!signal.aborted) throw thrown;
  }
}

/** Writes as fast as the reader takes it. */
export async function drained({ io }: Pick<Context, 'io'>, bytes: Buffer | string, to: 'stdout' | 'stderr' = 'stdout'): Promise<void> {
  if (!io[to].write(bytes)) await new Promise((resolve) => io[to].once('drain', resolve));
}

/** For a terminal: text without what could drive it; a character cut in two waits for its other half. */
export function scrubbed(context: Pick<Context, 'io'>, to: 'stdout' | 'stderr' = 'stdout'): (part: Part) => Promise<void> {
  const decoders = new Map<string, StringDecoder>();
  return async ({ stream, bytes }) => {
    const decoder = decoders.get(stream) ?? new StringDecoder('utf8');
    decoders.set(stream, decoder);
    await drained(context, scrub(decoder.write(bytes)), to);
  };
}

/** One object a line: `{stream, time, text}`, time null where nobody noted it. */
function jsonLines({ out }: Context): (part: Part) => Promise<void> {
  const rest = new Map<string, string>();
  const decoders = new Map<string, StringDecoder>();
  return async ({ stream, bytes }) => {
    const decoder = decoders.get(stream) ?? new StringDecoder('utf8');
    decoders.set(stream, decoder);
    const lines = ((rest.get(stream) ?? '') + decoder.write(bytes)).split('\n');
    rest.set(stream, lines.pop() ?? '');
    for (const line of lines) {
      const [whole = '', time = null] = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) /.exec(line) ?? [];
      out.line({ stream, time, text: line.slice(whole.length) }, () => line);
    }
  };
}

/** @throws Problem `usage` */
function parseLines(text: string): number {
  if (!/^[0-9]{1,6}$/.test(text)) throw new Problem('usage', `not a number of lines: ${JSON.stringify(text.slice(0, 50))}`, { hint: '0 to 999999' });
  return Number(text);
}
