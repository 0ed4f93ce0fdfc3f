// 3bot task show
import type { Input } from '../../src/architect/file/inputs.js';
import type { TaskCheck, TaskStep, TaskWords } from '../../src/schema/types.js';
import { collect } from '../collect.js';
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';
import { parseSets, TASK_ARGUMENT, taskMeant } from './opened.js';

export const command: CommandFile<GridFlag & { set?: string[] }> = {
  about: 'What a task would ask, do and check; nothing is done. The commands can be copied and run one by one.',
  arguments: [TASK_ARGUMENT],
  options: (c) => c.option('--set <name=value>', 'as task run would be told; repeat for more', collect).option(...GRID_FLAG),
  examples: ['3bot task show website', '3bot task show become-a-farmer --set farm=sunny', '3bot task show alice/shop@2 --json'],
  async run(context, [named = ''], { grid, set = [] }) {
    const { fill } = await import('../../src/architect/file/inputs.js');
    const { isNo } = await import('../../src/architect/task/perform.js');
    const { commandText, MAX_TOTAL, wordsWith } = await import('../../src/architect/task/task.js');
    const { out } = context;
    const task = await taskMeant(context, named, grid);
    const { values, missing } = fill(task.inputs, parseSets(set));
    const steps = task.steps(values, []);
    // What is not known yet shows by its name.
    const open = [...missing.map(({ name }) => name), ...steps.flatMap(({ save = {} }) => Object.keys(save))];
    const known = new Map([...open.map((name): [string, string] => [name, name.toUpperCase()]), [MAX_TOTAL, ''], ...values]);
    const line = (words: TaskWords): string => commandText(wordsWith(words, known));
    const shownSteps = steps.map(({ say, run, when, unless, leave }: TaskStep) => ({ say, command: line(run), leave: leave === undefined ? null : line(leave), unless: unless === undefined ? null : line(unless), left_out: when !== undefined && isNo(wordsWith([when], known)[0] ?? '') }));
    const checks = task.checks.map((check) => ({ what: check.what, by: byText(check, line) }));
    const undo = task.undo === null ? null : line(task.undo);
    out.one({
      json: { task: task.name, title: task.title, about: task.about, inputs: task.inputs.map(({ name, type, default: usual, help }) => ({ name, type, default: usual, help })), steps: shownSteps, checks, undo },
      rows: [...shownSteps.filter(({ left_out }) => !left_out).flatMap(({ say, command: words, leave }) => [...(leave === null ? [] : [['leave', say, leave]]), ['step', say, words]]), ...checks.map(({ what, by }) => ['check', what, by])],
      text: () => [
        out.paint.bold(task.title), ...task.about.trimEnd().split('\n').filter((text) => text !== ''), '', 'asks', ...task.inputs.map(inputText), '', 'does',
        ...shownSteps.filter(({ left_out }) => !left_out).flatMap(({ say, command: words, leave, unless }, i) => [`  ${i + 1}. ${say}${unless === null ? '' : out.paint.dim(`   (unless it is done: ${unless})`)}`, ...(leave === null ? [] : [`     ${leave}   ${out.paint.dim('left running, elsewhere')}`]), `     ${words}`]),
        '', 'checks', ...checks.map(({ what, by }) => `  ${what}: ${by}`), ...(undo === null ? [] : ['', 'taken back by', `  ${undo}`]),
      ].join('\n'),
    });
    out.next(`3bot task run ${task.name}`);
  },
};

function inputText({ name, type, default: usual, help, choices }: Input): string {
  const kind = type === 'choice' ? choices.join(' or ') : type;
  return `  ${name}: ${help === '' ? kind : `${help} (${kind})`}${usual === null ? '' : `, ${usual === '' ? 'nothing' : usual} unless you say`}`;
}

function byText({ run, url, http, tcp }: TaskCheck, line: (words: TaskWords) => string): string {
  if (run !== undefined) return line(run);
  if (http !== undefined) return `HTTP at port ${line([http.port]).slice('3bot '.length)} of ${http.service}`;
  if (tcp !== undefined) return `TCP to port ${line([tcp.port]).slice('3bot '.length)} of ${tcp.service}`;
  return `HTTP at ${line([url ?? '']).slice('3bot '.length)}`;
}
