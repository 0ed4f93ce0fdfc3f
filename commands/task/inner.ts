// Runs a command of 3bot within this process, as a task's step: same keys, same questions, and its result as JSON.
import { Problem } from '../../src/base/errors.js';
import type { Output } from '../../src/cli/output.js';
import type { Context } from '../command.js';
import { buildCommand, parseCommand, splitLine, unknownCommand } from '../parse.js';

/**
 * @param words of a command, without 3bot; never a shell's
 * @returns the JSON that it prints; of one that prints several values the last
 * @throws what the command throws
 */
export async function runWords(context: Context, words: readonly string[]): Promise<unknown> {
  const line = splitLine(words);
  if (line.entry === undefined) throw unknownCommand(line);
  const { command } = await line.entry.load();
  const { args, options, flags } = parseCommand(await buildCommand(line.entry, command), line.rest, {});
  // One task, one home folder, one way to be asked: a step brings none of its own.
  if (flags.home !== undefined || flags.passphraseFile !== undefined) throw new Problem('failed', `a step says ${flags.home === undefined ? '--passphrase-file' : '--home'}, which is the task's to say`, { reason: 'recipe' });
  const said: { json: unknown } = { json: null };
  await command.run({ ...context, out: listening(context.out, said), io: aside(context) }, args, options);
  return said.json;
}

/** The voices of a step: its result is heard, its notes are heard by people, its next command is the task's to say. */
function listening(out: Output, said: { json: unknown }): Output {
  return {
    one: ({ json }) => void (said.json = json),
    list: ({ json }) => void (said.json = json),
    line: (json, text) => {
      said.json = json;
      out.note(text());
    },
    note: (text) => out.note(text),
    next: () => undefined,
    paint: out.paint,
  };
}

/** stdout is the task's own: what a step prints there, such as logs, goes to stderr. */
function aside({ io }: Context): Context['io'] {
  return { ...io, stdout: io.stderr, terminal: { ...io.terminal, stdout: io.terminal.stderr } };
}
