import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isProblem } from '../../src/base/errors.js';
import { splitWords, workloadOf, type WorkloadWords } from '../../src/consumer/workload.js';

const IMAGE = `docker.io/library/web@sha256:${'a'.repeat(64)}`;

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

for (const [title, words] of [
  ['variables without anything to run', { env: ['A=b'] }],
  ['an image without a digest', { image: 'docker.io/library/web:latest' }],
  ['a variable without a value', { image: IMAGE, env: ['A'] }],
  ['a variable with a name that is none', { image: IMAGE, env: ['1A=b'] }],
  ['port 0', { image: IMAGE, port: ['0'] }],
  ['a port of another protocol', { image: IMAGE, port: ['80/sctp'] }],
  ['an open quote', { command: "sh -c 'x" }],
  ['an empty command', { command: '  ' }],
  ['a list that is none', { command: '["a", 1]' }],
] as const satisfies readonly (readonly [string, WorkloadWords])[]) {
  test(`refused as usage: ${title}`, () => {
    assert.throws(() => workloadOf('main', words), (thrown) => isProblem(thrown, 'usage'));
  });
}

test('what was typed becomes a workload; nothing typed becomes none', () => {
  assert.equal(workloadOf('main', {}), undefined);
  assert.deepEqual(workloadOf('main', { image: IMAGE, env: ['A=b=c'], port: ['80', '53/udp'] }), {
    name: 'main', image: IMAGE, command: [], env: [{ name: 'A', value: 'b=c' }], ports: [{ container: 80, protocol: 'tcp' }, { container: 53, protocol: 'udp' }], secrets: [],
  });
  assert.equal(workloadOf('main', { command: 'true' })?.image, null);
});
