// The text of checkpoints: ours without extension lines, those of others with.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { checkpointText, parseCheckpointText } from '../../src/tlog/checkpoint.js';

const origin = 'example.com/behind-the-sofa';
const root = Buffer.from('CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=', 'base64');
// The example of C2SP tlog-checkpoint.
const TEXT = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';

test('the published example is read and written the same way', () => {
  assert.deepEqual(parseCheckpointText(TEXT), { origin, size: 20_852_163, root, extensions: [] });
  assert.equal(checkpointText({ origin, size: 20_852_163, root }), TEXT);
});

test('texts come back the same', () => {
  for (const size of [0, 1, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
    assert.deepEqual(parseCheckpointText(checkpointText({ origin, size, root })), { origin, size, root, extensions: [] });
  }
});

test('extension lines are opaque', () => {
  assert.deepEqual(parseCheckpointText(`${TEXT}Timestamp: 1\n — any thing\n`).extensions, ['Timestamp: 1', ' — any thing']);
});

test('refuses what is no checkpoint', () => {
  const hostile = [
    '', '\n\n\n', `\n${TEXT}`, TEXT.slice(0, -1), `${TEXT}\n`, `${TEXT}a\n\nb\n`, `${TEXT}more`, `${origin}\n12\n`,
    ...['', '-1', '012', '1e3', '9007199254740992', '18446744073709551616', ' 1'].map((size) => TEXT.replace('20852163', size)),
    ...['', 'AAAA', 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=', 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I'].map((hash) => TEXT.replace(root.toString('base64'), hash)),
  ];
  for (const text of hostile) assert.throws(() => parseCheckpointText(text), (thrown) => isProblem(thrown, 'integrity', 'checkpoint'), JSON.stringify(text));
});
