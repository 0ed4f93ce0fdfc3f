// 3bot task run
import type { Command } from 'commander';
import type { Checked, Done, StepNews } from '../../src/architect/task/perform.js';
import type { Task } from '../../src/architect/task/task.js';
import { formatTft, parseTft } from '../../src/base/amount.js';
import { Problem } from '../../src/base/errors.js';
import { collect } from '../collect.js';
import type { CommandFile, Context } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';
import { runWords } from './inner.js';
import { parseSets, TASK_ARGUMENT, taskMeant, valuesFor } from './opened.js';

interface Options extends GridFlag {
  set?: string[];
  secret?: string[];
  maxTotal?: bigint;
  restart?: true;
}

export const command: CommandFile<Options> = {
  about: 'Gets it done: asks on a terminal for what it has to know, runs the commands that task show prints, one after the other, and checks that it\nworks. Broken off anywhere, the same command goes on with what was said then. What pays asks as it does by itself: on a terminal each\ntime, in a script up to --max-total, or spend.per_command of the config.',
  arguments: [TASK_ARGUMENT],
  options: (c: Command) => c
    .option('--set <name=value>', 'an answer; repeat for more', collect)
    .option('--secret <name=@file>', 'a secret of the blueprint, from a file; repeat for more', collect)
    .option('--max-total <tft>', 'what a step that pays may cost unasked', parseTft)
    .option('--restart', 'forget what was begun, and begin anew')
    .option(...GRID_FLAG),
  examples: ['3bot task run website', '3bot task run website --set order=blog --set image=docker.io/library/httpd:2.4 --max-total 20', '3bot task run alice/shop@2 --secret db-password=@password.txt'],
  async run(context, [named = ''], options) {
    const { check, perform } = await import('../../src/architect/task/perform.js');
    const { forgetBegun, keepBegun } = await import('../../src/architect/task/begun.js');
    const { commandText, wordsWith } = await import('../../src/architect/task/task.js');
    const { out, prompt, clock, signal } = context;
    const task = await taskMeant(context, named, options.grid);
    const from = await beginning(context, task, options);
    const steps = task.steps(from.values, options.secret ?? []);
    if (prompt.possible && from.steps === 0) await prompt.confirm(`${task.title}: ${steps.length} step${steps.length === 1 ? '' : 's'}. Begin?`);
    let at: Done = from;
    const parts = { command: (words: readonly string[]) => runWords(context, words), clock, signal, onStep: teller(context, steps.length) };
    const undo = (): string | null => {
      try {
        return task.undo === null ? null : commandText(wordsWith(task.undo, at.values));
      } catch {
        // What it would name is not there yet: there is nothing to take back.
        return null;
      }
    };
    try {
      keepBegun(context.home, task, at);
      await perform(steps, from, parts, (done) => {
        at = done;
        keepBegun(context.home, task, done);
      });
    } catch (thrown) {
      throw stopped(thrown, { task: task.name, done: at.steps, of: steps.length, undo: undo() });
    }
    const checked = await check(task.checks, at.values, { ...parts, onStep: () => undefined });
    forgetBegun(context.home, task);
    show(context, task, at, checked, undo());
    const failed = checked.filter(({ holds }) => !holds);
    if (failed.length > 0) throw new Problem('failed', `all steps are done, and ${failed.length} of ${checked.length} checks do not hold: ${failed.map(({ what, evidence }) => `${what} (${evidence})`).join('; ')}`, { reason: 'check', hint: undo() === null ? `3bot task run ${task.name} tries again` : `3bot task run ${task.name} tries again; ${undo() ?? ''} takes it back` });
    out.next(undo() === null ? '3bot status' : `${undo() ?? ''}   (takes it back)`);
  },
};

/** Where it begins: where it was broken off, or with all answers. */
async function beginning(context: Context, task: Task, { set = [], maxTotal, restart }: Options): Promise<Done> {
  const { begun, forgetBegun } = await import('../../src/architect/task/begun.js');
  const { MAX_TOTAL } = await import('../../src/architect/task/task.js');
  const total = [MAX_TOTAL, maxTotal === undefined ? '' : formatTft(maxTotal)] as const;
  const given = parseSets(set);
  if (restart === true) forgetBegun(context.home, task);
  const before = restart === true ? undefined : begun(context.home, task);
  const isSame = before !== undefined && [...given].every(([name, value]) => before.values.get(name) === value);
  if (before !== undefined && !isSame) throw new Problem('refused', `${task.name} was begun with other answers, and stopped after step ${before.steps}`, { reason: 'begun', hint: `3bot task run ${task.name} goes on with them; --restart begins anew` });
  if (before !== undefined) {
    context.out.note(`going on after step ${before.steps}, with ${task.inputs.flatMap(({ name }) => (before.values.get(name) === undefined ? [] : [`${name}=${before.values.get(name) ?? ''}`])).join(' ')}`);
    return { steps: before.steps, values: new Map([...before.values, total]) };
  }
  return { steps: 0, values: new Map([...(await valuesFor(context, task.inputs, given)), total]) };
}

/** Says each step as it goes. */
function teller({ out }: Context, of: number): (news: StepNews) => void {
  return ({ step, state, say, words, why }) => {
    const line = ['3bot', ...words].join(' ');
    if (state === 'begun') out.note(`[${step}/${of}] ${say}\n      ${line}`);
    else if (state === 'left') out.note(`[${step}/${of}] leave this running, in another terminal or as a service:\n      ${line}`);
    else if (state === 'waiting') out.note(`      waiting: ${why ?? ''}`);
    else if (state === 'skipped') out.note(`[${step}/${of}] ${say}: done before`);
  };
}

/** What a step that failed means: what is done, what is at stake, how to go on. */
function stopped(thrown: unknown, { task, done, of, undo }: { task: string; done: number; of: number; undo: string | null }): unknown {
  if (!(thrown instanceof Problem)) return thrown;
  const back = undo === null ? '' : `; ${undo} takes back what was made`;
  return new Problem(thrown.code, `step ${done + 1} of ${of} stopped: ${thrown.message}${done === 0 ? '' : ` (${done} done before it stay done)`}`, {
    cause: thrown, ...(thrown.reason === undefined ? {} : { reason: thrown.reason }), hint: `${thrown.hint === undefined ? '' : `${thrown.hint}; then `}3bot task run ${task} goes on${back}`,
  });
}

function show({ out }: Context, task: Task, { steps, values }: Done, checked: readonly Checked[], undo: string | null): void {
  const given = task.inputs.map(({ name }) => ({ name, value: values.get(name) ?? '' }));
  out.one({
    json: { task: task.name, steps, inputs: given, checks: checked, undo },
    rows: checked.map(({ what, holds, evidence }) => [holds ? 'holds' : 'fails', what, evidence]),
    text: () => [`${task.title}: done`, ...checked.map(({ what, holds, evidence }) => `${holds ? out.paint.green('✓') : out.paint.red('✗')} ${what}  ${out.paint.dim(evidence)}`)].join('\n'),
  });
}
