import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { Flags, Io } from '../../src/cli/io.js';
import { createOutput, scrub, type Output } from '../../src/cli/output.js';

const FLAGS: Flags = { json: false, quiet: false, yes: false, input: true, color: true, home: undefined, passphraseFile: undefined };

/** What lands on stdout and stderr. */
function said(isTerminal: boolean, flags: Partial<Flags>, speak: (out: Output) => void, env: Record<string, string> = {}, columns?: number): { stdout: string; stderr: string } {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  if (columns !== undefined) Object.assign(stdout, { columns });
  const io: Io = { stdin, stdout, stderr, env, terminal: { stdin: isTerminal, stdout: isTerminal, stderr: isTerminal }, passphrase: () => undefined, forgetPassphrase: () => undefined };
  speak(createOutput(io, { ...FLAGS, ...flags }));
  return { stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

const ONE = { json: { id: 'abc', n: 5, nothing: null, list: [1, 2], text: 'a\tb\nc' }, text: () => 'a person reads this' };

test('one result: JSON, text, id alone, or key and value', () => {
  assert.equal(said(true, { json: true }, (out) => out.one({ ...ONE, id: 'abc' })).stdout, `${JSON.stringify(ONE.json)}\n`);
  assert.equal(said(false, { json: true }, (out) => out.one(ONE)).stdout, `${JSON.stringify(ONE.json)}\n`);
  assert.equal(said(true, {}, (out) => out.one({ ...ONE, id: 'abc' })).stdout, 'a person reads this\n');
  assert.equal(said(false, {}, (out) => out.one({ ...ONE, id: 'abc' })).stdout, 'abc\n');
  assert.equal(said(false, {}, (out) => out.one(ONE)).stdout, 'id\tabc\nn\t5\nnothing\t\nlist\t[1,2]\ntext\ta b c\n');
});

const LIST = { json: [{ name: 'a' }], columns: ['name', 'size'], rows: [['a', 1n], ['long name', null]] } as const;

test('a list: an array, a table, or tab-separated lines', () => {
  assert.equal(said(true, { json: true }, (out) => out.list(LIST)).stdout, '[{"name":"a"}]\n');
  assert.equal(said(true, { color: false }, (out) => out.list(LIST)).stdout, 'name       size\na          1\nlong name  -\n');
  assert.equal(said(false, {}, (out) => out.list(LIST)).stdout, 'a\t1\nlong name\t\n');
});

test('a table fits the terminal, and a note names the columns left out; a wider terminal, a pipe and JSON get all of it', () => {
  const id = 'c23e300ed69b'.repeat(4);
  const wide = { json: [{ id }], columns: ['id', 'time', 'what'], rows: [[id, '2026-11-23T04:29:13.792Z', 'a workload was pulled']], least: ['time'] };
  const at = (columns: number, flags: Partial<Flags> = {}) => said(true, { color: false, ...flags }, (out) => out.list(wide), {}, columns);
  assert.deepEqual(at(120), { stdout: `id${' '.repeat(48)}time                      what\n${id}  2026-11-23T04:29:13.792Z  a workload was pulled\n`, stderr: '' });
  assert.deepEqual(at(40), { stdout: 'id         what\nc23e300e…  a workload was pulled\n', stderr: 'columns left out: time (a wider terminal or --json has them)\n' });
  assert.equal(at(40, { quiet: true }).stderr, '');
  assert.deepEqual(at(40, { json: true }), { stdout: `[{"id":"${id}"}]\n`, stderr: '' });
  assert.deepEqual(said(false, {}, (out) => out.list(wide), {}, 40), { stdout: `${id}\t2026-11-23T04:29:13.792Z\ta workload was pulled\n`, stderr: '' });
});

test('an empty list is an empty array or no line; on a terminal stderr says why', () => {
  const empty = { json: [], columns: ['name'], rows: [], empty: 'nothing here' };
  assert.deepEqual(said(true, { json: true }, (out) => out.list(empty)), { stdout: '[]\n', stderr: '' });
  assert.deepEqual(said(false, {}, (out) => out.list(empty)), { stdout: '', stderr: '' });
  assert.deepEqual(said(true, {}, (out) => out.list(empty)), { stdout: '', stderr: 'nothing here\n' });
});

test('a stream is one object a line, or text', () => {
  const speak = (out: Output) => [1, 2].forEach((n) => out.line({ n }, () => `number ${n}`));
  assert.equal(said(false, { json: true }, speak).stdout, '{"n":1}\n{"n":2}\n');
  assert.equal(said(false, {}, speak).stdout, 'number 1\nnumber 2\n');
});

test('notes are on stderr unless quiet, hints on a terminal only', () => {
  const speak = (out: Output) => (out.note('meanwhile'), out.next('3bot explore'));
  assert.deepEqual(said(true, { color: false }, speak), { stdout: '', stderr: 'meanwhile\nnext: 3bot explore\n' });
  assert.deepEqual(said(false, {}, speak), { stdout: '', stderr: 'meanwhile\n' });
  assert.deepEqual(said(true, { json: true }, speak), { stdout: '', stderr: 'meanwhile\n' });
  assert.deepEqual(said(true, { quiet: true }, speak), { stdout: '', stderr: '' });
});

test('colours only on a terminal that wants them', () => {
  const speak = (out: Output) => out.one({ json: {}, text: () => out.paint.red('x') });
  assert.match(said(true, {}, speak).stdout, /\u001b\[31mx/);
  for (const plain of [said(true, { color: false }, speak), said(true, {}, speak, { NO_COLOR: '1' }), said(true, {}, speak, { TERM: 'dumb' })]) assert.equal(plain.stdout, 'x\n');
});

test("what others wrote cannot drive a person's terminal", () => {
  assert.equal(scrub('a\u001b]0;title\u0007b\u001b[2Jc\rd\u009b31me'), 'a?]0;title?b?[2Jc?d?31me');
  assert.equal(scrub('\u001b[31mred\u001b[39m\tand\n'), '\u001b[31mred\u001b[39m\tand\n');
  assert.equal(said(true, { color: false }, (out) => out.list({ json: [], columns: ['name'], rows: [['evil\u001b[2J']] })).stdout, 'name\nevil [2J\n');
});
