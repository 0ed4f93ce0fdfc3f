// Go's own packages for notes and tiled logs (golang.org/x/mod/sumdb) check what we write, and we check what they write.
// Debian: golang-go golang-golang-x-mod-dev. Without Go this is skipped and says so; CI has it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkpointKeys } from '../../src/bcdb/checkpoint.js';
import { exportTiles } from '../../src/bcdb/mirror.js';
import { pinnedBy } from '../../src/bcdb/pinned.js';
import { receiptOf } from '../../src/bcdb/prove.js';
import { isProblem } from '../../src/base/errors.js';
import { sha256Hex } from '../../src/base/hash.js';
import { checkEd25519 } from '../../src/keys/ed25519.js';
import type { Grid } from '../../src/net/grid.js';
import { parseBundle } from '../../src/tlog/bundle.js';
import { parseCheckpointText, type CheckpointText } from '../../src/tlog/checkpoint.js';
import { fromTiles, type FetchTile } from '../../src/tlog/fetch.js';
import { leafHash, verifyConsistency, verifyInclusion } from '../../src/tlog/merkle.js';
import { ed25519Verifier, formatVkey, parseNote, parseVkey, signatureBy } from '../../src/tlog/note.js';
import { formatProof, parseProof } from '../../src/tlog/proof.js';
import { consistencyProof, inclusionProof, treeRoot } from '../../src/tlog/prove.js';
import { tilePath } from '../../src/tlog/tiles.js';
import { sendMany, TestHome } from '../net/homes.js';

const GOPATH = '/usr/share/gocode';
const SOURCE = fileURLToPath(new URL('../../../test/interop/main.go', import.meta.url));

/** base64, as Go writes bytes. */
type Bytes = string;
interface Proofs {
  readonly Inclusion: readonly { Index: number; Size: number; Root: Bytes; Leaf: Bytes; Proof: readonly Bytes[] }[];
  readonly Consistency: readonly { From: number; To: number; FromRoot: Bytes; ToRoot: Bytes; Proof: readonly Bytes[] }[];
}

const folder = mkdtempSync(join(tmpdir(), '3bot-interop-'));
const program = join(folder, 'interop');
after(() => rmSync(folder, { recursive: true, force: true }));

/** Builds the Go program; why that cannot be, where there is no Go. In CI it must be. */
function build(): string | false {
  try {
    execFileSync('go', ['build', '-o', program, SOURCE], { env: { ...process.env, GO111MODULE: 'off', GOPATH, GOFLAGS: '', GOCACHE: join(folder, 'cache') }, stdio: 'pipe' });
    return false;
  } catch (thrown) {
    if (process.env['CI'] === 'true') throw thrown;
    return 'no Go with golang.org/x/mod here (Debian: golang-go golang-golang-x-mod-dev)';
  }
}

const run = (...args: string[]): string => execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe' });
const base64 = (bytes: Uint8Array): Bytes => Buffer.from(bytes).toString('base64');
const bytesOf = (text: Bytes): Buffer => Buffer.from(text, 'base64');

