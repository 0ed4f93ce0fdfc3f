// The crash table of the book: whoever writes it, or what follows from it, is killed beside each effect. Afterwards the
// book holds every line and every checkpoint that was given away, and doing the same again finishes the job.
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pino } from 'pino';
import { sha256Hex } from '../../src/base/hash.js';
import { openCheckpoint } from '../../src/bcdb/checkpoint.js';
import { trustOf } from '../../src/bcdb/pinned.js';
import { query } from '../../src/bcdb/query.js';
import { StateFile } from '../../src/bcdb/statefile.js';
import { parseRecord } from '../../src/bcdb/record.js';
import { Store } from '../../src/bcdb/store.js';
import { openHome, readConfig } from '../../src/home.js';
import { verifyGrid } from '../../src/net/check.js';
import { startDaemon } from '../../src/net/daemon.js';
import { createGrid } from '../../src/net/genesis.js';
import { openGrid } from '../../src/net/grid.js';
import { joinGrid } from '../../src/net/join.js';
import { fetchMail } from '../../src/net/mail/mail.js';
import { gridRules } from '../../src/rules/all.js';
import { read, readGrid, type AccountObject } from '../../src/rules/objects.js';
import { parseVkey } from '../../src/tlog/note.js';
import { send, sendMany } from '../net/homes.js';
import { StaticServer } from '../net/static.js';
import { keyringOf, optionsOf, ownMail } from '../named.js';
import { ServedWitness } from '../witness/grid.js';
import { TestLog, TestWitness } from '../witness/support.js';
import { carryOut, dieAt, type ActName, type Place, type Promised } from './acts.js';
import { buy, contractIn } from './contract.js';

let root: string;
before(() => void (root = mkdtempSync(join(tmpdir(), '3bot-crash-'))));
after(() => rmSync(root, { recursive: true, force: true }));

/** A new home of a new grid that `owner` governs, and some lines in it. */
async function begin(name: string, lines: number, witnesses: readonly string[] | null = null): Promise<Place & { readonly vkey: string }> {
  const path = join(root, name);
  const home = openHome(path);
  const owner = await keyringOf('identity', 'owner');
  const { id, vkey } = await createGrid({ ...optionsOf(home), name: 'crash', dev: true, owner, witnesses, allocations: [{ account: owner.public['wallet'] ?? '', amount_stroops: '10000000000' }] });
  await using grid = await openGrid(optionsOf(home));
  for (let i = 0; i < lines; i += 1) await send(grid, owner, 'ab'.repeat(32));
  return { home: path, grid: id, vkey };
}

/** The same home folder once more. */
function copyOf(place: Place, name: string): Place {
  const home = join(root, name.replaceAll(/[^a-z]/g, '-'));
  cpSync(place.home, home, { recursive: true });
  return { ...place, home };
}

/** The book is there, and in it whatever was promised. */
function assertHolds({ home, grid }: Place, promised: readonly Promised[]): void {
  using reader = Store.read(openHome(home).gridDatabase(grid));
  for (const one of promised) {
    if ('recorded' in one) assert.equal(sha256Hex(reader.line(one.index).payload), one.recorded, `line ${one.index}`);
    else if ('published' in one) {
      const { size, root: signed } = openCheckpoint(one.published, trustOf(reader));
      assert.ok(reader.tree.root(size).equals(signed), `the checkpoint of ${size} lines`);
    }
  }
}

const BESIDE = (effects: readonly string[]): string[] => effects.flatMap((name) => [`${name}:before`, `${name}:after`]);

async function killed(act: ActName, place: Place, point: string): Promise<readonly Promised[]> {
  const { by, promised } = await dieAt(act, place, point);
  assert.equal(by, 'SIGKILL', `it was to die ${point}`);
  return promised;
}

describe('a home that appends', () => {
  for (const point of BESIDE(['committed', 'head_noted'])) {
    test(`killed ${point}`, async () => {
      const place = await begin(`append-${point}`, 0);
      const promised = [...(await killed('append', place, point))];
      assert.equal(promised.length, 2, 'it died at its second record');
      assertHolds(place, promised);
      promised.push(...(await carryOut('append', place)));
      assertHolds(place, promised);
      const { size, signed } = await verifyGrid(openHome(place.home), place.grid);
      assert.deepEqual([size, signed], [2 + 1 + (point === 'committed:before' ? 0 : 1) + 3, size]);
    });
  }
});

