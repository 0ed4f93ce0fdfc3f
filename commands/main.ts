// The entry: finds the command, hands it what it works with, makes exit codes of failures.
// Imports almost nothing at first, because --help and --version must answer at once.
import { readFileSync } from 'node:fs';
import { Problem } from '../src/base/errors.js';
import { processIo, type Io } from '../src/cli/io.js';
import type { Context } from './command.js';
import { EXIT_CODES, exitCodeOf, failureText } from './failure.js';
import { overview } from './help.js';
import type { Entry } from './index.js';
import { buildCommand, hasFlag, helpOf, parseCommand, splitLine, unknownCommand } from './parse.js';

/** What `3bot` alone does: it says what to do next. */
const START: Entry = { words: '', summary: 'what to do next', load: () => import('./start.js') };

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The one composition root. */
async function contextOf(io: Io, flags: Context['flags'], signal: AbortSignal): Promise<Context> {
  const [{ openHome }, { createOutput }, { createPrompt }, { createProgress }, { systemClock }] = await Promise.all([
    import('../src/home.js'), import('../src/cli/output.js'), import('../src/cli/prompt.js'), import('../src/cli/progress.js'), import('../src/base/clock.js'),
  ]);
  return {
    home: openHome(flags.home), flags, io, signal, clock: systemClock,
    out: createOutput(io, flags), prompt: createPrompt(io, flags, signal), progress: createProgress(io, flags),
  };
}

/** `3bot help …`: a topic, else what --help says of a command or of all. */
async function help(argv: readonly string[], io: Io, signal: AbortSignal): Promise<void> {
  const at = argv.indexOf('help');
  const words = argv.slice(at + 1).filter((token) => !token.startsWith('-'));
  const text = words.length === 0 ? undefined : (await import('./topics.js')).topicText(words);
  if (text === undefined) return main([...argv.slice(0, at), ...argv.slice(at + 1), '--help'], io, signal);
  io.stdout.write(text);
}

async function main(argv: readonly string[], io: Io, signal: AbortSignal): Promise<void> {
  if (argv[0] === '__complete') return void io.stdout.write(await (await import('./complete.js')).completeText(argv.slice(1), io.env));
  const line = splitLine(argv);
  const isBare = line.words.length === 0 && line.word === undefined;
  if (line.words.length === 0 && line.word === 'help') return help(argv, io, signal);
  if (isBare && hasFlag(argv, '--version', '-V')) {
    io.stdout.write(hasFlag(argv, '--json') ? `${JSON.stringify({ version: version() })}\n` : `${version()}\n`);
    return;
  }
  const wantsHelp = hasFlag(argv, '--help', '-h');
  if (wantsHelp && line.entry === undefined && line.word === undefined) {
    io.stdout.write(overview(line.words));
    return;
  }
  const entry = line.entry ?? (isBare ? START : undefined);
  if (entry === undefined) throw unknownCommand(line);

  const { command } = await entry.load();
  const built = await buildCommand(entry, command);
  if (wantsHelp) {
    io.stdout.write(helpOf(built));
    return;
  }
  const { args, options, flags } = parseCommand(built, line.rest, io.env);
  await command.run(await contextOf(io, flags, signal), args, options);
}

const io = processIo();
const argv = process.argv.slice(2);
const controller = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    // The second time nobody wants to wait for an orderly end.
    if (controller.signal.aborted) process.exit(EXIT_CODES.interrupted);
    controller.abort(new Problem('interrupted', `stopped by ${name}`));
  });
}
// Whoever reads our output has seen enough (`3bot … | head -1`).
for (const stream of [io.stdout, io.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

try {
  await main(argv, io, controller.signal);
} catch (thrown) {
  // What an interruption broke is its consequence; a Problem may still say how to go on.
  const failure: unknown = controller.signal.aborted && !(thrown instanceof Problem) ? controller.signal.reason : thrown;
  process.exitCode = exitCodeOf(failure);
  io.stderr.write(failureText(failure, hasFlag(argv, '--json'), Boolean(io.env['THREEBOT_DEBUG'])));
}
if (controller.signal.aborted) process.exitCode = EXIT_CODES.interrupted;
