// 3bot grid policy
import type { CommandFile, Context } from '../command.js';
import type { Grid } from '../../src/net/grid.js';
import type { GridShare, Policy } from '../../src/schema/types.js';
import { parseTft } from '../../src/base/amount.js';
import { parseDuration } from '../../src/base/duration.js';
import { Problem } from '../../src/base/errors.js';
import { formatPercent, parsePercent } from '../../src/capacity/percent.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';

/** A share as it was typed; account null: burned. */
interface TypedShare {
  readonly account: string | null;
  readonly share_ppm: number;
}

interface Options extends GridFlag {
  rules?: Policy['rules'];
  share?: TypedShare[];
  mintCap?: bigint | 'none';
  mintPeriod?: number;
  draft?: string;
}

export const command: CommandFile<Options> = {
  about: 'Shows which rules the grid runs, what it takes of every contract, and how much may be minted.\nGovernance changes it for agreements from then on; contracts in force keep their payees. What no flag names stays.\nA sole governor signs at once; where several govern, a draft is written for 3bot sign, and whoever signs last records it.',
  options: (c) => c
    .option('--rules <version>', 'run these rules from now on; they only rise', parseRules)
    .option('--share <share>', 'what every new agreement pays, in place of all shares so far: grid:ACCOUNT:2% or burn:1%, repeat for both; none: nothing', parseShare)
    .option('--mint-cap <tft>', 'the most that farms may mint for one period; none: only the maximum supply bounds it', (text: string) => (text === 'none' ? text : parseTft(text)))
    .option('--mint-period <duration>', 'on a development grid: how long a period of minting is', parseDuration)
    .option('--draft <file>', 'where a draft is written (default: GRID-policy.json)')
    .option(...GRID_FLAG),
  examples: ['3bot grid policy', '3bot grid policy --rules 2', '3bot grid policy --share grid:GAAZI4TCR3TY5OJHCTJC2A4QSY6CJWJH5IAJTGKIN2ER7LBNVKOCCWN7:2% --share burn:1%', '3bot grid policy --mint-cap 100000'],
  async run(context, _args, options) {
    const { openGridOf } = await import('../handle.js');
    const { policyChange } = await import('../../src/net/governance.js');
    const { openIdentity, signOrDraft } = await import('../drafts.js');
    const { rules, share, mintCap, mintPeriod, draft } = options;
    await using grid = await openGridOf(context, options.grid);
    await grid.refresh();
    if (rules === undefined && share === undefined && mintCap === undefined && mintPeriod === undefined) return await show(context, grid);
    const change = {
      ...(rules === undefined ? {} : { rules }),
      ...(share === undefined ? {} : { shares: share.length === 0 ? null : await sharesOf(grid, share) }),
      ...(mintCap === undefined ? {} : { mint_cap_stroops: mintCap === 'none' ? null : mintCap.toString() }),
      ...(mintPeriod === undefined ? {} : { mint_period_ms: mintPeriod }),
    };
    await signOrDraft(context, grid, policyChange(grid, change), await openIdentity(context), draft ?? `${grid.name}-policy.json`);
  },
};

async function show({ out }: Context, grid: Grid): Promise<void> {
  const { formatTft, GRID_MONEY } = await import('../../src/base/amount.js');
  const { addressOf } = await import('../../src/keys/did.js');
  const { policyOf } = await import('../../src/rules/governance.js');
  const { readGrid } = await import('../../src/rules/objects.js');
  const { rules, shares = [], mint_cap_stroops: cap, mint_period_ms: period = null } = policyOf(readGrid(grid.reader));
  const mint_cap = cap === undefined ? null : formatTft(BigInt(cap));
  out.one({
    json: { grid: grid.id, rules, shares, mint_cap, mint_period_ms: period },
    text: () => [
      `rules     ${rules}`,
      ...shares.map(({ account, role, share_ppm }) => `${role.padEnd(10)}${formatPercent(share_ppm)} of every new agreement ${account === null ? 'no longer exists' : `goes to ${addressOf(account)} (${GRID_MONEY})`}`),
      ...(shares.length === 0 ? ['shares    none: all of what is billed goes to farmers and architects'] : []),
      `minting   ${mint_cap === null ? 'no cap for a period' : `at most ${mint_cap} TFT for a period`}${period === null ? '' : `, which has ${period / 1_000} s`}`,
    ].join('\n'),
  });
}

/** @throws Problem `usage` */
function parseRules(text: string): Policy['rules'] {
  if (text !== '1' && text !== '2') throw new Problem('usage', `no rules ${JSON.stringify(text.slice(0, 100))}`, { hint: 'this release knows rules 1 and 2' });
  return Number(text) as Policy['rules'];
}

/** @throws Problem `usage` */
function parseShare(text: string, before: TypedShare[] | undefined): TypedShare[] {
  if (text === 'none') return [];
  const [role, ...rest] = text.split(':');
  const percent = rest.pop();
  const account = rest.length === 0 ? null : rest.join(':');
  const isShare = percent !== undefined && (role === 'burn' ? account === null : role === 'grid' && account !== null);
  const share_ppm = isShare ? parsePercent(percent) : 0;
  if (share_ppm === 0) throw new Problem('usage', `not a share: ${JSON.stringify(text.slice(0, 100))}`, { hint: 'grid:ACCOUNT:2%, burn:1% or none' });
  return [...(before ?? []), { account, share_ppm }];
}

async function sharesOf({ reader }: Grid, typed: readonly TypedShare[]): Promise<GridShare[]> {
  const { findPayee } = await import('../../src/market/find.js');
  return typed.map(({ account, share_ppm }) => (account === null ? { account, role: 'burn', share_ppm } : { account: findPayee(reader, account).account, role: 'grid', share_ppm }));
}
