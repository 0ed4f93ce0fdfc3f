// What apply and rollback share: a yes to a plan, or its token, and then its steps until all of it works.
import type { Command } from 'commander';
import { formatTft, parseTft } from '../../src/base/amount.js';
import { Problem } from '../../src/base/errors.js';
import type { ApplyParts } from '../../src/architect/plan/apply.js';
import type { Revision } from '../../src/architect/plan/revisions.js';
import type { Context } from '../command.js';
import { waitOptions, TIMEOUT_MS, type WaitOptions } from '../waiting.js';
import { commandLine, planText } from './picture.js';
import { planned, type Desk, type Planned, type PlanOptions, type Wished } from './planning.js';
import { showApplied } from './shown.js';

/** Flags of carrying out. */
export interface ApplyOptions extends WaitOptions {
  plan?: string;
  maxTotal?: bigint;
}

/** Adds them. */
export function applyOptions(command: Command): Command {
  return waitOptions(command)
    .option('--plan <token>', 'exactly what was shown under this token, or nothing', parseToken)
    .option('--max-total <tft>', 'go ahead unasked up to this total (without a terminal the default is spend.per_command of the config)', parseTft);
}

/** @throws Problem `usage` */
function parseToken(text: string): string {
  if (/^[0-9a-f]{32}$/.test(text)) return text;
  throw new Problem('usage', `not a token: ${JSON.stringify(text.slice(0, 100))}`, { hint: '32 hex digits, as 3bot blueprint plan ends with' });
}

/**
 * Agrees on what is to be done and does it, or goes on with what was interrupted; shows what runs then.
 * @param again words of the command that shows the plan as it is now
 * @throws Problem as `planned` and `carryOut`; `refused`, reason `plan`, where it is not the plan of the token
 */
export async function applyWished(context: Context, desk: Desk, wished: Wished, again: readonly string[], options: ApplyOptions & PlanOptions): Promise<void> {
  const revision = interrupted(context, desk, wished, options.plan) ?? (await agreed(context, desk, wished, again, options));
  if (revision !== null) await carried(context, desk, wished, revision, options);
  const parts = await showApplied(context, desk, wished.name);
  // Where nothing was to be done nobody has waited for anything.
  const ill = parts.find(({ contract }) => contract.reason !== null);
  if (ill !== undefined) throw new Problem('failed', `${ill.part}: ${ill.contract.reason ?? ''}`, { reason: 'workload', hint: `3bot logs ${ill.contract.name ?? ill.contract.id.slice(0, 12)}` });
  context.out.next(`3bot blueprint show ${wished.name}`);
}

/** What stopped half-way and is wanted still: it was agreed on, and farms may hold capacity for it. */
function interrupted({ out }: Context, { revisions }: Desk, { name, hash }: Wished, token: string | undefined): Revision | undefined {
  const [last] = revisions.of(name);
  if (last?.state !== 'applying') return undefined;
  if (token === undefined ? last.design !== hash : last.token !== token) return undefined;
  out.note(`going on with revision ${last.revision}, which was interrupted`);
  return last;
}

/** Null where there is nothing to do. */
async function agreed(context: Context, desk: Desk, wished: Wished, again: readonly string[], options: ApplyOptions & PlanOptions): Promise<Revision | null> {
  const { effect } = await import('../../src/base/effect.js');
  const { isNothing } = await import('../../src/architect/plan/plan.js');
  const { demandFunds } = await import('../../src/architect/plan/price.js');
  const { allowSpending } = await import('../spending.js');
  const { out, prompt, flags, io } = context;
  const { name, hash, origin } = wished;
  const made = await planned(context, desk, wished);
  const nothing = isNothing(made.agreed.plan);
  if (nothing && (options.plan === undefined || desk.revisions.of(name)[0]?.token === options.plan)) {
    out.note(`${name}: nothing to do, the book says all of it already`);
    return null;
  }
  await demandToken(desk, made, commandLine(again, options), options.plan);
  demandFunds(desk.session.buyer, made.sums.pays);
  if (!flags.json && io.terminal.stderr && options.plan === undefined) out.note(planText(made, out.paint));
  const isAgreed = options.plan !== undefined && prompt.possible && options.maxTotal === undefined;
  if (!isAgreed) await allowSpending(context, { amount: made.sums.pays, question: `Apply this${made.sums.pays === 0n ? '' : ` for ${formatTft(made.sums.pays)} TFT`}?`, flag: '--max-total', max: options.maxTotal });
  return effect('revision_begun', () => desk.revisions.begin(name, { token: made.token, design: hash, origin, agreed: made.agreed }, desk.now()));
}

/** @throws Problem `refused`, reason `plan` */
async function demandToken({ revisions }: Desk, made: Planned, again: string, token: string | undefined): Promise<void> {
  if (token === undefined || token === made.token) return;
  const { changesSince } = await import('../../src/architect/plan/token.js');
  const shown = revisions.shown(token);
  const what = shown === undefined ? 'it was not shown here, or long ago' : changesSince(shown, made.agreed).join('; ');
  throw new Problem('refused', `it would not be what was shown under this token: ${what}; nothing was done`, { reason: 'plan', hint: `${again} shows it as it is now` });
}

async function carried(context: Context, { session, data, revisions, salting }: Desk, { given }: Wished, revision: Revision, { wait, timeout }: ApplyOptions): Promise<void> {
  const { carryOut, stepText } = await import('../../src/architect/plan/apply.js');
  const { stepsOf } = await import('../../src/architect/plan/steps.js');
  const { out, home, io } = context;
  const count = stepsOf(revision.agreed.plan).length;
  let number = 0;
  using progress = await context.progress(`applying ${revision.name}`);
  const said = new Set<string>();
  const onStep: ApplyParts['onStep'] = (step, state, why) => {
    if (state === 'begun') progress.say(`${(number += 1)} of ${count}: ${stepText(step)}`);
    if (state === 'done' && io.terminal.stderr) progress.aside(() => out.note(`✓ ${step.do === 'wait' ? `${step.part} is ${wait ?? 'ready'}` : stepText(step)}`));
    const news = why.filter((one) => !said.has(one));
    for (const one of news) said.add(one);
    if (news.length > 0) progress.aside(() => out.note(news.join('\n')));
  };
  await carryOut({ ...session.buyer, home, private: data, revisions, given, salting, goal: wait ?? 'ready', timeout_ms: timeout ?? TIMEOUT_MS, onStep }, revision);
}
