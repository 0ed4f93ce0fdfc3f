// A node whose home lies: it starts nothing, kills nothing, wipes nothing, and says why it cannot read.
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { FRESH_MS } from '../../src/base/limits.js';
import { chainId, makeRecord, signRecord } from '../../src/bcdb/record.js';
import { totalStroops } from '../../src/capacity/price.js';
import { seedSigner, type Signer } from '../../src/keys/ed25519.js';
import { nextPayload } from '../../src/net/compose.js';
import { readGrid } from '../../src/rules/objects.js';
import type { Agreement, Line, SignedRecord } from '../../src/schema/types.js';
import { bare, LocalGrid, type Watching } from '../node/local.js';
import { EvilHome } from './evilhome.js';

const FOREVER = [process.execPath, '-e', 'setInterval(() => {}, 1000)'];
const DAY = 24 * 3_600_000;
const VOLUME = { resources: { cru: 1, mru_mib: 128, sru_mib: 64, hru_mib: 0, ipv4: 0 }, retention_ms: 0 };
const within = (): AbortSignal => AbortSignal.timeout(90_000);
const MALLORY = seedSigner(Buffer.alloc(32, 66));

/** A node that runs one contract and keeps the data of another that has ended; its home is then replaced by an evil one. */
class Scene implements AsyncDisposable {
  readonly local: LocalGrid;
  /** The honest book. */
  readonly lines: readonly Line[];
  /** In force and running, with a file in its volume. */
  readonly running: string;
  readonly evil: EvilHome;
  readonly #parties: Record<'bot' | 'wallet' | 'farm', Signer>;

  private constructor(local: LocalGrid, lines: readonly Line[], running: string, evil: EvilHome, parties: Record<'bot' | 'wallet' | 'farm', Signer>) {
    this.local = local;
    this.lines = lines;
    this.running = running;
    this.evil = evil;
    this.#parties = parties;
  }

  static async set(): Promise<Scene> {
    const local = await LocalGrid.start(within());
    const running = await local.deal([bare(FOREVER)], VOLUME);
    const ended = await local.deal([bare(FOREVER)], { ...VOLUME, retention_ms: DAY });
    {
      await using node = await local.watch();
      await node.watcher.once();
      await local.say(ended, 'end@1', { reason: 'done' });
      await node.watcher.once();
    }
    for (const contract of [running, ended]) writeFileSync(join(local.config.data, 'volumes', contract, 'data'), 'of the consumer');
    const { reader } = local.book;
    const lines = [...reader.lines(0, reader.size)];
    const { nonce } = readGrid(reader);
    const port = Number(new URL(local.url).port);
    const alice = await local.keys.get('identity', 'alice');
    const farm = await local.keys.get('farm', 'farm');
    await local.goAway();
    const evil = await EvilHome.start([...lines], await local.keys.get('log', nonce), port);
    return new Scene(local, lines, running, evil, { bot: alice.signer('bot'), wallet: alice.signer('wallet'), farm: farm.signer('farm') });
  }

  /** A line that continues the node's own copy, as it stands. */
  async line(node: Watching, chain: string, kind: string, body: object, signers: readonly Signer[], at = Date.now()): Promise<Line> {
    return { ...(await signRecord(makeRecord(nextPayload(node.grid, chain, kind, body, at)), signers)), at };
  }

  /** An agreement with a workload on this node that anybody concerned has signed. */
  async agreement(node: Watching, change: Partial<Agreement> = {}, payer: Signer = this.#parties.wallet, at = Date.now()): Promise<Line> {
    const { bot, farm } = this.#parties;
    const nonce = 'ee'.repeat(16);
    const all = (...of: string[]) => ({ threshold: of.length, members: of.map((party) => ({ of: party, weight: 1 })) });
    const parties = [`bot/${bot.key}`, `farm/${this.local.farm}`];
    const terms = { resources: { cru: 1, mru_mib: 128, sru_mib: 0, hru_mib: 0, ipv4: 0 }, prices: readGrid(node.grid.reader).prices, term_ms: DAY, ...change };
    const total_stroops = totalStroops(terms.resources, terms.prices, terms.term_ms).toString();
    const farmer = await this.local.keys.get('farm', 'farm');
    const body: Agreement = {
      by: bot.key, nonce, roles: [{ role: 'consumer', party: parties[0] ?? '' }, { role: 'farmer', party: parties[1] ?? '' }], farm: this.local.farm, node: this.local.config.key, order: null, units: 'units/1', ...terms, total_stroops,
      payers: [{ account: payer.key, amount_stroops: total_stroops }], payees: [{ account: farmer.public['sealing'] ?? '', role: 'farmer', share_ppm: 1_000_000 }],
      quorums: { commit: all(...parties), workload: all(parties[0] ?? ''), amend: all(...parties), end: all(parties[0] ?? '') },
      commit_by: at + DAY, provision_by_ms: 3_600_000, notice_ms: 0, grace_ms: 3_600_000, minimum_stroops: '0', retention_ms: 0, meter: null, exec: false, workloads: [bare(FOREVER)], documents: [], ...change,
    };
    return this.line(node, `contract/${chainId(node.grid.id, bot.key, nonce)}`, 'agreement@1', body, [bot, payer, farm], at);
  }

