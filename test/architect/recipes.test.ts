// The recipes that ship: each is whole, its blueprint can be used, and its commands are ones that 3bot takes.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildCommand, parseCommand, splitLine } from '../../commands/parse.js';
import { fitFile } from '../../src/architect/publish/fit.js';
import { fill } from '../../src/architect/file/inputs.js';
import { recipeNamed, recipeNames } from '../../src/architect/recipes.js';
import { MAX_TOTAL, taskOfRecipe, textWith, wordsWith, type Task, type Values } from '../../src/architect/task/task.js';
import { isProblem } from '../../src/base/errors.js';
import type { TaskWords } from '../../src/schema/types.js';

/** An answer for everything that a task asks for and has no default. */
const ANSWERS: Readonly<Record<string, Record<string, string>>> = { 'become-a-farmer': { farm: 'sunny', url: 'http://farm.example:8780', prove: 'true' }, 'ci-runner': { command: 'make test' } };

/** All values that a task has once its last step is done. */
function valuesOf(task: Task): Values {
  const { values, missing } = fill(task.inputs, new Map(Object.entries(ANSWERS[task.name] ?? {})));
  assert.deepEqual(missing, []);
  const saved = task.steps(values, []).flatMap(({ save = {} }) => Object.keys(save));
  return new Map([...values, [MAX_TOTAL, '20'], ...saved.map((name): [string, string] => [name, 'ab'.repeat(20)])]);
}

async function demandCommand(words: readonly string[]): Promise<void> {
  const { entry, rest } = splitLine(words);
  assert.ok(entry !== undefined, `no command: ${words.join(' ')}`);
  const { command } = await entry.load();
  parseCommand(await buildCommand(entry, command), rest, {});
}

test('these ship', () => {
  assert.deepEqual(recipeNames(), ['become-a-farmer', 'ci-runner', 'postgres-with-backup', 'three-nodes-three-farms', 'website']);
  assert.throws(() => recipeNamed('../../package'), (thrown) => isProblem(thrown, 'not_found'));
});

for (const name of recipeNames()) {
  describe(name, () => {
    const recipe = recipeNamed(name);
    const task = taskOfRecipe(name, recipe);
    const values = valuesOf(task);

    test('is a blueprint that strangers can use, without a word that has no effect, or steps', () => {
      if (recipe.blueprint === undefined) return assert.ok((recipe.steps ?? []).length > 0);
      assert.deepEqual(fitFile(name, recipe.blueprint, name).notes.filter((note) => /without effect|not supported/.test(note)), []);
    });

    test('runs commands that 3bot takes, with any value it may be given', async () => {
      const lists: TaskWords[] = [
        ...task.steps(values, ['db-password=@file']).flatMap(({ run, unless, leave }) => [run, ...(unless === undefined ? [] : [unless]), ...(leave === undefined ? [] : [leave])]),
        ...task.checks.flatMap(({ run }) => (run === undefined ? [] : [run])), ...(task.undo === null ? [] : [task.undo]),
      ];
      for (const words of lists) await demandCommand(wordsWith(words, values));
    });

    test('says what it does, and sees that it works', () => {
      for (const { say } of task.steps(values, [])) assert.notEqual(textWith(say, values), '');
      for (const { what, run, http, tcp, url } of task.checks) assert.equal([run, http, tcp, url].filter((one) => one !== undefined).length, 1, what);
    });
  });
}