describe('a home with witnesses', () => {
  const witnesses = [new ServedWitness('one'), new ServedWitness('two')] as const;
  const promised: Promised[] = [];
  let place: Place;
  before(async () => {
    for (const witness of witnesses) await witness.start();
    const { vkey, ...made } = await begin('witnessed', 0, policy('one'));
    for (const { memory } of witnesses) memory.ledger.trust({ origin: parseVkey(vkey).name, vkey, source: null });
    place = made;
    // All rows are of one home, one after the other: its witnesses forget nothing.
    await carryOut('append', place);
  });
  after(async () => {
    for (const witness of witnesses) await witness[Symbol.asyncDispose]();
  });

  function policy(name: 'one' | 'two'): string[] {
    return [witnesses[name === 'one' ? 0 : 1].line, `quorum ${name}`];
  }

  /** What must hold after every row. */
  function assertCosigned(): void {
    assertHolds(place, promised);
    using reader = Store.read(openHome(place.home).gridDatabase(place.grid));
    for (const { memory } of witnesses) for (const log of memory.ledger.logs()) assert.ok(log.size <= reader.size && reader.tree.root(log.size).equals(log.root), 'the home has what its witness has cosigned');
  }

  for (const point of BESIDE(['committed', 'head_noted', 'cosigned', 'checkpoint_kept'])) {
    test(`killed ${point}, of a record`, async () => {
      promised.push(...(await killed('append', place, point)));
      assertCosigned();
      promised.push(...(await carryOut('append', place)));
      assertCosigned();
      const { size, signed } = await verifyGrid(openHome(place.home), place.grid);
      assert.equal(signed, size);
    });
  }

  for (const point of BESIDE(['committed', 'cosigned', 'milestone_kept', 'checkpoint_kept'])) {
    test(`killed ${point}, of a change of witnesses`, async () => {
      const home = openHome(place.home);
      const before = readGrid(Store.read(home.gridDatabase(place.grid)));
      const next = policy(before.witnesses?.[1] === 'quorum one' ? 'two' : 'one');
      const change = { ...place, with: next.join('\n') };
      promised.push(...(await killed('change of witnesses', change, point)));
      assertCosigned();
      promised.push(...(await carryOut('change of witnesses', change)));
      assertCosigned();
      using reader = Store.read(home.gridDatabase(place.grid));
      const { witnesses: now, earlier = [] } = trustOf(reader);
      assert.equal(now?.witnesses[0]?.name, next[1]?.slice('quorum '.length));
      for (const { until } of earlier) openCheckpoint(reader.milestone(until - 1)?.note ?? '', trustOf(reader));
      assert.equal((await verifyGrid(home, place.grid)).signed, reader.size);
    });
  }
});

describe('money in a contract', () => {
  let held: Place;
  before(async () => {
    const { vkey: _vkey, ...made } = await begin('money', 0);
    held = made;
    await using grid = await openGrid(optionsOf(openHome(made.home)));
    await buy(grid);
  });

  /** Balances and escrows, which are all that exists; and what is left in the contract. */
  async function assertConserved({ home, grid }: Place): Promise<bigint> {
    using reader = Store.read(openHome(home).gridDatabase(grid));
    const accounts = reader.objects('account/', 100).map(({ value }) => value as unknown as AccountObject);
    const contract = read(reader, 'contract', await contractIn(grid));
    const escrow = BigInt(contract?.escrow_stroops ?? '-1');
    assert.equal(accounts.reduce((sum, { balance_stroops }) => sum + BigInt(balance_stroops), escrow), BigInt(readGrid(reader).supply_stroops));
    assert.equal(accounts.reduce((sum, { escrowed_stroops }) => sum + BigInt(escrowed_stroops), 0n), escrow);
    return escrow;
  }

  function timesFunded({ home, grid }: Place): number {
    using reader = Store.read(openHome(home).gridDatabase(grid));
    return [...reader.lines(0, reader.size)].filter(({ payload }) => parseRecord(payload).payload.kind === 'fund@1').length;
  }

  for (const step of ['fund', 'claim', 'end']) {
    for (const point of BESIDE(['committed'])) {
      test(`is conserved where ${step} is killed ${point}, and comes out when the rest is done`, async () => {
        const place = { ...copyOf(held, `${step} ${point}`), with: step };
        await killed('money', place, point);
        assert.equal((await assertConserved(place)) === 0n, step === 'end' && point.endsWith('after'));
        await carryOut('money', place);
        assert.equal(await assertConserved(place), 0n);
        assert.equal(timesFunded(place), step === 'fund' ? 1 : 0, 'the same time is bought once');
        const { size, signed } = await verifyGrid(openHome(place.home), place.grid);
        assert.equal(signed, size);
      });
    }
  }
});

