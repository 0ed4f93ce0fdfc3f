// Names, widths and bundles of C2SP tlog-tiles, and proofs out of tiles that somebody else gives.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isProblem } from '../../src/base/errors.js';
import { formatBundle, parseBundle } from '../../src/tlog/bundle.js';
import { fromTiles } from '../../src/tlog/fetch.js';
import { leafHash } from '../../src/tlog/merkle.js';
import { consistencyProof, inclusionProof, treeRoot } from '../../src/tlog/prove.js';
import { Subtrees } from '../../src/tlog/subtrees.js';
import { parseTilePath, tilePath, tilesOf, tileWidth, type TileName } from '../../src/tlog/tiles.js';
import { Tree } from '../../src/tlog/tree.js';
import { MemoryTiles, naiveConsistency, naivePath, naiveRoot } from './hashes.js';

const PATHS: readonly [string, TileName][] = [
  ['tile/0/000', { of: 0, n: 0, width: 256 }],
  ['tile/0/x001/x234/067', { of: 0, n: 1_234_067, width: 256 }],
  ['tile/1/x001/000', { of: 1, n: 1_000, width: 256 }],
  ['tile/63/999.p/1', { of: 63, n: 999, width: 1 }],
  ['tile/entries/x001/x234/067.p/255', { of: 'entries', n: 1_234_067, width: 255 }],
  ['tile/records/000.p/10', { of: 'records', n: 0, width: 10 }],
];

test('paths are those of the specification, both ways', () => {
  for (const [path, name] of PATHS) {
    assert.equal(tilePath(name), path);
    assert.deepEqual(parseTilePath(path), name);
  }
  fc.assert(fc.property(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 0, max: 999_999_999_999_999 }), fc.integer({ min: 1, max: 256 }), (of, n, width) => {
    assert.deepEqual(parseTilePath(tilePath({ of, n, width })), { of, n, width });
  }));
});

test('a path has one spelling', () => {
  const hostile = [
    '', 'tile', 'tile/0', 'tile/0/', 'tile/00/000', 'tile/64/000', 'tile/-1/000', 'tile/0/0', 'tile/0/00', 'tile/0/0000', 'tile/0/x000/001', 'tile/0/001/000', 'tile/0/x001/x000',
    'tile/0/000.p', 'tile/0/000.p/', 'tile/0/000.p/0', 'tile/0/000.p/256', 'tile/0/000.p/01', 'tile/0/000.p/1/', 'tile/0/000/', 'tile/0/../000', '/tile/0/000', 'tile/Entries/000',
    'tile/0/x001/x000/x000/x000/x000/000', 'tile/0/000\n', `tile/${'e'.repeat(21)}/000`,
  ];
  for (const path of hostile) assert.equal(parseTilePath(path), undefined, path);
});

test('a tree of 70,000 leaves has the tiles that the specification counts', () => {
  const tiles = [...tilesOf(70_000)];
  assert.equal(tiles.length, 273 + 1 + 1 + 1 + 1);
  assert.deepEqual(tiles.filter(({ width }) => width < 256), [{ level: 0, n: 273, width: 112 }, { level: 1, n: 1, width: 17 }, { level: 2, n: 0, width: 1 }]);
  assert.deepEqual([...tilesOf(256)], [{ level: 0, n: 0, width: 256 }, { level: 1, n: 0, width: 1 }], 'no empty tile');
  assert.deepEqual([...tilesOf(0)], []);
  assert.deepEqual([...tilesOf(70_000, 69_900)], [{ level: 0, n: 273, width: 112 }, { level: 1, n: 1, width: 17 }, { level: 2, n: 0, width: 1 }], 'full ones of the tree before are left out');
  assert.deepEqual([tileWidth(70_000, 'entries', 273), tileWidth(70_000, 'entries', 274)], [112, 0]);
});

test('bundles hold their entries, each behind its length', () => {
  assert.deepEqual(formatBundle([Buffer.from('ab'), Buffer.alloc(0)]), Buffer.from('00026162' + '0000', 'hex'));
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 700 }), { minLength: 1, maxLength: 256 }), (entries) => {
    assert.deepEqual(parseBundle(formatBundle(entries), entries.length), entries.map((entry) => Buffer.from(entry)));
  }), { numRuns: 50 });
  assert.equal(parseBundle(formatBundle([Buffer.alloc(65_535, 1)]), 1)[0]?.length, 65_535);
  assert.throws(() => formatBundle([Buffer.alloc(65_536)]));
});

