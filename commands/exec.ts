// 3bot exec
import { Problem } from '../src/base/errors.js';
import type { Keeper } from '../src/consumer/transcript.js';
import type { Channel } from '../src/net/relay/channel.js';
import type { ExecWish } from '../src/schema/types.js';
import type { CommandFile, Context } from './command.js';
import { CONTRACT_ARGUMENT, contractMeant } from './contract/meant.js';
import { GRID_FLAG, type GridFlag } from './handle.js';

interface Options extends GridFlag {
  interactive?: true;
  tty?: true;
}

/** What a node says when the command has ended. */
interface Closed {
  readonly session: string;
  readonly exit_code: number | null;
  readonly reason: string | null;
  readonly node: number;
  readonly operator: number;
}

export const command: CommandFile<Options> = {
  about: 'Where the agreement says so (3bot reserve --exec) and the farmer allows it. The book says that a session begins before the command\ndoes, and what it ended with; the sealed transcript stays in this home folder. What the command prints on a terminal (-t) is not\nneutralised. The exit code is the command\'s.',
  arguments: [CONTRACT_ARGUMENT, ['<words...>', 'the workload, where there are several, then -- and the command with its arguments']],
  options: (c) => c
    .option('-i, --interactive', 'hand on what is typed here, or comes through a pipe')
    .option('-t, --tty', 'with a terminal of its own')
    .option(...GRID_FLAG),
  examples: ['3bot exec 3f2a91c0 -- ps', '3bot exec -it 3f2a91c0 web -- sh'],
  async run(context, [text = '', ...rest], options) {
    const { lookInside, workloadMeant } = await import('../src/consumer/inside.js');
    const { Keeper } = await import('../src/consumer/transcript.js');
    const { openBuyer } = await import('./deal.js');
    const { home, io, clock, signal } = context;
    if (options.tty === true && !(io.terminal.stdin && io.terminal.stdout)) throw new Problem('usage', '-t needs a terminal, and this is none', { hint: 'leave out -t' });
    let code: number;
    {
      await using opened = await openBuyer(context, options.grid, undefined, true);
      const contract = await contractMeant(context, opened.grid, text);
      const isNamed = rest.length > 1 && contract.workloads.some(({ name }) => name === rest[0]);
      const words = isNamed ? rest.slice(1) : rest;
      const wish: ExecWish = { what: 'exec', workload: workloadMeant(contract, isNamed ? rest[0] : undefined), words: [...words], terminal: options.tty === true ? sizeOf(io) : null };
      using keeper = new Keeper();
      using session = await lookInside({ home, grid: opened.grid, signer: opened.buyer.keyring.signer('bot'), clock, signal }, contract, wish, (channel) => keeper.attach(channel));
      code = await carry(context, session.channel, keeper, contract.id, options);
      // A pipe that nobody closes must not keep this process.
      if (options.interactive === true) io.stdin.destroy();
    }
    process.exitCode = code;
  },
};

type Terminal = NonNullable<ExecWish['terminal']>;

function sizeOf({ stdout }: Pick<Context['io'], 'stdout'>): Terminal {
  const { columns, rows } = stdout as { columns?: number; rows?: number };
  // A terminal that does not know its size says 0.
  return { columns: columns || 80, rows: rows || 24 };
}

/** Both ways until the command has ended. @returns its exit code */
async function carry(context: Context, channel: Channel, keeper: Keeper, contract: string, { interactive, tty }: Options): Promise<number> {
  const { shown } = await import('../src/consumer/inside.js');
  const { drained, scrubbed } = await import('./logs.js');
  const { home, io, out } = context;
  using _raw = tty === true ? rawTerminal(context, channel) : null;
  // A terminal here that is not the command's own gets nothing that could drive it, on either stream.
  const writer = (to: 'stdout' | 'stderr') => (io.terminal[to] && tty !== true ? scrubbed(context, to) : ({ bytes }: { bytes: Buffer }) => drained(context, bytes, to));
  const write = { stdout: writer('stdout'), stderr: writer('stderr') };
  let closed: Closed | undefined;
  for await (const part of shown(channel)) {
    if (part.kind === 'said') {
      const { opened } = part.said as { opened?: unknown };
      if (typeof opened === 'string' && /^[0-9a-f]{64}$/.test(opened)) {
        keeper.begin(home, contract, opened);
        void type(context, channel, interactive === true);
      }
      if ('closed' in part.said) closed = closedOf(part.said['closed']);
    } else if (part.kind !== 'json') await write[part.kind]({ stream: part.kind, bytes: part.bytes });
  }
  if (closed === undefined) throw new Problem('malformed', 'the node did not say how the command ended');
  keeper.end({ node: closed.node, operator: closed.operator });
  if (closed.exit_code === null) throw new Problem('failed', closed.reason ?? 'the command did not end by itself');
  if (tty !== true) out.next(`3bot session verify ${closed.session.slice(0, 12)}`);
  return closed.exit_code;
}

/** @param value what the node says @throws Problem `malformed` */
function closedOf(value: unknown): Closed {
  const { session, exit_code, reason, node, operator } = (value ?? {}) as Partial<Record<keyof Closed, unknown>>;
  const isWhole = (count: unknown): count is number => Number.isSafeInteger(count) && (count as number) >= 0;
  const isEnd = exit_code === null || (Number.isInteger(exit_code) && Math.abs(exit_code as number) < 2 ** 31);
  if (typeof session !== 'string' || !/^[0-9a-f]{64}$/.test(session) || !isEnd || (reason !== null && typeof reason !== 'string') || !isWhole(node) || !isWhole(operator)) throw new Problem('malformed', 'the node says in no known way how the command ended');
  return { session, exit_code: exit_code as number | null, reason, node, operator };
}

/** Hands on what is typed; without -i the command has nothing to read. */
async function type({ io }: Context, channel: Channel, interactive: boolean): Promise<void> {
  try {
    if (interactive) for await (const part of io.stdin as AsyncIterable<Buffer>) await channel.sendAll('stdout', part);
    await channel.sendJson({ end: true });
  } catch {
    // The session is over, and says why itself.
  }
}

/** Keys one by one, and the size whenever it changes; as it was on disposal. */
function rawTerminal({ io }: Context, channel: Channel): Disposable {
  const stdin = io.stdin as typeof process.stdin;
  const resized = (): void => void channel.sendJson({ terminal: sizeOf(io) }).catch(() => undefined);
  stdin.setRawMode(true);
  io.stdout.on('resize', resized);
  return {
    [Symbol.dispose]() {
      io.stdout.off('resize', resized);
      stdin.setRawMode(false);
      stdin.pause();
    },
  };
}