  end(node: Watching, signer: Signer = this.#parties.bot, at = Date.now()): Promise<Line> {
    return this.line(node, `contract/${this.running}`, 'end@1', { reason: 'done' }, [signer], at);
  }

  /** Something harmless by an honest person. */
  transfer(node: Watching, at = Date.now()): Promise<Line> {
    const account = this.#parties.wallet.key;
    return this.line(node, `account/${account}`, 'transfer@1', { payers: [{ account, amount_stroops: '1' }], to: MALLORY.key, memo: '' }, [this.#parties.wallet], at);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.evil[Symbol.asyncDispose]();
    await this.local[Symbol.asyncDispose]();
  }
}

/** What must be as it was, whatever the home says. */
async function machine(node: Watching, scene: Scene): Promise<unknown> {
  const running = (await node.driver.list(within())).map(({ contract, workload, state, started }) => ({ contract, workload, state, started }));
  const volumes = (await node.volumes.list()).map(({ contract, path }) => ({ contract, data: path !== null && existsSync(join(path, 'data')) }));
  assert.deepEqual(running.filter(({ state }) => state === 'running').map(({ contract }) => contract), [scene.running]);
  assert.deepEqual(volumes.map(({ data }) => data), [true, true]);
  return { running, volumes, size: node.grid.reader.size };
}

function forged(line: Line, key?: string): Line {
  return { ...line, signatures: line.signatures.map((one) => (key === undefined || one.by === key ? { ...one, sig: `${one.sig.startsWith('A') ? 'B' : 'A'}${one.sig.slice(1)}` } : one)) };
}

interface Lie {
  readonly lines: readonly Line[];
  readonly signed?: readonly Line[];
  readonly time_ms?: number;
}

const LIES: [title: string, why: RegExp, make: (scene: Scene, node: Watching) => Promise<Lie>][] = [
  ['an unfunded agreement', /line \d+ does not hold: account .* has 0\.0000000 TFT/, async (scene, node) => ({ lines: [...scene.lines, await scene.agreement(node, {}, MALLORY)] })],
  ['an oversold node', /line \d+ does not hold: .*(free|left)/, async (scene, node) => ({ lines: [...scene.lines, await scene.agreement(node, { resources: { cru: 8, mru_mib: 128, sru_mib: 0, hru_mib: 0, ipv4: 0 } })] })],
  ['a forged signature on an agreement', /line \d+ does not hold: signature by/, async (scene, node) => ({ lines: [...scene.lines, forged(await scene.agreement(node))] })],
  ['an agreement that the consumer did not sign', /line \d+ does not hold: /, async (scene, node) => {
    const line = await scene.agreement(node);
    return { lines: [...scene.lines, { ...line, signatures: line.signatures.slice(1) }] };
  }],
  ['an end that a stranger signed', /line \d+ does not hold: key [0-9a-f]{64} is not asked to sign/, async (scene, node) => ({ lines: [...scene.lines, await scene.end(node, MALLORY)] })],
  ['an end with a forged signature', /line \d+ does not hold: signature by/, async (scene, node) => ({ lines: [...scene.lines, forged(await scene.end(node))] })],
  ['a book without the contract, newly stamped', /gone back from \d+ to \d+ lines/, async ({ lines }) => ({ lines: lines.slice(0, 8), time_ms: Date.now() + 2_000 })],
  ['a fork in which the contract was ended', /forked/, async (scene, node) => ({ lines: [...scene.lines.slice(0, -1), await scene.end(node), await scene.transfer(node)] })],
  ['a fork of the same length', /forked/, async (scene, node) => ({ lines: [...scene.lines.slice(0, -1), await scene.end(node)] })],
  ['time that runs backwards', /line \d+ does not hold: at runs backwards/, async (scene, node) => ({ lines: [...scene.lines, { ...(await scene.agreement(node)), at: (scene.lines.at(-1) as Line).at - 1 }] })],
  ['an end that is dated after the time stamp', /line \d+ is dated after the time stamp/, async (scene, node) => ({ lines: [...scene.lines, await scene.end(node, undefined, Date.now() + 60_000)] })],
  ['lines that it did not sign', /forked/, async (scene, node) => ({ lines: [...scene.lines, await scene.end(node)], signed: [...scene.lines, await scene.transfer(node)] })],
  ['another grid', /origin|signature|checkpoint/, async ({ lines }) => {
    const { payload, signatures, at } = lines[0] as Line;
    return { lines: [{ payload: payload.replaceAll(/3bot\/[0-9a-f]{32}/g, `3bot/${'00'.repeat(16)}`), signatures, at }, ...lines.slice(1)] };
  }],
];

describe('a node starts nothing, kills nothing and wipes nothing', async () => {
  test('whatever does not hold in what its home serves', async (t) => {
    await using scene = await Scene.set();
    const { local, evil, lines } = scene;
    await using node = await local.watch();
    await node.watcher.once();
    const before = await machine(node, scene);
    for (const [title, why, make] of LIES) {
      await t.test(title, async () => {
        const lie = await make(scene, node);
        Object.assign(evil, { lines: lie.lines, signed: lie.signed, time_ms: lie.time_ms ?? Date.now() });
        node.events.length = 0;
        for (let look = 0; look < 2; look += 1) await assert.rejects(node.watcher.once(), { code: 'integrity', message: why });
        assert.deepEqual(await machine(node, scene), before);
        assert.ok(node.events.some((event) => event.event === 'book' && !event.fresh), 'it says that it cannot read');
        // Also one that was started again knows nothing that would let it act.
        await using again = await local.watch();
        await assert.rejects(again.watcher.once(), { code: 'integrity', message: why });
        assert.deepEqual(await machine(again, scene), before);
      });
    }
    await t.test('and the honest home is followed again', async () => {
      Object.assign(evil, { lines, signed: undefined, time_ms: Date.now() });
      await node.watcher.once();
      assert.deepEqual(await machine(node, scene), before);
    });
  });

  const STALE: [title: string, make: (scene: Scene, node: Watching) => Promise<Lie>, clock?: () => number][] = [
    ['a new agreement and an end, under a time stamp that is too old', async (scene, node) => ({ lines: [...scene.lines, await scene.agreement(node), await scene.transfer(node), await scene.end(node)] }), () => Date.now() + FRESH_MS + 5_000],
    ['a book whose time was moved beyond every term', async (scene, node) => {
      const far = Date.now() + 1_000 * DAY;
      return { lines: [...scene.lines, await scene.transfer(node, far)], time_ms: far };
    }],
    ['the beginning of what it has signed, and nothing after', async (scene, node) => {
      const more = [...scene.lines, await scene.end(node), await scene.transfer(node)];
      return { lines: more.slice(0, -1), signed: more };
    }],
  ];
  for (const [title, make, clock = Date.now] of STALE) {
    test(`when it is served ${title}: that counts as stale`, async () => {
      await using scene = await Scene.set();
      await using node = await scene.local.watch({ clock });
      const lie = await make(scene, node);
      Object.assign(scene.evil, { lines: lie.lines, signed: lie.signed, time_ms: lie.time_ms ?? Date.now() });
      for (let look = 0; look < 3; look += 1) await node.watcher.once().catch((thrown: unknown) => assert.match(String(thrown), /signed \d+ lines and gives none|too old to believe|nothing is taken from it/));
      await machine(node, scene);
      assert.ok(node.events.some((event) => event.event === 'book' && (!event.fresh || event.problem?.reason === 'clocks')));
    });
  }
});

test('a home that says "recorded" and does not record is found out', async () => {
  await using scene = await Scene.set();
  await using node = await scene.local.watch();
  const line = await scene.transfer(node);
  const { payload, signatures } = line as SignedRecord;
  scene.evil.verdict = (id) => ({ id, index: scene.lines.length, known: false });
  await assert.rejects(node.grid.append({ payload, signatures }), { code: 'integrity', reason: 'withheld' });
  // Nor does it help to serve another record in its place.
  scene.evil.lines = [...scene.lines, await scene.end(node)];
  scene.evil.time_ms = Date.now();
  await assert.rejects(node.grid.append({ payload, signatures }), { code: 'integrity', reason: 'withheld' });
});
