// A log and witnesses for tests, over real sockets: the log is any log, made of C2SP's formats alone.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { publicKeyOf, seedSigner, signBytes } from '../../src/keys/ed25519.js';
import { startServer, type Server } from '../../src/net/server.js';
import { checkpointText } from '../../src/tlog/checkpoint.js';
import { leafHash } from '../../src/tlog/merkle.js';
import { formatNote, formatVkey, noteKeyId, type NoteKey } from '../../src/tlog/note.js';
import { Tree } from '../../src/tlog/tree.js';
import { formatAddCheckpoint } from '../../src/tlog/witness.js';
import { Ledger } from '../../src/witness/ledger.js';
import { Witness, type WitnessParts } from '../../src/witness/witness.js';

/** A log of numbered leaves; two of the same origin and another salt have two histories. */
export class TestLog {
  readonly origin: string;
  readonly key: NoteKey;
  readonly tree: Tree;
  readonly #seed: Buffer;

  constructor(origin: string, leaves: number, salt = '') {
    this.origin = origin;
    this.#seed = createHash('sha256').update(`3bot test log ${origin}`).digest();
    this.key = { name: origin, type: 'ed25519', key: publicKeyOf(this.#seed) };
    const tiles = new Map<string, Buffer>();
    this.tree = Tree.open({ get: (level, n) => tiles.get(`${level}/${n}`), put: (level, n, hashes) => tiles.set(`${level}/${n}`, hashes) }, 0);
    this.tree.append(Array.from({ length: leaves }, (_, i) => leafHash(Buffer.from(`${i < 3 ? '' : salt}${i}`))));
  }

  get vkey(): string {
    return formatVkey(this.key);
  }

  /** The log's signed checkpoint; by another key of the same name where a seed is given. */
  checkpoint(size: number, { root = this.tree.root(size), extension = '', seed = this.#seed }: { root?: Buffer; extension?: string; seed?: Buffer } = {}): string {
    const text = checkpointText({ origin: this.origin, size, root }) + extension;
    return formatNote(text, [{ name: this.origin, id: noteKeyId({ ...this.key, key: publicKeyOf(seed) }), signature: Buffer.from(signBytes(seed, Buffer.from(text)), 'base64') }]);
  }

  /** The body that asks to cosign `size` after `old`. */
  request(old: number, size: number): string {
    return formatAddCheckpoint({ old, proof: old <= size ? this.tree.consistencyProof(old, size) : [], checkpoint: this.checkpoint(size) });
  }
}

/** A witness behind a real server, its memory in a real file. */
export class TestWitness implements AsyncDisposable {
  readonly folder: string;
  readonly ledger: Ledger;
  readonly witness: Witness;
  clock = (): number => 1_700_000_000_000;
  readonly #isNew: boolean;
  #server: Server | undefined;

  /** @param more folder: of a witness that was made before; left out: a new one, whose folder goes at the end */
  constructor(name = 'watcher', { folder, ...more }: Pick<WitnessParts, 'audit' | 'moved' | 'onFork'> & { readonly folder?: string } = {}) {
    this.#isNew = folder === undefined;
    this.folder = folder ?? mkdtempSync(join(tmpdir(), '3bot-witness-'));
    const path = join(this.folder, 'ledger.sqlite');
    this.ledger = this.#isNew ? Ledger.create(path, { key_name: `${name}.example/w`, audits: more.audit !== undefined }) : Ledger.open(path);
    this.witness = new Witness({ ledger: this.ledger, signer: seedSigner(createHash('sha256').update(`3bot test witness ${name}`).digest()), clock: () => this.clock(), ...more });
  }

  static async start(...logs: TestLog[]): Promise<TestWitness> {
    const witness = new TestWitness();
    for (const { origin, vkey } of logs) witness.ledger.trust({ origin, vkey, source: null });
    const witnesses = new Map([['watcher', witness.witness]]);
    witness.#server = await startServer({ listen: { host: '127.0.0.1', port: 0 }, books: new Map(), talk: new Map(), witnesses, clock: Date.now, version: '0', log: pino({ level: 'silent' }) });
    return witness;
  }

  /** Submission prefix. */
  get url(): string {
    return `${this.#server?.address ?? ''}/witness/watcher`;
  }

  async post(body: string | Uint8Array, headers: Record<string, string> = {}): Promise<{ status: number; type: string | null; body: string }> {
    const answer = await fetch(`${this.url}/add-checkpoint`, { method: 'POST', body, headers });
    return { status: answer.status, type: answer.headers.get('content-type'), body: await answer.text() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    this.ledger[Symbol.dispose]();
    if (this.#isNew) rmSync(this.folder, { recursive: true, force: true });
  }
}
