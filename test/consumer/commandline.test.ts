import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isProblem } from '../../src/base/errors.js';
import { splitWords } from '../../src/consumer/commandline.js';

for (const [text, words] of [
  ['httpd -f -p 80', ['httpd', '-f', '-p', '80']],
  ['  sh   -c  "echo a  b" ', ['sh', '-c', 'echo a  b']],
  [`sh -c 'echo "$HOME"'`, ['sh', '-c', 'echo "$HOME"']],
  ['a\\ b "c\\"d" \'e\\f\'', ['a b', 'c"d', 'e\\f']],
  [`x '' ""`, ['x', '', '']],
  ['a"b"\'c\'', ['abc']],
  ['["sh", "-c", "a b"]', ['sh', '-c', 'a b']],
] as const) {
  test(`--command ${text} is ${words.length} words`, () => assert.deepEqual(splitWords(text), words));
}

test('words quoted one by one come back as they were', () => {
  fc.assert(fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 8 }), (words) => {
    assert.deepEqual(splitWords(`'${words.map((word) => word.replaceAll("'", "'\\''")).join("' '")}'`), words);
  }));
});

for (const text of ["sh -c 'x", '  ', '["a", 1]', '[oops', '[]']) {
  test(`refused as usage: ${text}`, () => {
    assert.throws(() => splitWords(text, '--entrypoint'), (thrown) => isProblem(thrown, 'usage') && thrown.message.includes('--entrypoint'));
  });
}
