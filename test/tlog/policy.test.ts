// Trust policies: the form of C2SP tlog-policy line by line, and what a quorum's time is.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { formatVkey, type NoteType } from '../../src/tlog/note.js';
import { parsePolicy, quorumTime, type Policy } from '../../src/tlog/policy.js';

const hex = (name: string): string => createHash('sha256').update(name).digest('hex');
const vkey = (name: string, type: NoteType = 'cosignature', key = hex(name)): string => formatVkey({ name: `${name}.example/${name}`, type, key });
const witness = (name: string): string => `witness ${name} ${vkey(name)}\n`;
const LOG = vkey('log', 'ed25519');

// The example of the specification.
const NESTED = `log ${LOG}

${['X1', 'X2', 'X3'].map(witness).join('')}group X-witnesses 2 X1 X2 X3

${['Y1', 'Y2', 'Y3'].map(witness).join('')}group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
`;

/** Cosignatures by witness name: their times. */
function timeOf(policy: Policy, times: Readonly<Record<string, number>>): number | undefined {
  return quorumTime(policy, new Map(Object.entries(times).map(([name, time]) => [hex(name), time])));
}

test("the specification's example is read: one log, six witnesses, a quorum of two groups", () => {
  const { logs, witnesses, quorum } = parsePolicy(NESTED);
  assert.deepEqual(logs.map(({ key, url }) => [key.name, key.key, url]), [['log.example/log', hex('log'), null]]);
  assert.deepEqual(witnesses.map(({ name, key }) => [name, key.key]), ['X1', 'X2', 'X3', 'Y1', 'Y2', 'Y3'].map((name) => [name, hex(name)]));
  assert.ok(quorum !== null && 'members' in quorum);
  assert.deepEqual([quorum.name, quorum.threshold, quorum.members.map(({ name }) => name)], ['X-and-Y', 2, ['X-witnesses', 'Y-witnesses']]);
});

test('comments, empty lines, tabs and spaces around items do not matter, and addresses are kept', () => {
  const policy = parsePolicy(`# who watches\n\n \t\n  # indented\n\twitness  w\t${vkey('w')}   https://w.example/\t\nlog ${LOG} https://log.example\nquorum w\n`);
  assert.deepEqual([policy.witnesses[0]?.url, policy.logs[0]?.url], ['https://w.example/', 'https://log.example']);
  assert.equal(policy.quorum, policy.witnesses[0]);
});

test('names are octets: one byte sequence is one name, whatever it looks like or decodes to', () => {
  const kelvin = `witness K ${vkey('a')}\nwitness \u212a ${vkey('b')}\nquorum \u212a\n`;
  assert.equal(timeOf(parsePolicy(kelvin), { b: 1 }), 1);
  const raw = Buffer.concat([Buffer.from('witness '), Buffer.of(0xff), Buffer.from(` ${vkey('a')}\nwitness `), Buffer.of(0xfe), Buffer.from(` ${vkey('b')}\nquorum `), Buffer.of(0xfe, 0x0a)]);
  assert.deepEqual([timeOf(parsePolicy(raw), { a: 1 }), timeOf(parsePolicy(raw), { b: 1 })], [undefined, 1]);
});

const all = (count: number, line: (i: number) => string): string => Array.from({ length: count }, (_, i) => line(i)).join('');

