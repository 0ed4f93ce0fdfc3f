// Merkle hashes and proof checking, against published vectors and RFC 6962 as it reads.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EMPTY_ROOT, leafHash, nodeHash, verifyConsistency, verifyInclusion } from '../../src/tlog/merkle.js';
import { naiveConsistency, naivePath, naiveRoot } from './hashes.js';

// Test tree of the certificate-transparency reference implementation: eight leaves and the root after each.
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map((hex) => leafHash(Buffer.from(hex, 'hex')));
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const many = Array.from({ length: 70 }, (_, i) => leafHash(`leaf ${i}`));

test('the root of nothing is SHA-256 of nothing', () => {
  assert.equal(EMPTY_ROOT.toString('hex'), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});

test('leaf and node hashes give the published roots', () => {
  for (const [i, root] of ROOTS.entries()) assert.equal(naiveRoot(LEAVES.slice(0, i + 1)).toString('hex'), root);
});

test('a leaf given as text is hashed as its UTF-8', () => {
  assert.deepEqual(leafHash('ü\u{1f600}'), leafHash(Buffer.from('ü\u{1f600}')));
});

test('hashes handed out are not changed by later ones', () => {
  const first = nodeHash(LEAVES[0] as Buffer, LEAVES[1] as Buffer);
  const copy = Buffer.from(first);
  nodeHash(LEAVES[2] as Buffer, LEAVES[3] as Buffer);
  assert.deepEqual(first, copy);
});

test('accepts the proof of every leaf in every small tree, and only for its place and size', () => {
  for (let size = 1; size <= 40; size++) {
    const leaves = many.slice(0, size);
    const root = naiveRoot(leaves);
    for (let index = 0; index < size; index++) {
      const proof = naivePath(index, leaves);
      const leaf = leaves[index] as Buffer;
      assert.ok(verifyInclusion(leaf, index, size, proof, root), `${index} of ${size}`);
      for (let other = 0; other < size; other++) {
        if (other !== index) assert.ok(!verifyInclusion(leaf, other, size, proof, root), `${index} of ${size} shown at ${other}`);
      }
      assert.ok(!verifyInclusion(leaf, index, size, [...proof, root], root), 'a hash too many');
      if (proof.length > 0) assert.ok(!verifyInclusion(leaf, index, size, proof.slice(0, -1), root), 'a hash too few');
    }
  }
});

test('accepts the consistency proof of every pair of small trees, exact in length', () => {
  for (let to = 0; to <= 40; to++) {
    const toRoot = naiveRoot(many.slice(0, to));
    for (let from = 0; from <= to; from++) {
      const fromRoot = naiveRoot(many.slice(0, from));
      const proof = from === 0 ? [] : naiveConsistency(from, many.slice(0, to));
      assert.ok(verifyConsistency(from, to, fromRoot, toRoot, proof), `${from} to ${to}`);
      assert.ok(!verifyConsistency(from, to, fromRoot, toRoot, [...proof, toRoot]), `${from} to ${to}, a hash too many`);
      if (proof.length > 0) assert.ok(!verifyConsistency(from, to, fromRoot, toRoot, proof.slice(0, -1)), `${from} to ${to}, a hash too few`);
      if (from < to) assert.ok(!verifyConsistency(from, to, leafHash('other'), toRoot, proof), `${from} to ${to}, another past`);
      if (from > 0) assert.ok(!verifyConsistency(from, to, fromRoot, leafHash('other'), proof), `${from} to ${to}, another present`);
    }
  }
});

test('a proof to one size does not show a larger one that needs more hashes', () => {
  const [from, to] = [naiveRoot(many.slice(0, 3)), naiveRoot(many.slice(0, 7))];
  const proof = naiveConsistency(3, many.slice(0, 7));
  assert.ok(verifyConsistency(3, 7, from, to, proof));
  for (const size of [9, 16, 2 ** 40]) assert.ok(!verifyConsistency(3, size, from, to, proof), `${size}`);
});

const flip = (hashes: readonly Buffer[], bit: number): Buffer[] => {
  const flat = Buffer.concat(hashes);
  flat[bit >> 3] = (flat[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return hashes.map((_, i) => flat.subarray(i * 32, i * 32 + 32));
};

test('refuses any changed bit of an inclusion proof, its leaf or its root', () => {
  const leaves = many.slice(0, 7);
  const all = [naiveRoot(leaves), leaves[3] as Buffer, ...naivePath(3, leaves)];
  for (let bit = 0; bit < all.length * 256; bit++) {
    const [root, leaf, ...proof] = flip(all, bit) as [Buffer, Buffer, ...Buffer[]];
    assert.ok(!verifyInclusion(leaf, 3, 7, proof, root), `bit ${bit}`);
  }
});

test('refuses any changed bit of a consistency proof or its roots', () => {
  for (const [from, to] of [[3, 7], [4, 7], [6, 8]] as const) {
    const all = [naiveRoot(many.slice(0, from)), naiveRoot(many.slice(0, to)), ...naiveConsistency(from, many.slice(0, to))];
    for (let bit = 0; bit < all.length * 256; bit++) {
      const [before, after, ...proof] = flip(all, bit) as [Buffer, Buffer, ...Buffer[]];
      assert.ok(!verifyConsistency(from, to, before, after, proof), `${from} to ${to}, bit ${bit}`);
    }
  }
});

test('refuses what is no tree: negative, broken and huge numbers, short hashes', () => {
  const [leaf] = LEAVES as [Buffer];
  for (const [index, size] of [[0, 0], [1, 1], [-1, 1], [0.5, 1], [0, 1.5], [0, 2 ** 53], [0, NaN], [NaN, 1], [0, -1]] as const) {
    assert.ok(!verifyInclusion(leaf, index, size, [], leaf), `inclusion ${index} of ${size}`);
  }
  for (const [from, to] of [[2, 1], [-1, 1], [0.5, 1], [0, 2 ** 53], [NaN, NaN], [0, Infinity]] as const) {
    assert.ok(!verifyConsistency(from, to, EMPTY_ROOT, leaf, []), `consistency ${from} to ${to}`);
  }
  assert.ok(!verifyInclusion(leaf, 0, 2, [Buffer.alloc(31)], leaf));
  assert.ok(!verifyInclusion(Buffer.alloc(0), 0, 1, [], Buffer.alloc(0)));
  assert.ok(!verifyConsistency(1, 1, Buffer.alloc(0), Buffer.alloc(0), []));
  assert.ok(!verifyConsistency(0, 0, leaf, leaf, []), 'the empty tree has one root');
});

test('proofs hold in trees of more than 2^32 leaves', () => {
  // The left subtree stands for 2^40 leaves whose root is known; three more follow it.
  const left = leafHash('a root');
  const [a, b, c] = many as [Buffer, Buffer, Buffer];
  const right = nodeHash(nodeHash(a, b), c);
  const root = nodeHash(left, right);
  const size = 2 ** 40 + 3;
  assert.ok(verifyInclusion(c, size - 1, size, [nodeHash(a, b), left], root));
  assert.ok(verifyInclusion(b, size - 2, size, [a, c, left], root));
  assert.ok(!verifyInclusion(b, size - 2 - 2 ** 32, size, [a, c, left], root));
  assert.ok(verifyConsistency(2 ** 40, size, left, root, [right]));
  assert.ok(verifyConsistency(2 ** 40 + 2, size, nodeHash(left, nodeHash(a, b)), root, [nodeHash(a, b), c, left]));
});

test('no proof made of noise holds', () => {
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(fc.nat(300), fc.nat(300), fc.array(hash, { maxLength: 10 }), hash, hash, (a, b, proof, one, two) => {
      assert.ok(!verifyInclusion(one, a, b, proof, two));
      assert.ok(!verifyConsistency(a, b, one, two, proof));
    }),
  );
});
