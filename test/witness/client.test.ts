// The home's side against a witness that is nothing but the specification: src/tlog and a socket, none of our service.
import assert from 'node:assert/strict';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { Cosigners } from '../../src/net/cosign.js';
import { checkEd25519 } from '../../src/keys/ed25519.js';
import { cosignatures } from '../../src/tlog/cosignature.js';
import { verifyConsistency, EMPTY_ROOT } from '../../src/tlog/merkle.js';
import { parseNote } from '../../src/tlog/note.js';
import { parsePolicy } from '../../src/tlog/policy.js';
import { Cosigner } from '../cosigner.js';
import { TestLog } from './support.js';

const LOG = new TestLog('example.com/log', 40);
const NOW = 1_700_000_000_000;

/** Reads, checks and answers by the letter of tlog-witness. */
class SpecWitness extends Cosigner implements AsyncDisposable {
  size = 0;
  root: Uint8Array = EMPTY_ROOT;
  readonly requests: string[] = [];
  /** What it does in place of answering. */
  misbehave: ((response: ServerResponse, note: string) => void) | undefined;
  readonly #server: Server;

  constructor(name: string) {
    super(name);
    this.#server = createServer(async (request, response) => {
      const body = await text(request);
      this.requests.push(`${request.method} ${request.url} ${body.split('\n')[0]}`);
      const [head = '', ...rest] = body.split('\n\n');
      const [old = '', ...proof] = head.split('\n');
      const note = rest.join('\n\n');
      const [, size = '', root = ''] = note.split('\n');
      if (this.misbehave !== undefined) return this.misbehave(response, note);
      if (old !== `old ${this.size}`) return void response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end(`${this.size}\n`);
      const hashes = proof.map((hash) => Buffer.from(hash, 'base64'));
      if (!verifyConsistency(this.size, Number(size), this.root, Buffer.from(root, 'base64'), hashes)) return void response.writeHead(422).end('no\n');
      [this.size, this.root] = [Number(size), Buffer.from(root, 'base64')];
      response.writeHead(200, { 'content-type': 'text/plain' }).end(new Cosigner('stranger').signature(note, NOW) + this.signature(note, NOW));
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  override line(): string {
    return super.line(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/some/prefix/`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** One round for the first `size` leaves. */
async function cosign(cosigners: Cosigners, policy: string, size: number, { published = 0, onMore = () => undefined }: { published?: number; onMore?: (note: string) => void } = {}): Promise<Map<string, number>> {
  const parsed = parsePolicy(policy);
  const note = await cosigners.cosign({ policy: parsed, size, note: LOG.checkpoint(size), published, proof: (from) => LOG.tree.consistencyProof(from, size), onMore });
  return cosignatures(parseNote(note), parsed.witnesses.map(({ key }) => key), checkEd25519);
}

test('a checkpoint is cosigned, its growth proven from the size that the witness is remembered to hold', async () => {
  await using witness = await new SpecWitness('spec').start();
  await using cosigners = new Cosigners();
  const policy = `${witness.line()}\nquorum spec\n`;
  for (const size of [3, 3, 17, 40]) assert.deepEqual([...(await cosign(cosigners, policy, size)).values()], [NOW]);
  assert.deepEqual(witness.requests, ['old 0', 'old 3', 'old 3', 'old 17'].map((old) => `POST /some/prefix/add-checkpoint ${old}`));
});

test('a witness that holds another size than is believed says so, and is asked again from there', async () => {
  await using witness = await new SpecWitness('spec').start();
  await using first = new Cosigners();
  const policy = `${witness.line()}\nquorum spec\n`;
  await cosign(first, policy, 11);
  await using restarted = new Cosigners();
  await cosign(restarted, policy, 40, { published: 20 });
  assert.deepEqual(witness.requests.slice(1).map((request) => request.split(' ').slice(2).join(' ')), ['old 20', 'old 11']);
});

const MISBEHAVIOUR: [what: string, answer: (response: ServerResponse, note: string) => void, why: RegExp][] = [
  ['that has cosigned more than there is', (response) => response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end('41\n'), /spec has cosigned 41 lines, and here are 17/],
  ['that says 409 for ever', (response) => response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end('3\n'), /spec answers 409/],
  ['with an empty answer', (response) => response.writeHead(200).end(''), /spec /],
  ['with a cosignature of another key', (response, note) => response.writeHead(200).end(new Cosigner('other').signature(note, NOW)), /no cosignature by spec/],
  ['with a cosignature on another checkpoint', (response) => response.writeHead(200).end(new Cosigner('spec').signature(LOG.checkpoint(16), NOW)), /does not hold/],
  ['with an answer without end', (response) => response.writeHead(200).end('— '.repeat(50_000)), /more than/],
  ['that fails', (response) => response.writeHead(500).end('oops\n'), /spec answers 500: oops/],
  ['that hangs up', (response) => response.destroy(), /spec /],
];

describe('no quorum, and the reason, with a witness', () => {
  for (const [what, answer, why] of MISBEHAVIOUR) {
    test(what, async () => {
      await using witness = await new SpecWitness('spec').start();
      await using cosigners = new Cosigners();
      witness.misbehave = answer;
      await assert.rejects(cosign(cosigners, `${witness.line()}\nquorum spec\n`, 17), (thrown) => isProblem(thrown, 'unreachable', 'unwitnessed') && why.test(thrown.message));
      assert.ok(witness.requests.length <= 2, 'it is asked twice at the most');
    });
  }
});

test('a quorum does not wait for a witness that is slow, and what that says later is handed on', async () => {
  await using quick = await new SpecWitness('quick').start();
  await using slow = await new SpecWitness('slow').start();
  await using cosigners = new Cosigners();
  const held = new Promise<() => void>((resolve) => {
    slow.misbehave = (response, note) => resolve(() => void response.writeHead(200).end(slow.signature(note, NOW)));
  });
  let onMore = (_note: string): void => undefined;
  const late = new Promise<string>((resolve) => (onMore = resolve));
  const first = await cosign(cosigners, `${quick.line()}\n${slow.line()}\ngroup g any quick slow\nquorum g\n`, 17, { onMore });
  assert.deepEqual([...first.keys()], [quick.key.key]);
  (await held)();
  const both = cosignatures(parseNote(await late), [quick.key, slow.key], checkEd25519);
  assert.deepEqual([...both.keys()], [quick.key.key, slow.key.key]);
});
