// 3bot blueprint show
import { Problem } from '../../src/base/errors.js';
import type { PartPlan } from '../../src/architect/plan/plan.js';
import type { Revision } from '../../src/architect/plan/revisions.js';
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';
import { countsText } from './picture.js';
import { parseBlueprintName } from './planning.js';
import { openView } from './view.js';
import { partJson, partsShown, rowsOf, treeText } from './shown.js';

export const command: CommandFile<GridFlag> = {
  about: `What runs of a blueprint, by the book alone; and where it was applied with this home folder: its revisions, and in what that which
runs is not what was applied last (a contract that is over, a service that somebody replaced). Nobody is asked, no image looked up.`,
  arguments: [['<name>', 'what the whole is called: its contracts are NAME/PART']],
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot blueprint show shop', '3bot blueprint show shop --json'],
  async run(context, [text = ''], { grid: named }) {
    const { iso } = await import('../../src/base/clock.js');
    const { planFor } = await import('../../src/architect/plan/plan.js');
    const { standingOf } = await import('../../src/architect/plan/standing.js');
    const { networkFor, wishesIn } = await import('../../src/architect/plan/wish.js');
    const { out } = context;
    const name = parseBlueprintName(text);
    await using view = await openView(context, named);
    const { grid, bot, at, revisions } = view;
    const standing = standingOf(grid.reader, bot, name, at);
    const all = revisions.of(name);
    if (standing.length === 0 && all.length === 0) throw new Problem('not_found', `nothing runs that is called ${name}, and nothing was applied here`, { reason: 'blueprint', hint: '3bot blueprint list' });
    const parts = await partsShown(grid.reader, standing, at);
    const applied = all.find(({ state }) => state === 'applied' || state === 'down');
    const drift = applied === undefined || applied.state === 'down' ? [] : planFor({
      grid: grid.id, name, wishes: wishesIn(applied.agreed.plan), network: applied.agreed.plan.network === null ? null : networkFor(grid.reader, bot, name, at), standing, at,
    }).parts.filter(({ action }) => action !== 'keep');
    const shown = all.map(({ revision, state, origin, reason, begun_ms, token }) => ({ revision, state, from: origin.from, at: iso(begun_ms), token, reason }));
    out.one({
      json: { name, parts: parts.map(partJson), drift: drift.map(({ part, action, why, fields, services }) => ({ part, action, why, fields, services: services.filter(({ change }) => change !== 'keep') })), revisions: shown },
      rows: rowsOf(parts),
      text: () => [out.paint.bold(name), ...treeText(parts, out.paint), ...driftText(drift, applied), '', ...shown.slice(0, 10).map((one) => `revision ${one.revision}  ${one.at.slice(0, 19).replace('T', ' ')}  ${one.state}  ${one.from}${one.reason === null ? '' : `: ${one.reason}`}`)].join('\n'),
    });
    if (all[0]?.state === 'applying') out.next('3bot blueprint apply as before   (it was interrupted and goes on)');
    else if (drift.length > 0) out.next(`3bot blueprint plan ${applied?.origin.from ?? 'FILE'}`);
  },
};

function driftText(drift: readonly PartPlan[], applied: Revision | undefined): string[] {
  if (drift.length === 0) return [];
  const what = drift.map(({ part, action, fields, services }) => `  ${part}: ${action === 'add' ? 'is not there any more' : action === 'end' ? 'was not applied' : [...fields.map(({ field }) => field), ...services.filter(({ change }) => change !== 'keep').map((one) => one.name)].join(', ')}`);
  return ['', `not as revision ${applied?.revision ?? ''} has it (applying that again: ${countsText(drift)}):`, ...what];
}
