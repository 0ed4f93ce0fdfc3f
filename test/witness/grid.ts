// A grid whose home, witnesses and copies are real and talk over real sockets, in one process.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { signCheckpoint } from '../../src/bcdb/checkpoint.js';
import type { Outcome } from '../../src/bcdb/sequencer.js';
import { makeRecord, signRecord } from '../../src/bcdb/record.js';
import { createGrid } from '../../src/net/genesis.js';
import type { Daemon } from '../../src/net/daemon.js';
import type { Grid } from '../../src/net/grid.js';
import { readGrid } from '../../src/rules/objects.js';
import type { Line } from '../../src/schema/types.js';
import { parseVkey } from '../../src/tlog/note.js';
import { formatAddCheckpoint, type Answer } from '../../src/tlog/witness.js';
import { namedSigner, nextPayload } from '../book.js';
import { EvilHome, treeOf } from '../evil/evilhome.js';
import { TestHome } from '../net/homes.js';
import type { WitnessParts } from '../../src/witness/witness.js';
import { TestWitness } from './support.js';

/** A witness whose server can be stopped, started again at the same address, and made to wait. */
export class ServedWitness implements AsyncDisposable {
  readonly name: string;
  readonly memory: TestWitness;
  /** Requests that came. */
  asked = 0;
  #server: Server;
  #port = 0;
  #held: Promise<void> = Promise.resolve();
  #reached: () => void = () => undefined;

  constructor(name: string, more: Pick<WitnessParts, 'audit' | 'moved'> = {}) {
    this.name = name;
    this.memory = new TestWitness(name, more);
    this.memory.clock = Date.now;
    this.#server = this.#listener();
  }

  get line(): string {
    return `witness ${this.name} ${this.memory.witness.vkey} http://127.0.0.1:${this.#port}/${this.name}`;
  }

  async start(): Promise<void> {
    this.#server = this.#listener();
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Lets requests wait until what it gives is called. */
  hold(): () => void {
    let release = (): void => undefined;
    this.#held = new Promise((resolve) => (release = resolve));
    return release;
  }

  /** Resolves at the next request. */
  reached(): Promise<void> {
    return new Promise((resolve) => (this.#reached = resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop().catch(() => undefined);
    await this.memory[Symbol.asyncDispose]();
  }

  #listener(): Server {
    return createServer((request, response) => void this.#answer(request, response));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.asked += 1;
    this.#reached();
    const body = await buffer(request);
    await this.#held;
    const answer = await this.memory.witness.addCheckpoint(body);
    response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body);
  }
}

/** A grid with witnesses. */
export class WitnessedGrid implements AsyncDisposable {
  readonly alice: TestHome;
  #daemon: Daemon & { readonly url: string };
  readonly #witnesses: readonly ServedWitness[];
  readonly #id: string;

  private constructor(alice: TestHome, daemon: Daemon & { readonly url: string }, witnesses: readonly ServedWitness[], id: string) {
    this.alice = alice;
    this.#daemon = daemon;
    this.#witnesses = witnesses;
    this.#id = id;
  }

  /** @param group line of the policy whose name is its quorum; null: the one witness */
  static async create(names: readonly string[], group: string | null): Promise<WitnessedGrid> {
    const witnesses = names.map((name) => new ServedWitness(name));
    for (const witness of witnesses) await witness.start();
    const alice = await TestHome.create('alice');
    const policy = [...witnesses.map(({ line }) => line), ...(group === null ? [] : [group]), `quorum ${group?.split(' ')[1] ?? names[0] ?? ''}`];
    const allocations = [{ account: alice.identity.public['wallet'] ?? '', amount_stroops: '10000000000' }];
    const { id, vkey } = await createGrid({ ...alice.options, name: 'test-grid', dev: true, owner: alice.identity, allocations, witnesses: policy });
    for (const { memory } of witnesses) memory.ledger.trust({ origin: parseVkey(vkey).name, vkey, source: null });
    return new WitnessedGrid(alice, await alice.daemon(), witnesses, id);
  }

  get url(): string {
    return this.#daemon.url;
  }

  get grid(): Grid {
    return this.#daemon.grids.get(this.#id) as Grid;
  }

  witness(name: string): ServedWitness {
    return this.#witnesses.find((one) => one.name === name) as ServedWitness;
  }

  /** Ends the home and starts it again. */
  async reopen(): Promise<void> {
    await this.#daemon[Symbol.asyncDispose]();
    this.#daemon = await this.alice.daemon();
  }

  /** Hands in `count` records, each by itself and all at once. */
  async records(count: number): Promise<Promise<Outcome>[]> {
    const { grid } = this;
    const signers = Array.from({ length: count }, (_, i) => namedSigner(`faucet ${i}`));
    const signed = await Promise.all(signers.map((signer) => signRecord(makeRecord(nextPayload(grid.reader, `account/${signer.key}`, 'faucet@1', { amount_stroops: '10000000000' }, Date.now())), [signer])));
    return signed.map(async (record) => (await grid.submit([record]))[0] as Outcome);
  }

  /** The home serves and signs another last line than the one that its witnesses have cosigned. */
  async fork(): Promise<{ url: string; size: number; note: string; answers: Answer[] }> {
    const { alice, grid } = this;
    const { size } = grid.reader;
    const lines = [...grid.reader.lines(0, size)];
    const last = lines.at(-1) as Line;
    const other = [...lines.slice(0, -1), { ...last, at: last.at + 1 }];
    const { nonce, origin } = readGrid(grid.reader);
    const log = await alice.options.openKeyring('log', nonce);
    const note = async (some: readonly Line[]): Promise<string> => signCheckpoint({ origin, size: some.length, root: treeOf(some).root(), time_ms: Date.now() }, log.signer('log'), log.signer('clock'));
    const longer = [...other, last];
    const bodies = [
      formatAddCheckpoint({ old: size, proof: [], checkpoint: await note(other) }),
      formatAddCheckpoint({ old: size, proof: treeOf(longer).consistencyProof(size), checkpoint: await note(longer) }),
    ];
    const answers = await Promise.all(this.#witnesses.flatMap(({ memory }) => bodies.map((body) => memory.witness.addCheckpoint(Buffer.from(body)))));
    const evil = await EvilHome.start(other, log);
    this.#evil.push(evil);
    return { url: evil.url, size, note: await note(other), answers };
  }

  readonly #evil: EvilHome[] = [];

  async [Symbol.asyncDispose](): Promise<void> {
    for (const evil of this.#evil) await evil[Symbol.asyncDispose]();
    await this.alice[Symbol.asyncDispose]();
    for (const witness of this.#witnesses) await witness[Symbol.asyncDispose]();
  }
}
