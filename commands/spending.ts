// What a command may spend: what a person says yes to, or what a limit allows where nobody is asked.
import { formatTft } from '../src/base/amount.js';
import { Problem } from '../src/base/errors.js';
import type { Context } from './command.js';

/** Something that costs TFT. */
export interface Spending {
  readonly amount: bigint;
  /** Asked at a terminal; ends with a question mark. */
  readonly question: string;
  /** Flag that raises the limit, `--max`. */
  readonly flag: string;
  /** What the flag says, if it was given. */
  readonly max: bigint | undefined;
}

/**
 * Lets a spending pass: within the flag's limit unasked; without that flag a person is asked, and where nobody can be
 * (or `--yes` answers in advance) the config's limit for a command holds.
 * @throws Problem `over_limit` naming the flag, or the cap of the unlock agent; `usage` at "no"
 */
export async function allowSpending(context: Context, { amount, question, flag, max }: Spending): Promise<void> {
  const { home, prompt, flags } = context;
  await checkAgent(context, amount);
  if (max === undefined && prompt.possible && !flags.yes) return prompt.confirm(question);
  const { readConfig } = await import('../src/home.js');
  const limit = max ?? BigInt(readConfig(home).spend.per_command_stroops);
  if (amount <= limit) return;
  const which = max === undefined ? 'the limit of what a command spends unasked' : flag;
  throw new Problem('over_limit', `${formatTft(amount)} TFT is above ${which}, ${formatTft(limit)} TFT; nothing was spent`, { reason: 'limit', hint: `give ${flag} ${formatTft(amount)}` });
}

/** Where the agent signs, its caps hold: better said now than when somebody else has signed already. */
async function checkAgent({ home, io }: Context, amount: bigint): Promise<void> {
  const { agentState } = await import('../src/keys/agent.js');
  const { checkCap } = await import('../src/keys/caps.js');
  const { identityInUse } = await import('../src/keys/unlock.js');
  const agent = await agentState(home, io.env);
  const name = agent === null ? '' : identityInUse(home);
  if (agent?.keyrings.some((keyring) => keyring.type === 'identity' && keyring.name === name) === true) checkCap(agent.caps, amount);
}
