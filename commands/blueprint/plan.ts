// 3bot blueprint plan
import type { CommandFile } from '../command.js';
import { EXIT_CODES } from '../failure.js';
import { openDesign, SOURCE_ARGUMENT } from './opened.js';
import { openDesk, planned, planOptions, wishedNow, type PlanOptions } from './planning.js';
import { commandLine, showPlan } from './picture.js';

export const command: CommandFile<PlanOptions> = {
  about: `Shows what apply would do: which contracts are made, changed, replaced and ended, field by field, at which farms, for how much; farms
are asked for exact prices, nothing is held or recorded. The token it ends with ties apply to just this plan: a price, a node or a
record that is another by then is refused. Exit code 0: nothing to do, 8: it would change something, 5: nothing fits, 2: the file is wrong.`,
  arguments: [SOURCE_ARGUMENT],
  options: planOptions,
  examples: ['3bot blueprint plan shop.yaml', '3bot blueprint plan compose.yaml --name shop --set version=1.2', 'token=$(3bot blueprint plan shop.yaml) || 3bot blueprint apply shop.yaml --plan "$token"'],
  async run(context, [named = ''], options) {
    const { isNothing } = await import('../../src/architect/plan/plan.js');
    const opened = await openDesign(context, named, options);
    await using desk = await openDesk(context, options);
    const made = await planned(context, desk, await wishedNow(context, desk, opened));
    showPlan(context, made);
    if (isNothing(made.agreed.plan)) return context.out.next(`3bot blueprint show ${made.agreed.plan.name}`);
    context.out.next(commandLine(['blueprint', 'apply', named], options, made.token));
    // Neither an error nor nothing to do: a script tells by this.
    process.exitCode = EXIT_CODES.not_ready;
  },
};
