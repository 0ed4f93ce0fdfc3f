// 3bot blueprint rollback
import { Problem } from '../../src/base/errors.js';
import type { Revision } from '../../src/architect/plan/revisions.js';
import { collect } from '../collect.js';
import type { CommandFile } from '../command.js';
import { EXIT_CODES } from '../failure.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';
import { secretsGiven } from '../secrets.js';
import { ACCOUNT_FLAG, type AccountFlag } from '../wallet/account.js';
import { applyOptions, applyWished, type ApplyOptions } from './carrying.js';
import { commandLine, showPlan } from './picture.js';
import { openDesk, parseBlueprintName, planned, type Wished } from './planning.js';

interface Options extends GridFlag, AccountFlag, ApplyOptions {
  to?: number;
  dryRun?: true;
  secret?: string[];
}

export const command: CommandFile<Options> = {
  about: `Puts back what was applied before, as a plan of its own: the same images, by digest, the same secrets, the same capacity. A secret
that was another then is given again: its node has wiped it. What has changed in a volume meanwhile stays as it is. --dry-run shows the plan and its token, as blueprint plan does, with the same exit codes.
A service that does not work after an update is rolled back by its node, without this command.`,
  arguments: [['<name>', 'of a blueprint that was applied here']],
  options: (c) => applyOptions(c)
    .option('--to <revision>', 'which one, of blueprint show (default: the last one before the present that was applied)', parseRevision)
    .option('--secret <name=@file>', 'a secret as it was then, where it is another now; NAME=- reads stdin, NAME alone asks', collect)
    .option('--dry-run', 'show what it would do, and change nothing')
    .option(...ACCOUNT_FLAG)
    .option(...GRID_FLAG),
  examples: ['3bot blueprint rollback shop', '3bot blueprint rollback shop --to 3 --dry-run', '3bot blueprint rollback shop --secret password=@old-password'],
  async run(context, [text = ''], options) {
    const { isNothing } = await import('../../src/architect/plan/plan.js');
    const { wishesIn } = await import('../../src/architect/plan/wish.js');
    const name = parseBlueprintName(text);
    const given = await secretsGiven(context, options.secret === undefined ? {} : { secret: options.secret });
    await using desk = await openDesk(context, options);
    const target = targetOf(name, desk.revisions.of(name), options.to);
    const wished: Wished = {
      name, hash: target.design, origin: { from: `rollback to ${target.revision}`, inputs: target.origin.inputs }, given,
      wishes: wishesIn(target.agreed.plan), network: target.agreed.plan.network !== null,
    };
    const again = ['blueprint', 'rollback', name, '--to', String(target.revision)];
    if (options.dryRun !== true) return await applyWished(context, desk, wished, [...again, '--dry-run'], options);
    const made = await planned(context, desk, wished);
    showPlan(context, made);
    if (isNothing(made.agreed.plan)) return;
    context.out.next(commandLine(again, options, made.token));
    process.exitCode = EXIT_CODES.not_ready;
  },
};

/** @throws Problem `usage` */
function parseRevision(text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new Problem('usage', `not a revision: ${JSON.stringify(text.slice(0, 50))}`, { hint: '3bot blueprint show NAME lists them' });
  return Number(text);
}

/** @throws Problem `not_found` */
function targetOf(name: string, revisions: readonly Revision[], to: number | undefined): Revision {
  const [present] = revisions;
  if (present === undefined) throw new Problem('not_found', `no blueprint ${name} was applied with this home folder`, { reason: 'blueprint', hint: '3bot blueprint list' });
  // Going back from a rollback is going on to what was before it, not to what it has put back.
  const found = to === undefined ? revisions.find((one) => one.revision < present.revision && one.state === 'applied' && one.design !== present.design) : revisions.find((one) => one.revision === to);
  if (found === undefined) throw new Problem('not_found', to === undefined ? `nothing else of ${name} was applied before` : `${name} has no revision ${to}`, { reason: 'revision', hint: `3bot blueprint show ${name}` });
  return found;
}
