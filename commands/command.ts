// The shape of a command file, and what every command is handed.
//
// A command file has three parts: what it takes (arguments, options), a parser per option that only parses, and a
// `run` that works. It is thin: what it does lives in src/. Heavy modules are imported inside `run`, so that --help
// stays quick. To add one: write commands/<words>.ts, add its line to commands/index.ts, write its script test.
import type { Command } from 'commander';
import type { Clock } from '../src/base/clock.js';
import type { Flags, Io } from '../src/cli/io.js';
import type { Output } from '../src/cli/output.js';
import type { StartProgress } from '../src/cli/progress.js';
import type { Prompt } from '../src/cli/prompt.js';
import type { Home } from '../src/home.js';

/** What a command works with, put together in commands/main.ts and nowhere else. */
export interface Context {
  readonly home: Home;
  readonly flags: Flags;
  readonly io: Io;
  readonly out: Output;
  readonly prompt: Prompt;
  readonly progress: StartProgress;
  readonly clock: Clock;
  /** Ends at SIGINT and SIGTERM; its reason is a Problem `interrupted`. */
  readonly signal: AbortSignal;
}

/**
 * A command. `Options` is what commander makes of the options: `--words-file FILE` becomes `wordsFile`.
 * @example
 * export const command: CommandFile<{ name?: string }> = {
 *   arguments: [['[name]', 'the one in use if left out']],
 *   options: (c) => c.option('--name <name>', 'how you call it'),
 *   examples: ['3bot identity show'],
 *   async run(context, [name], options) { … },
 * };
 */
export interface CommandFile<Options extends object = object> {
  /** Positional arguments as commander writes them (`<file>`, `[name]`, `[more...]`), each with its meaning. */
  readonly arguments?: readonly (readonly [syntax: string, meaning: string])[];
  /** Adds the options; a parser that fails throws Problem `usage`. */
  options?(command: Command): unknown;
  /** Whole command lines for the help; scripts run them. */
  readonly examples: readonly string[];
  /** What the help says below the summary, where a line is not enough. */
  readonly about?: string;
  /**
   * Does the work and says the result through `context.out`.
   * @param args positional arguments in order; variadic ones follow flat, absent ones are missing
   * @throws Problem for everything a person is meant to read; main.ts makes the exit code of it
   */
  run(context: Context, args: readonly string[], options: Options): Promise<void>;
}
