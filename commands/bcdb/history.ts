// 3bot bcdb history
import type { Changed, Step } from '../../src/bcdb/history.js';
import type { Json } from '../../src/base/canonical.js';
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';
import { shown } from './shown.js';

export const command: CommandFile<GridFlag> = {
  about: 'Every record of a chain, oldest first: who signed it, at which line and time, and what it changed in the state, on this chain and\nelsewhere. Goes through the lines up to the end of the chain.',
  arguments: [['<chain>', 'contract/ID, account/KEY, farm/ID, node/KEY, bot/KEY, run/CONTRACT, grid']],
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot bcdb history grid', '3bot bcdb history grid --json'],
  async run(context, [chain = ''], { grid: named }) {
    const { historyOf } = await import('../../src/bcdb/history.js');
    const { gridRules } = await import('../../src/rules/all.js');
    const { openGridOf } = await import('../handle.js');
    const { out, signal } = context;
    await using grid = await openGridOf(context, named);
    using progress = await context.progress('reading');
    const steps = await historyOf(grid.reader, gridRules, chain, { signal, onProgress: (lines, of) => progress.say(`${lines} of ${of} lines`) });
    progress.stop();
    out.list({
      json: steps.map(({ found, changed }) => ({ ...shown(found), changed: changed.map(json) })),
      columns: ['line', 'at', 'kind', 'signed by', 'what it changed'],
      rows: steps.flatMap(rowsOf),
    });
  },
};

/** JSON has no undefined: what was not there, or is gone, is null. */
function json({ object, isNew, changes }: Changed): object {
  return { object, new: isNew, changes: changes.map(({ path, before = null, after = null }) => ({ path, before, after })) };
}

/** A row for the record, and one below it for each further change. */
function rowsOf({ found, changed }: Step): (string | number)[][] {
  const { index, at, kind, signers } = shown(found);
  const [first = 'nothing', ...more] = changed.flatMap(words);
  return [[index, at, kind, signers.map(brief).join(', '), first], ...more.map((text) => ['', '', '', '', text])];
}

function words({ object, isNew, changes }: Changed): string[] {
  const name = object.replace(/[0-9a-f]{40,64}/, brief);
  if (isNew) return [`${name} is new: ${valueText(changes[0]?.after)}`];
  return changes.map(({ path, before, after }) => `${name} ${path}: ${valueText(before)} → ${valueText(after)}`);
}

const MAX_VALUE_CHARS = 120;

function valueText(value: Json | undefined): string {
  const text = value === undefined ? 'nothing' : typeof value === 'string' ? value : JSON.stringify(value);
  const short = text.replace(/[0-9a-f]{40,64}/g, brief);
  return short.length > MAX_VALUE_CHARS ? `${short.slice(0, MAX_VALUE_CHARS)}…` : short;
}

function brief(hex: string): string {
  return `${hex.slice(0, 8)}…`;
}
