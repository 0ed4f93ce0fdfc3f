// Transcripts of sessions as files: what is read of one, and that nothing in it can be changed unnoticed.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MAX_TRANSCRIPT_BYTES } from '../../src/base/limits.js';
import { isProblem } from '../../src/base/errors.js';
import { parseTranscript, readTranscript } from '../../src/consumer/transcript.js';

const folder = mkdtempSync(join(tmpdir(), '3bot-transcript-'));
after(() => rmSync(folder, { recursive: true }));
/** The operator's wish, "hello" of the node, and its last word, which comes after what the digest covers. */
const [WHOLE = ''] = JSON.parse(readFileSync(fileURLToPath(new URL('../../../test/fuzz/corpus/transcript.json', import.meta.url)), 'utf8')) as string[];
const [head = '', wish = '', hello = '', last = '', tail = ''] = WHOLE.split('\n');
const text = (...rows: string[]): string => `${rows.join('\n')}\n`;

test('a whole transcript says what the command printed', () => {
  const path = join(folder, 'a.session');
  writeFileSync(path, WHOLE);
  assert.equal(readTranscript(path).printed.toString(), 'hello\n');
});

for (const [what, changed, code] of [
  ['nothing in it', '', 'malformed'],
  ['no last line', text(head, wish, hello), 'malformed'],
  ['a frame less than it counts', text(head, wish, tail), 'malformed'],
  ['another order of frames', text(head, wish, last, hello, tail), 'integrity'],
  ['a frame of the other end', text(head, wish.replace('>', '<'), hello, last, tail), 'integrity'],
  ['another key', text(head.replace('"from_node":"01', '"from_node":"02'), wish, hello, last, tail), 'integrity'],
  ['a contract that is none', text(head.replace(/"contract":"[^"]*"/, '"contract":7'), wish, hello, last, tail), 'malformed'],
] as const) {
  test(`a transcript with ${what} is refused`, () => {
    assert.throws(() => parseTranscript(changed), (thrown) => isProblem(thrown, code));
  });
}

test('a frame of which one bit was changed does not open', () => {
  const bytes = Buffer.from(hello.slice(2), 'base64');
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  assert.throws(() => parseTranscript(text(head, wish, `< ${bytes.toString('base64')}`, last, tail)), (thrown) => isProblem(thrown, 'integrity'));
});

test('a file that is too large is not read at all', () => {
  const path = join(folder, 'large.session');
  writeFileSync(path, '');
  truncateSync(path, MAX_TRANSCRIPT_BYTES + 1);
  assert.throws(() => readTranscript(path), (thrown) => isProblem(thrown, 'failed') && /at most 256 can be read/.test(thrown.message));
});
