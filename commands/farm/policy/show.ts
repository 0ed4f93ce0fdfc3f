// 3bot farm policy show
import type { CommandFile } from '../../command.js';
import { openGridOf } from '../../handle.js';
import { ownFarm } from '../terms.js';
import { policyText } from './shared.js';

export const command: CommandFile = {
  about: 'What your farm sells to whom, for how long and at which prices, beside what it has published. No record tells it; buyers learn\nwhat concerns them from an answer. With --json it is the file that farm policy set takes.',
  examples: ['3bot farm policy show', '3bot farm policy show --json > policy.json'],
  async run(context) {
    const { policyOf } = await import('../../../src/farmer/policy/policy.js');
    const { nameOfBot } = await import('../../../src/market/find.js');
    const own = ownFarm(context.home);
    const policy = policyOf(own);
    await using grid = await openGridOf(context, own.grid);
    context.out.list({ json: policy, columns: ['policy', `of farm ${own.name}`], rows: policyText(policy, (key) => nameOfBot(grid.reader, key) ?? key.slice(0, 16)) });
    context.out.next('3bot farm policy test --cpu 4 --for 12h   (what your bot would answer)');
  },
};
