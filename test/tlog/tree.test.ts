// The appendable tree over tiles, against RFC 6962 as it reads.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isProblem } from '../../src/base/errors.js';
import { EMPTY_ROOT, leafHash, verifyConsistency, verifyInclusion } from '../../src/tlog/merkle.js';
import { Tree } from '../../src/tlog/tree.js';
import { MemoryTiles, naiveConsistency, naivePath, naiveRoot } from './hashes.js';

const leaves = Array.from({ length: 70_000 }, (_, i) => leafHash(`leaf ${i}`));

test('one leaf at a time: every root up to 520 leaves is that of RFC 6962', () => {
  const tree = Tree.open(new MemoryTiles(), 0);
  assert.deepEqual(tree.root(), EMPTY_ROOT);
  for (let size = 1; size <= 520; size++) {
    tree.append([leaves[size - 1] as Buffer]);
    assert.equal(tree.size, size);
    assert.deepEqual(tree.root(), naiveRoot(leaves.slice(0, size)), `size ${size}`);
  }
});

test('a tree opened from its tiles at any size goes on as if it had never been closed', () => {
  const tiles = new MemoryTiles();
  for (let size = 0; size < 520; size++) {
    const tree = Tree.open(tiles, size);
    assert.deepEqual(tree.root(), naiveRoot(leaves.slice(0, size)), `size ${size}`);
    tree.append([leaves[size] as Buffer]);
  }
});

test('proofs of a tree up to 520 leaves, for every size and many places, are those of RFC 6962', () => {
  const tree = Tree.open(new MemoryTiles(), 0);
  tree.append(leaves.slice(0, 520));
  for (let size = 1; size <= 520; size++) {
    const part = leaves.slice(0, size);
    for (const index of new Set([0, 1, size >> 1, (size * 7) % size, 255, 256, size - 2, size - 1])) {
      if (index < 0 || index >= size) continue;
      assert.deepEqual(tree.inclusionProof(index, size), naivePath(index, part), `${index} of ${size}`);
      assert.deepEqual(tree.consistencyProof(index + 1, size), naiveConsistency(index + 1, part), `${index + 1} to ${size}`);
    }
  }
});

test('whatever the slices it is appended in, tiles, roots and proofs are the same', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 8 }), fc.nat(), fc.nat(), (slices, a, b) => {
      const tiles = new MemoryTiles();
      let tree = Tree.open(tiles, 0);
      for (const [i, count] of slices.entries()) {
        tree.append(leaves.slice(tree.size, tree.size + count));
        if (i % 2 === 0) tree = Tree.open(tiles, tree.size);
      }
      const whole = new MemoryTiles();
      Tree.open(whole, 0).append(leaves.slice(0, tree.size));
      assert.deepEqual(tiles.tiles, whole.tiles);
      if (tree.size === 0) return;
      const index = a % tree.size;
      const from = (b % tree.size) + 1;
      const root = tree.root();
      assert.ok(verifyInclusion(leaves[index] as Buffer, index, tree.size, tree.inclusionProof(index), root));
      assert.ok(verifyConsistency(from, tree.size, tree.root(from), root, tree.consistencyProof(from)));
    }),
    { numRuns: 60 },
  );
});

test('70,000 leaves make the tiles that tlog-tiles names, with the hashes it names', () => {
  const tiles = new MemoryTiles();
  const tree = Tree.open(tiles, 0);
  for (let at = 0; at < leaves.length; at += 1_000) tree.append(leaves.slice(at, at + 1_000));
  const width = (level: number, n: number): number => (tiles.get(level, n)?.length ?? 0) / 32;
  assert.equal(tiles.tiles.size, 273 + 1 + 1 + 1 + 1);
  assert.deepEqual([width(0, 272), width(0, 273), width(1, 0), width(1, 1), width(2, 0)], [256, 112, 256, 17, 1]);
  assert.deepEqual(tiles.get(0, 3)?.subarray(0, 32), leaves[768]);
  assert.deepEqual(tiles.get(1, 1)?.subarray(32, 64), naiveRoot(leaves.slice(257 * 256, 258 * 256)));
  assert.deepEqual(tiles.get(2, 0), naiveRoot(leaves.slice(0, 65_536)));
  assert.deepEqual(tree.root(), naiveRoot(leaves));
  for (const index of [0, 255, 256, 65_535, 65_536, 69_999]) assert.deepEqual(tree.inclusionProof(index), naivePath(index, leaves));
  for (const from of [1, 256, 65_535, 65_536, 65_537, 69_999]) assert.deepEqual(tree.consistencyProof(from), naiveConsistency(from, leaves));
});

test('an append puts each tile it touches once', () => {
  const tiles = new MemoryTiles();
  const tree = Tree.open(tiles, 0);
  const puts = (count: number): number => {
    const before = tiles.puts;
    tree.append(leaves.slice(tree.size, tree.size + count));
    return tiles.puts - before;
  };
  assert.equal(puts(0), 0);
  assert.equal(puts(200), 1);
  assert.equal(puts(1), 1);
  assert.equal(puts(55), 2, 'the full tile, and the first hash above it');
  assert.equal(puts(1_000), 3 + 1 + 1, 'three full tiles, a partial one, and the one above');
});

test('hashes beyond the size, left by an append that was taken back, do not matter', () => {
  const tiles = new MemoryTiles();
  Tree.open(tiles, 0).append(leaves.slice(0, 300));
  const tree = Tree.open(tiles, 290);
  assert.deepEqual(tree.root(), naiveRoot(leaves.slice(0, 290)));
  const others = [leafHash('other')];
  tree.append(others);
  assert.deepEqual(tree.root(), naiveRoot([...leaves.slice(0, 290), ...others]));
});

test('a missing or short tile is a broken log', () => {
  const spoil: [string, (tiles: MemoryTiles) => void][] = [
    ['missing edge', (tiles) => tiles.tiles.delete('0/2')],
    ['short edge', (tiles) => tiles.tiles.set('0/2', Buffer.alloc(32))],
    ['missing upper edge', (tiles) => tiles.tiles.delete('1/0')],
  ];
  for (const [title, change] of spoil) {
    const tiles = new MemoryTiles();
    Tree.open(tiles, 0).append(leaves.slice(0, 600));
    change(tiles);
    assert.throws(() => Tree.open(tiles, 600), (thrown) => isProblem(thrown, 'integrity', 'tile'), title);
  }
  const tiles = new MemoryTiles();
  const tree = Tree.open(tiles, 0);
  tree.append(leaves.slice(0, 600));
  tiles.tiles.delete('0/0');
  assert.throws(() => tree.inclusionProof(5), (thrown) => isProblem(thrown, 'integrity', 'tile'));
});

test('asking for what is not in the tree is an error of the caller', () => {
  const tree = Tree.open(new MemoryTiles(), 0);
  tree.append(leaves.slice(0, 10));
  assert.throws(() => tree.root(11));
  assert.throws(() => tree.inclusionProof(10));
  assert.throws(() => tree.inclusionProof(-1));
  assert.throws(() => tree.inclusionProof(3, 11));
  assert.throws(() => tree.consistencyProof(5, 4));
  assert.throws(() => Tree.open(new MemoryTiles(), -1));
});
