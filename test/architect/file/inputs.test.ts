// Inputs: which there are, and what may stand for them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkBlueprint, inputsOf } from '../../../src/architect/file/blueprint.js';
import { fill, type Input } from '../../../src/architect/file/inputs.js';
import { isProblem } from '../../../src/base/errors.js';

function inputs(fields: string): Input[] {
  return inputsOf(Buffer.from(`services: {}\nx-3bot: {inputs: {n: ${fields}}}`), 'f');
}

const FITS: Readonly<Record<string, readonly [fits: readonly string[], not: readonly string[], words: RegExp]>> = {
  '{type: integer, min: 1, max: 5}': [['1', '5'], ['0', '6', '1.5', 'x', ''], /n: is/],
  '{type: boolean}': [['true', 'false'], ['yes', ''], /neither true nor false/],
  '{type: size}': [['20', '512MiB', '1.5GiB'], ['20GB', 'large'], /no size.*for example 512MiB/],
  '{type: duration}': [['30d', '1h30m'], ['30', 'soon'], /no span of time.*for example 12h/],
  '{type: choice, choices: [small, large, 3]}': [['small', '3'], ['medium'], /none of small, large, 3: "medium"/],
  '{type: string, pattern: "[a-z]{2,4}", max: 3}': [['ab'], ['a', 'abcd', 'AB'], /does not fit|above 3/],
  '{type: string}': [['anything at all'], ['a\nb'], /line break/],
};

for (const [fields, [fits, not, words]] of Object.entries(FITS)) {
  test(`what fits ${fields}`, () => {
    const [input] = inputs(fields);
    assert.ok(input !== undefined);
    for (const text of fits) assert.equal(fill([input], new Map([['n', text]])).values.get('n'), text);
    for (const text of not) assert.throws(() => fill([input], new Map([['n', text]])), (thrown) => isProblem(thrown, 'usage', 'input') && words.test(thrown.message), text);
  });
}

test('what is not given has its default, or is missing', () => {
  const all = inputsOf(Buffer.from('services: {web: {image: "x:${TAG}", user: "${WHO:-www}"}}\nx-3bot: {inputs: {size: {type: size, default: 10}, host: {help: its name}, short: hello, key: {type: secret}}}'), 'f');
  const { values, missing } = fill(all, new Map([['TAG', '1']]));
  assert.deepEqual([[...values], missing.map(({ name }) => name)], [[['TAG', '1'], ['size', '10'], ['short', 'hello']], ['host']]);
});

test('no value for what is no input, and no secret in a command', () => {
  const all = inputs('{type: secret}');
  assert.throws(() => fill(all, new Map([['m', '1']])), (thrown) => isProblem(thrown, 'usage', 'input') && thrown.hint === 'it has n');
  assert.throws(() => fill(all, new Map([['n', '1']])), (thrown) => isProblem(thrown, 'usage', 'input') && thrown.hint === '--secret n=@FILE');
});

test('no pattern of a stranger takes long: a few repeats at most, held against short texts', () => {
  for (const pattern of ['a*a*a*a*b', 'a?a?a?a?b', '(a|a)(a|a)(a|a)(a|a)b', 'a{1,9}a{1,9}a{1,9}a{1,9}b', '(a+)+b', '(a)\\1', '[\\]]*a*a*a*b']) {
    const { faults } = checkBlueprint(Buffer.from(`services: {}\nx-3bot: {inputs: {n: {pattern: '${pattern}', default: ${'a'.repeat(8_000)}}}}`), { file: 'f', name: 'f', values: new Map(), beside: null });
    assert.ok(faults.some(({ text }) => /take for ever/.test(text)), pattern);
  }
  for (const pattern of ['[a-z0-9.-]+\\.[a-z]{2,}', '[^@]+@[^@]+\\.[a-z]+', '[a-z][a-z0-9_]{0,30}', 'https?://.+', '[0-9]{4}-[0-9]{2}-[0-9]{2}']) assert.equal(inputs(`{pattern: '${pattern}'}`)[0]?.pattern, pattern);
  assert.throws(() => fill(inputs('{pattern: "a*a*a*b"}'), new Map([['n', 'a'.repeat(257)]])), (thrown) => isProblem(thrown, 'usage', 'input') && /more than 256 characters/.test(thrown.message));
});
