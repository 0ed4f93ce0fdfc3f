// 3bot blueprint apply
import type { CommandFile } from '../command.js';
import { applyOptions, applyWished, type ApplyOptions } from './carrying.js';
import { openDesign, SOURCE_ARGUMENT } from './opened.js';
import { openDesk, planOptions, wishedNow, type PlanOptions } from './planning.js';

export const command: CommandFile<PlanOptions & ApplyOptions> = {
  about: `Makes what runs what the blueprint says. With --plan it does exactly what plan showed under that token, or nothing; without, a terminal
shows the plan and asks, and a script goes ahead up to --max-total. All new contracts are made together or none; services that change
are replaced where they are, one part after the other, each waited for; what is no longer wanted ends when all else works.
After any interruption the same command goes on. The farmer is root on the node and can read what runs there, secrets too.`,
  arguments: [SOURCE_ARGUMENT],
  options: (c) => applyOptions(planOptions(c)),
  examples: ['3bot blueprint apply shop.yaml', '3bot blueprint apply shop.yaml --plan 5f1c…', '3bot blueprint apply compose.yaml --name shop --max-total 20 --set version=1.2'],
  async run(context, [named = ''], options) {
    const opened = await openDesign(context, named, options);
    await using desk = await openDesk(context, options);
    await applyWished(context, desk, await wishedNow(context, desk, opened), ['blueprint', 'plan', named], options);
  },
};