test('a bundle that is cut, goes on, or holds another number of entries is refused', () => {
  const bundle = formatBundle([Buffer.from('one'), Buffer.from('two')]);
  const hostile: [Buffer, number][] = [[bundle, 1], [bundle, 3], [Buffer.alloc(0), 1], [Buffer.concat([bundle, Buffer.of(0)]), 2], [Buffer.alloc(2 * 257), 256]];
  for (let length = 1; length < bundle.length; length++) hostile.push([bundle.subarray(0, length), 2]);
  for (const [bytes, count] of hostile) assert.throws(() => parseBundle(bytes, count), (thrown) => isProblem(thrown, 'integrity', 'bundle'), `${bytes.toString('hex').slice(0, 40)} ${count}`);
});

const leaves = Array.from({ length: 70_000 }, (_, i) => leafHash(`leaf ${i}`));
const stored = new MemoryTiles();
Tree.open(stored, 0).append(leaves);
/** As a mirror that has the newest tiles only: a partial one is cut from what has grown since. */
const asked: string[] = [];
const fetchTile = async (tile: TileName & { readonly of: number }): Promise<Buffer> => {
  asked.push(tilePath(tile));
  return (stored.get(tile.of, tile.n) as Buffer).subarray(0, tile.width * 32);
};

test('roots and proofs of any earlier size come out of the tiles that tree has', async () => {
  for (const size of [1, 2, 255, 256, 257, 700, 65_536, 65_793, 70_000]) {
    const part = leaves.slice(0, size);
    assert.deepEqual(await fromTiles(size, fetchTile, (hash) => treeRoot(hash, size)), naiveRoot(part));
    for (const index of new Set([0, size >> 1, size - 1])) {
      assert.deepEqual(await fromTiles(size, fetchTile, (hash) => inclusionProof(hash, index, size)), naivePath(index, part), `${index} of ${size}`);
      assert.deepEqual(await fromTiles(size, fetchTile, (hash) => consistencyProof(hash, index + 1, size)), naiveConsistency(index + 1, part), `${index + 1} to ${size}`);
    }
  }
});

test('each tile is fetched once, and few of them', async () => {
  asked.length = 0;
  await fromTiles(70_000, fetchTile, (hash) => inclusionProof(hash, 5_000, 70_000));
  assert.deepEqual(asked.toSorted(), ['tile/0/019', 'tile/0/273.p/112', 'tile/1/000', 'tile/1/001.p/17'], 'the root of the first 65,536 is on the path, not in the proof');
});

test('a tile that is cut or goes on is refused', async () => {
  for (const change of [(tile: Buffer) => tile.subarray(32), (tile: Buffer) => Buffer.concat([tile, tile.subarray(0, 32)]), () => Buffer.alloc(0)]) {
    await assert.rejects(fromTiles(700, async (tile) => change(await fetchTile(tile)), (hash) => treeRoot(hash, 700)), (thrown) => isProblem(thrown, 'integrity', 'tile'));
  }
});

test('rows that are kept serve a tile that has grown since', () => {
  let width = 10;
  let reads = 0;
  const subtrees = new Subtrees(() => {
    reads += 1;
    return Buffer.concat(leaves.slice(0, width));
  });
  assert.deepEqual(subtrees.hash(3, 0), naiveRoot(leaves.slice(0, 8)));
  assert.deepEqual(subtrees.hash(1, 4), naiveRoot(leaves.slice(8, 10)));
  assert.equal(reads, 1);
  assert.throws(() => subtrees.hash(1, 5), (thrown) => isProblem(thrown, 'integrity', 'tile'));
  width = 12;
  assert.deepEqual(subtrees.hash(1, 5), naiveRoot(leaves.slice(10, 12)));
  subtrees.forget(0, 0);
  width = 2;
  assert.throws(() => subtrees.hash(3, 0), (thrown) => isProblem(thrown, 'integrity', 'tile'), 'what was forgotten is read again');
});

test('no more tiles are kept than the bound, the newest of them', () => {
  const read: number[] = [];
  const subtrees = new Subtrees((_level, n) => {
    read.push(n);
    return leaves[0];
  });
  const at = (n: number): Buffer => subtrees.hash(0, n * 256);
  for (let n = 0; n <= 512; n++) {
    at(n);
    at(1);
  }
  read.length = 0;
  at(1);
  at(512);
  assert.deepEqual(read, []);
  at(0);
  assert.deepEqual(read, [0]);
});
