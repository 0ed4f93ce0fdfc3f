// Layers as tar archives: what they take once unpacked, and what is not taken at all.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { isProblem } from '../../../src/base/errors.js';
import { LAYER_ENTRY_BYTES } from '../../../src/base/limits.js';
import { LayerMeter } from '../../../src/net/registry/layer.js';
import { bzip, entry, pax, xz, zstd } from './tar.js';

function measured(bytes: Buffer, step = bytes.length): number {
  const meter = new LayerMeter();
  for (let at = 0; at < bytes.length; at += step) meter.add(bytes.subarray(at, at + step));
  return meter.bytes;
}

describe('a layer', () => {
  let folder: string;
  const tar = (...words: string[]): Buffer => execFileSync('tar', ['-C', folder, '-cf', '-', ...words], { maxBuffer: 64 * 1_048_576 });
  before(() => {
    folder = mkdtempSync(join(tmpdir(), '3bot-layer-'));
    writeFileSync(join(folder, 'one'), Buffer.alloc(70_000, 1));
    writeFileSync(join(folder, `long-${'x'.repeat(180)}`), 'two');
    writeFileSync(join(folder, 'hole'), 'x');
    truncateSync(join(folder, 'hole'), 50 * 1_048_576);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const format of ['gnu', 'pax', 'ustar', 'oldgnu']) {
    test(`as tar writes it (${format}) takes its bytes and a share for each entry, however it is cut`, () => {
      const bytes = tar(`--format=${format}`, 'one', ...(format === 'ustar' ? [] : [`long-${'x'.repeat(180)}`]));
      const expected = bytes.length + (format === 'ustar' ? 1 : 2) * LAYER_ENTRY_BYTES;
      assert.deepEqual([measured(bytes), measured(bytes, 7), measured(bytes, 513)], [expected, expected, expected]);
    });
  }

  const end = Buffer.alloc(1_024);
  const refusals: readonly (readonly [title: string, bytes: () => Buffer])[] = [
    ['gzip within', () => gzipSync(tar('one'))],
    ['zstd within', () => zstd],
    ['xz within', () => xz],
    ['bzip2 within', () => bzip],
    ['a file with holes, as pax says it', () => tar('--sparse', '--format=pax', 'hole')],
    ['a file with holes, as GNU says it', () => tar('--sparse', '--format=gnu', 'hole')],
    ['attributes that cannot be read', () => Buffer.concat([entry('x', 20, '20 no equals sign.....'), entry('0', 0), end])],
    ['attributes without end', () => entry('x', 2 ** 30)],
    ['a size that is none', () => Buffer.concat([pax({ size: '-1' }), entry('0', 0), end])],
    ['an entry of an unknown kind', () => entry('V', 0)],
  ];
  for (const [title, bytes] of refusals) {
    test(`with ${title} is refused`, () => {
      assert.throws(() => measured(bytes()), (thrown) => isProblem(thrown, 'refused', 'image') || assert.fail(String(thrown)));
      assert.throws(() => measured(bytes(), 3), (thrown) => isProblem(thrown, 'refused', 'image') || assert.fail(String(thrown)));
    });
  }

  test('has no entry that hides in what is content to one reader and an entry to another', () => {
    const hidden = pax({ 'GNU.sparse.major': '1' });
    // A link has no content, whatever its size says; the size of a file is that of its attributes.
    for (const before of [entry('2', hidden.length), Buffer.concat([pax({ size: '0' }), entry('0', hidden.length)])]) {
      assert.throws(() => measured(Buffer.concat([before, hidden, entry('0', 0), end])), (thrown) => isProblem(thrown, 'refused', 'image'));
    }
    assert.ok(measured(Buffer.concat([entry('0', hidden.length), hidden, end])) > 0, 'here it is content');
  });
});