describe('with Go', { skip: build() }, () => {
  describe('our log, checked by Go', () => {
    let alice: TestHome;
    let grid: Grid;
    const ours = join(folder, 'ours');
    before(async () => {
      alice = await TestHome.create('alice');
      await alice.create();
      grid = await alice.grid();
      await sendMany(grid, alice.identity, 'ab'.repeat(32), 597);
      await exportTiles(grid.reader, ours, { signal: alice.stop.signal });
      writeFileSync(join(ours, 'vkey'), `${formatVkey(checkpointKeys(pinnedBy(grid.reader.line(0))).log)}\n`);
      writeFileSync(join(ours, 'proofs.json'), JSON.stringify(proofsOf(grid)));
      for (const index of [0, 1, 255, 256, 511, 599]) writeFileSync(join(ours, `${index}.tlog-proof`), receiptOf(grid.reader, sha256Hex(grid.reader.line(index).payload)));
    });
    after(() => alice[Symbol.asyncDispose]());

    test('checkpoint, tiles, entries, proofs and receipts hold', () => {
      assert.deepEqual(run('verify', ours).trim().split('\n'), [
        `checkpoint of ${pinnedBy(grid.reader.line(0)).origin}: 600 leaves`,
        'tiles and entries: 600 leaves',
        'proofs made from the tiles',
        'proofs made by 3bot: 9 of inclusion, 9 of consistency',
        'receipts: 6',
      ]);
    });

    for (const [what, path, change] of [
      ['a checkpoint of another size', 'checkpoint', (bytes: Buffer) => Buffer.from(bytes.toString().replace('\n600\n', '\n599\n'))],
      ['a changed tile', 'tile/0/001', (bytes: Buffer) => flip(bytes, 100)],
      ['a changed partial tile', 'tile/1/000.p/2', (bytes: Buffer) => flip(bytes, 40)],
      ['a changed entry', 'tile/entries/000', (bytes: Buffer) => flip(bytes, 300)],
      ['a receipt of another line', '256.tlog-proof', (bytes: Buffer) => Buffer.from(bytes.toString().replace('index 256', 'index 257'))],
      ['a changed proof', 'proofs.json', (bytes: Buffer) => Buffer.from(bytes.toString().replace('"Index":1,', '"Index":2,'))],
    ] as const) {
      test(`Go finds ${what}`, () => {
        const before = readFileSync(join(ours, path));
        const changed = change(before);
        assert.notDeepEqual(changed, before);
        writeFileSync(join(ours, path), changed);
        assert.throws(() => run('verify', ours), (thrown) => (thrown as { status: number }).status === 1);
        writeFileSync(join(ours, path), before);
      });
    }
  });

  describe('a log of Go, checked by us', () => {
    const theirs = join(folder, 'theirs');
    const text = (path: string): string => readFileSync(join(theirs, path), 'utf8');
    const fetch: FetchTile = async (tile) => readFileSync(join(theirs, tilePath(tile)));
    let point: CheckpointText;
    before(() => {
      mkdirSync(theirs);
      run('make', theirs, '1500');
      const note = parseNote(text('checkpoint'));
      signatureBy(note, ed25519Verifier(parseVkey(text('vkey').trim()), checkEd25519));
      point = parseCheckpointText(note.text);
    });

    test('its checkpoint is signed, with an extension line', () => {
      assert.deepEqual([point.origin, point.size, point.extensions], ['example.com/go-log', 1_500, ['extension']]);
      const forged = parseNote(text('checkpoint').replace('\n1500\n', '\n1501\n'));
      assert.throws(() => signatureBy(forged, ed25519Verifier(parseVkey(text('vkey').trim()), checkEd25519)), (thrown) => isProblem(thrown, 'integrity', 'note'));
    });

    test('its tiles give its root, and its entries its leaves', async () => {
      assert.deepEqual(await fromTiles(point.size, fetch, (hash) => treeRoot(hash, point.size)), point.root);
      for (const [n, width] of [[0, 256], [4, 256], [5, 220]] as const) {
        const entries = parseBundle(readFileSync(join(theirs, tilePath({ of: 'entries', n, width }))), width);
        assert.equal(entries[7]?.toString(), `entry ${n * 256 + 7}`);
        assert.deepEqual(Buffer.concat(entries.map((entry) => leafHash(entry))), readFileSync(join(theirs, tilePath({ of: 0, n, width }))));
      }
    });

    test('its proofs hold, and are those that we make', async () => {
      const { Inclusion, Consistency } = JSON.parse(text('proofs.json')) as Proofs;
      assert.ok(Inclusion.length > 15 && Consistency.length > 15);
      for (const { Index, Size, Root, Leaf, Proof } of Inclusion) {
        assert.ok(verifyInclusion(bytesOf(Leaf), Index, Size, Proof.map(bytesOf), bytesOf(Root)), `${Index}`);
        assert.equal(verifyInclusion(bytesOf(Leaf), Index + 1, Size, Proof.map(bytesOf), bytesOf(Root)), false);
        const made = await fromTiles(Size, fetch, (hash) => inclusionProof(hash, Index, Size));
        assert.deepEqual(made.map(base64), Proof);
        const file = { index: Index, proof: made, checkpoint: text('checkpoint') };
        assert.deepEqual(parseProof(formatProof(file)), file);
      }
      for (const { From, To, FromRoot, ToRoot, Proof } of Consistency) {
        assert.ok(verifyConsistency(From, To, bytesOf(FromRoot), bytesOf(ToRoot), Proof.map(bytesOf)), `${From}`);
        assert.deepEqual((await fromTiles(To, fetch, (hash) => consistencyProof(hash, From, To))).map(base64), Proof);
      }
    });
  });
});

function flip(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

/** Proofs at sizes around the edges of tiles. */
function proofsOf({ reader: { tree } }: Grid): Proofs {
  const places = [1, 2, 255, 256, 257, 511, 512, 599, 600];
  const leaf = (index: number): Bytes => base64(tree.tile(0, Math.floor(index / 256), (index % 256) + 1).subarray(-32));
  return {
    Inclusion: places.map((size) => ({ Index: Math.floor(size / 2), Size: size, Root: base64(tree.root(size)), Leaf: leaf(Math.floor(size / 2)), Proof: tree.inclusionProof(Math.floor(size / 2), size).map(base64) })),
    Consistency: places.map((from) => ({ From: from, To: 600, FromRoot: base64(tree.root(from)), ToRoot: base64(tree.root(600)), Proof: tree.consistencyProof(from, 600).map(base64) })),
  };
}