describe('a witness', () => {
  for (const point of BESIDE(['witness_noted'])) {
    test(`killed ${point}: it cosigns what it was asked, and no second history`, async () => {
      const folder = join(root, point);
      mkdirSync(folder);
      const [log, other] = [new TestLog('crash', 5), new TestLog('crash', 5, 'another')];
      {
        await using made = new TestWitness();
        made.ledger.trust({ origin: log.origin, vkey: log.vkey, source: null });
        cpSync(made.folder, folder, { recursive: true });
      }
      await killed('witness', { home: folder, grid: '' }, point);
      await using back = new TestWitness('watcher', { folder });
      const ask = async (one: TestLog, from: number): Promise<number> => (await back.witness.addCheckpoint(Buffer.from(one.request(from, 5)))).status;
      if (point.endsWith('before')) assert.equal(await ask(log, 0), 200);
      assert.deepEqual([await ask(other, 0), await ask(log, 0), await ask(other, 5), await ask(log, 5)], [409, 409, 409, 200]);
    });
  }
});

describe('a new home that takes a grid over', () => {
  let copy: Place;
  let ended: { readonly size: number; readonly root: string };
  before(async () => {
    const old = await begin('old', 3);
    const daemon = await startDaemon({ ...optionsOf(openHome(old.home)), log: pino({ level: 'silent' }), listen: { host: '127.0.0.1', port: 0 } });
    copy = { home: join(root, 'copy'), grid: old.grid };
    await joinGrid({ ...optionsOf(openHome(copy.home)), url: daemon.url ?? '' });
    await daemon[Symbol.asyncDispose]();
    ended = await verifyGrid(openHome(copy.home), copy.grid);
  });

  for (const point of BESIDE(['log_key_made', 'handed_over', 'home_noted', 'head_noted'])) {
    test(`killed ${point}`, async () => {
      const place = copyOf(copy, `hand over ${point}`);
      const home = openHome(place.home);
      await killed('hand-over', place, point);
      await carryOut('hand-over', place);
      {
        using reader = Store.read(home.gridDatabase(place.grid));
        assert.equal(reader.tree.root(ended.size).toString('hex'), ended.root, 'nothing of the old home is lost');
        assert.equal(readGrid(reader).handovers, 1, 'it was handed over once');
        assert.equal(openCheckpoint(reader.checkpoint()?.note ?? '', trustOf(reader)).size, ended.size + 1);
      }
      assert.deepEqual(readConfig(home).grids.map(({ url }) => url), [null]);
      assert.equal(readdirSync(home.keys).length, 1, 'one log key was made');
    });
  }
});

