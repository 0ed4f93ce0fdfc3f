// Questions to a person, on stderr. Nothing here asks without a terminal.
import { Problem } from '../base/errors.js';
import type { Flags, Io } from './io.js';

/** Questions; each names the flag that answers it where nobody can be asked. */
export interface Prompt {
  /** Whether somebody is there to answer. */
  readonly possible: boolean;
  /**
   * Goes on at "yes" or `--yes`.
   * @throws Problem `usage` at "no", or naming `--yes` where nobody can be asked
   */
  confirm(question: string): Promise<void>;
  /** A line of text. @throws Problem `usage` naming `flag` where nobody can be asked */
  text(question: string, flag: string): Promise<string>;
  /** Text that is not shown while typed. @throws Problem `usage` naming `flag` where nobody can be asked */
  secret(question: string, flag: string): Promise<string>;
  /** One of several values. @throws Problem `usage` naming `flag` where nobody can be asked */
  choose<T extends string>(question: string, choices: readonly { readonly value: T; readonly name: string }[], flag: string): Promise<T>;
}

/** The questions of one run of a command; they end when `signal` does. */
export function createPrompt(io: Io, flags: Flags, signal: AbortSignal): Prompt {
  const possible = io.terminal.stdin && io.terminal.stderr && flags.input;
  const context = { input: io.stdin, output: io.stderr, signal };

  async function ask<T>(question: string, flag: string, put: (prompts: typeof import('@inquirer/prompts')) => Promise<T>): Promise<T> {
    if (!possible) {
      const why = flags.input ? 'there is no terminal to ask at' : '--no-input was given';
      throw new Problem('usage', `needed: ${question.toLowerCase()}; ${why}`, { reason: 'no_input', hint: `give ${flag}` });
    }
    try {
      return await put(await import('@inquirer/prompts'));
    } catch (thrown) {
      const name = thrown instanceof Error ? thrown.name : '';
      // Ctrl-C reaches inquirer as a key, not this process as a signal.
      if (name === 'ExitPromptError' || name === 'AbortPromptError') throw new Problem('interrupted', 'interrupted at a question', { cause: thrown });
      throw thrown;
    }
  }

  return {
    possible,
    async confirm(question) {
      if (flags.yes) return;
      const yes = await ask(question, '--yes', ({ confirm }) => confirm({ message: question, default: false }, context));
      if (!yes) throw new Problem('usage', 'you said no; nothing was changed', { reason: 'declined' });
    },
    text: (question, flag) => ask(question, flag, ({ input }) => input({ message: question }, context)),
    secret: (question, flag) => ask(question, flag, ({ password }) => password({ message: question }, context)),
    choose: (question, choices, flag) => ask(question, flag, ({ select }) => select({ message: question, choices: [...choices] }, context)),
  };
}