describe('what is no policy is refused, with the number of its line', () => {
  const refusals: [string, string | Uint8Array, RegExp][] = [
    ['nothing', '', /no line 'quorum'/],
    ['no newline at the end', 'quorum none', /last line does not end in a newline/],
    ['no quorum', witness('a'), /no line 'quorum'/],
    ['two quorums', 'quorum none\nquorum none\n', /line 2: a second quorum/],
    ['a quorum that is defined below', `quorum a\n${witness('a')}`, /line 1: "a" is not defined above/],
    ['a quorum of two', `${witness('a')}${witness('b')}quorum a b\n`, /line 3: not of the form/],
    ['an unknown line', `${witness('a')}monitor a\nquorum a\n`, /line 2: "monitor" is none of/],
    ['a word in capitals', 'Quorum none\n', /line 1: "Quorum" is none of/],
    ['a carriage return', 'quorum none\r\n', /line 1: a control character/],
    ['a zero byte', '#\0\nquorum none\n', /line 1: a control character/],
    ['a DEL', 'quorum none\n#\x7f\n', /line 2: a control character/],
    ['a witness without a key', 'witness a\nquorum a\n', /line 1: not of the form: witness/],
    ['a witness with too much', `witness a ${vkey('a')} https://a b\nquorum a\n`, /line 1: not of the form: witness/],
    ['a name twice', `${witness('a')}witness a ${vkey('b')}\nquorum a\n`, /line 2: "a" is defined above/],
    ['a group with the name of a witness', `${witness('a')}${witness('b')}group a any b\nquorum a\n`, /line 3: "a" is defined above/],
    ['a witness named none', `witness none ${vkey('a')}\nquorum none\n`, /line 1: 'none'/],
    ['a group named none', `${witness('a')}group none any a\nquorum none\n`, /line 2: 'none'/],
    ['none as a member', `${witness('a')}group g any a none\nquorum g\n`, /line 2: "none" is not defined/],
    ['a witness key twice, under another name', `${witness('a')}witness b ${vkey('other', 'cosignature', hex('a'))}\nquorum a\n`, /line 2: a witness with this key/],
    ['a log key twice', `log ${LOG}\nlog ${vkey('x', 'ed25519', hex('log'))}\nquorum none\n`, /line 2: a log with this key/],
    ["a log's key for a witness", `witness a ${LOG}\nquorum a\n`, /line 1: .* is not a key of a witness/],
    ["a witness' key for a log", `log ${vkey('a')}\nquorum none\n`, /line 1: .* is not a key of a log/],
    ['a key that is none', 'witness a b\nquorum a\n', /line 1: not a verifier key/],
    ['a key with another id', `witness a ${vkey('a').replace(/\+[0-9a-f]{8}\+/, '+00000000+')}\nquorum a\n`, /line 1: .*key id/],
    ['a group without members', `${witness('a')}group g any\nquorum a\n`, /line 2: not of the form: group/],
    ['more needed than there are', `${witness('a')}group g 2 a\nquorum g\n`, /line 2: "2" is neither/],
    ['none needed', `${witness('a')}group g 0 a\nquorum g\n`, /line 2: "0" is neither/],
    ['a number with a sign', `${witness('a')}group g +1 a\nquorum g\n`, /line 2: "\+1" is neither/],
    ['a number in hex', `${witness('a')}group g 0x1 a\nquorum g\n`, /line 2: "0x1" is neither/],
    ['a member that is defined below', `group g any a\n${witness('a')}quorum g\n`, /line 1: "a" is not defined/],
    ['a group in itself', `${witness('a')}group g any g a\nquorum g\n`, /line 2: "g" is not defined/],
    ['a member twice in one group', `${witness('a')}group g 2 a a\nquorum g\n`, /line 2: "a" is a member of a group already/],
    ['a member of two groups', `${witness('a')}${witness('b')}group g all a\ngroup h all a b\nquorum h\n`, /line 4: "a" is a member of a group already/],
    ['101 logs', `${all(101, (i) => `log ${vkey(`l${i}`, 'ed25519')}\n`)}quorum none\n`, /line 101: more than 100 logs/],
    ['201 witnesses and groups', `${all(201, (i) => witness(`w${i}`))}quorum none\n`, /line 201: more than 200/],
    ['more than 64 KiB', `${'#'.repeat(65_536)}\nquorum none\n`, /larger than/],
  ];
  for (const [what, text, message] of refusals) {
    test(what, () => assert.throws(() => parsePolicy(text), (thrown) => isProblem(thrown, 'malformed', 'policy') && message.test(thrown.message)));
  }
});

test('the limits hold what C2SP asks every implementation to hold', () => {
  const policy = `${all(32, (i) => `log ${vkey(`l${i}`, 'ed25519')} https://log${i}.example/log\n`)}${all(32, (i) => `witness w${i} ${vkey(`w${i}`)} https://w${i}.example/w\n`)}${all(32, (i) => `group g${i} all w${i}${i === 0 ? '' : ` g${i - 1}`}\n`)}quorum g31\n`;
  assert.equal(timeOf(parsePolicy(policy), Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`w${i}`, 100 + i]))), 100);
});

describe('the time of a quorum is the latest that a whole quorum has cosigned at or after', () => {
  const three = ['a', 'b', 'c'].map(witness).join('');
  const two = `${three}group g 2 a b c\nquorum g\n`;
  const rows: [string, string, Record<string, number>, number | undefined][] = [
    ['no cosignature is needed', `${three}quorum none\n`, {}, Infinity],
    ['one witness, none there', `${three}quorum a\n`, { b: 5, c: 5 }, undefined],
    ['one witness', `${three}quorum a\n`, { a: 7, b: 9 }, 7],
    ['a time of zero is a time', `${three}quorum a\n`, { a: 0 }, 0],
    ['any: the latest', `${three}group g any a b c\nquorum g\n`, { a: 1, b: 9 }, 9],
    ['all: the earliest', `${three}group g all a b c\nquorum g\n`, { a: 1, b: 9, c: 5 }, 1],
    ['all, one missing', `${three}group g all a b c\nquorum g\n`, { a: 1, b: 9 }, undefined],
    ['2 of 3: the second', two, { a: 1, b: 9, c: 5 }, 5],
    ['2 of 3, one missing', two, { a: 1, c: 5 }, 1],
    ['2 of 3, two missing', two, { c: 5 }, undefined],
    ['keys that the policy does not know', two, { x: 5, y: 5, z: 5 }, undefined],
    ['nested: 2 of X and any of Y', NESTED, { X1: 10, X2: 20, X3: 30, Y1: 5, Y2: 25 }, 20],
    ['nested: Y is what is old', NESTED, { X1: 10, X2: 20, X3: 30, Y3: 4 }, 4],
    ['nested: one X is not enough, however many Y', NESTED, { X1: 10, Y1: 1, Y2: 1, Y3: 1 }, undefined],
    ['nested: all X and no Y', NESTED, { X1: 10, X2: 10, X3: 10 }, undefined],
  ];
  for (const [what, text, times, expected] of rows) test(what, () => assert.equal(timeOf(parsePolicy(text), times), expected));
});
