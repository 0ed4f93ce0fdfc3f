// Commands of a task with values in place, and what their JSON has to show.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { expectedIn, valuesIn } from '../../../src/architect/task/expect.js';
import { commandText, taskOfPublished, wordsWith } from '../../../src/architect/task/task.js';
import { isProblem } from '../../../src/base/errors.js';
import type { Expectation, TaskWords } from '../../../src/schema/types.js';

describe('words with values in place', () => {
  const values = new Map([['name', 'my shop; rm -rf /'], ['place', ''], ['again', '${name}']]);
  const cases: [title: string, words: TaskWords, expected: string[]][] = [
    ['a value stays one word, whatever is in it', ['farm', 'create', '${name}'], ['farm', 'create', 'my shop; rm -rf /']],
    ['a value may be part of a word', ['--set', 'name=${name}'], ['--set', 'name=my shop; rm -rf /']],
    ['what is left out where its value is empty', ['farm', ['--place', '${place}'], 'x'], ['farm', 'x']],
    ['what stays where it is not', ['farm', ['--place', '${name}']], ['farm', '--place', 'my shop; rm -rf /']],
    ['an empty value outside of a list stays a word', ['farm', '${place}'], ['farm', '']],
    ['a value that looks like another one is none', ['${again}'], ['${name}']],
  ];
  for (const [title, words, expected] of cases) test(title, () => assert.deepEqual(wordsWith(words, values), expected));

  test('a value that nothing gives is the recipe\'s fault', () => {
    assert.throws(() => wordsWith(['${nothing}'], values), (thrown) => isProblem(thrown, 'failed', 'recipe'));
  });

  test('a command can be copied into a shell', () => {
    assert.equal(commandText(['farm', 'create', "it's mine", '--cu', '0.01']), "3bot farm create 'it'\\''s mine' --cu 0.01");
  });
});

describe('what JSON shows', () => {
  const SHOP = { parts: [{ farm: 'a', services: [{ state: 'running', code: 0 }] }, { farm: 'b', services: [{ state: 'pulling', code: null }] }, { farm: 'b', services: [] }] };
  const paths: [string, unknown, string[]][] = [
    ['parts[].farm', SHOP, ['a', 'b', 'b']],
    ['parts[].services[].state', SHOP, ['running', 'pulling']],
    ['parts[].services[].code', SHOP, ['0']],
    ['[].farm', SHOP.parts, ['a', 'b', 'b']],
    ['nothing.here', SHOP, []],
    ['__proto__', SHOP, []],
  ];
  for (const [path, json, expected] of paths) test(`at ${path}`, () => assert.deepEqual(valuesIn(json, path), expected));

  const cases: [Expectation, boolean][] = [
    [{ at: 'parts[].farm', distinct: 2 }, true],
    [{ at: 'parts[].farm', distinct: 3 }, false],
    [{ at: 'parts[].farm', least: 3 }, true],
    [{ at: 'parts[].services[].state', is: ['running'] }, false],
    [{ at: 'parts[].services[].state', is: ['running', 'pulling'] }, true],
    [{ at: 'nothing', is: ['running'] }, false],
  ];
  for (const [expectation, holds] of cases) test(`${JSON.stringify(expectation)} ${holds ? 'holds' : 'does not hold'}`, () => assert.equal(expectedIn(SHOP, expectation).holds, holds));

  test('the evidence is what was found', () => {
    assert.deepEqual(expectedIn(SHOP, { at: 'parts[].services[].state', is: ['running'] }), { holds: false, evidence: 'parts[].services[].state: running, pulling' });
    assert.equal(expectedIn({}, { at: 'x' }).evidence, 'x: nothing');
  });
});

test('a published blueprint is a task: it asks for its inputs but secrets, and is applied with what is not as usual', () => {
  const text = 'x-3bot: {inputs: {port: {type: integer, default: 80}, size: {type: size, default: 1GiB}, key: {type: secret}}}\nservices: {web: {image: nginx, ports: ["${port}"]}}\n';
  const task = taskOfPublished({ title: 'alice/shop@2', text, name: 'shop' }, 'a shop');
  assert.deepEqual(task.inputs.map(({ name, default: usual }) => [name, usual]), [['order', 'shop'], ['port', '80'], ['size', '1GiB']]);
  const values = new Map([['order', 'mine'], ['port', '8080'], ['size', '1GiB'], ['max_total', '']]);
  const [step] = task.steps(values, ['key=@file']);
  assert.deepEqual(wordsWith(step?.run ?? [], values), ['blueprint', 'apply', 'alice/shop@2', '--name', 'mine', '--set', 'port=8080', '--secret', 'key=@file']);
  const own = new Map([...values, ['order', 'shop'], ['port', '80']]);
  assert.deepEqual(wordsWith(task.steps(own, [])[0]?.run ?? [], own), ['blueprint', 'apply', 'alice/shop@2'], 'its own name it has by itself');
});