describe('what follows from a book', () => {
  let book: Place;
  /** The same book, grown on to more than one tile. */
  let grown: Place;
  before(async () => {
    const { vkey: _vkey, ...made } = await begin('book', 20);
    book = made;
    grown = copyOf(book, 'grown');
    await using grid = await openGrid(optionsOf(openHome(grown.home)));
    await sendMany(grid, await keyringOf('identity', 'owner'), 'ab'.repeat(32), 239);
  });

  for (const point of BESIDE(['index_made', 'index_marked'])) {
    test(`an index whose filler is killed ${point} answers as the lines do`, async () => {
      const place = copyOf(book, `index ${point}`);
      await killed('index', place, point);
      using reader = Store.read(openHome(place.home).gridDatabase(place.grid));
      assert.equal(query(reader, { kind: 'transfer@1', limit: 100 }).records.length, 20);
    });
  }

  for (const point of BESIDE(['state_folded'])) {
    test(`a state that is killed ${point} is the old one or the new one, and goes on`, async () => {
      const place = copyOf(book, `state ${point}`);
      const home = openHome(place.home);
      await killed('state', place, point);
      using reader = Store.read(home.gridDatabase(place.grid));
      {
        using left = StateFile.read(home.gridState(place.grid));
        assert.equal(left.size, point.endsWith('before') ? 2 : reader.size);
      }
      using anew = StateFile.open('');
      using file = StateFile.open(home.gridState(place.grid));
      assert.deepEqual(await file.advance(reader, gridRules, reader.size), await anew.advance(reader, gridRules, reader.size));
    });
  }

  for (const point of BESIDE(['tile_written', 'mirror_told'])) {
    test(`a mirror whose export is killed ${point} shows no checkpoint without its tiles, and is completed`, async () => {
      const folder = join(root, `tiles-${point}`);
      await using server = await StaticServer.start(folder);
      await carryOut('mirror', { ...book, with: folder });
      const sizes = [(await joined('first')).size];
      await killed('mirror', { ...grown, with: folder }, point);
      sizes.push((await joined('half')).size);
      await carryOut('mirror', { ...grown, with: folder });
      sizes.push((await joined('whole')).size);
      assert.deepEqual(readdirSync(folder).sort(), ['checkpoint', 'tile'], 'nothing half-written is left');
      assert.deepEqual(sizes, [22, point === 'mirror_told:after' ? 262 : 22, 262]);

      /** Whoever comes to it now. */
      function joined(name: string): ReturnType<typeof joinGrid> {
        return joinGrid({ ...optionsOf(openHome(join(root, `${name}-${point}`))), url: server.url, genesis: book.grid });
      }
    });
  }

  test('a light home that is killed beside its first note is joined again', async () => {
    const served = copyOf(book, 'served');
    await using daemon = await startDaemon({ ...optionsOf(openHome(served.home)), log: pino({ level: 'silent' }), listen: { host: '127.0.0.1', port: 0 } });
    for (const point of BESIDE(['light_noted'])) {
      const place = { home: join(root, `light-${point}`), grid: book.grid, with: daemon.url ?? '' };
      await killed('light', place, point);
      const home = openHome(place.home);
      assert.deepEqual([readConfig(home).grids, existsSync(home.gridLight(book.grid))], [[], point.endsWith('after')]);
      // In a process of its own: it waits for answers without letting others work.
      assert.equal((await dieAt('light', place, 'nowhere')).by, 'exit 0: ');
      assert.deepEqual(readConfig(home).grids.map(({ id, light }) => [id, light]), [[book.grid, true]]);
    }
  });
});

describe('a bot that keeps mail', () => {
  for (const point of BESIDE(['letter_kept', 'letters_dropped'])) {
    test(`killed ${point}: every letter that was answered for is there, none that was dropped comes back`, async () => {
      const place = await begin(`letters-${point.replace(':', '-')}`, 0);
      const promised = await killed('letters', place, point);
      const home = openHome(place.home);
      await using grid = await openGrid(optionsOf(home));
      const mail = ownMail(home, grid, await keyringOf('identity', 'owner'));
      const there = (await fetchMail(mail)).letters.map(({ id }) => id);
      const kept = promised.flatMap((one) => ('kept' in one ? [one.kept] : []));
      const extra = point === 'letter_kept:after' ? 1 : 0;
      const gone = point === 'letters_dropped:after' ? 1 : 0;
      assert.deepEqual(there.slice(0, kept.length - gone), kept.slice(gone));
      assert.equal(there.length, kept.length + extra - gone);
      const more = await carryOut('letters', place);
      const left = new Set((await fetchMail(mail)).letters.map(({ id }) => id));
      for (const one of more) if ('dropped' in one) assert.ok(!left.has(one.dropped));
      assert.equal(left.size, there.length + 2);
    });
  }
});
