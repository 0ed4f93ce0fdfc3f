// Power loss, at every effect: what was not synced is dropped, kept or torn, and afterwards everything that was promised
// is there, the book is a prefix, and the home goes on without a second history.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { toBase64 } from '../../src/base/bytes.js';
import { sha256Hex } from '../../src/base/hash.js';
import { openCheckpoint } from '../../src/bcdb/checkpoint.js';
import { ingestBatch } from '../../src/bcdb/copy.js';
import { trustOf } from '../../src/bcdb/pinned.js';
import { Store } from '../../src/bcdb/store.js';
import { readConfig } from '../../src/home.js';
import { readKeystore } from '../../src/keys/keystore.js';
import { Boxes } from '../../src/net/mail/boxes.js';
import { openGrid } from '../../src/net/grid.js';
import { openStore } from '../../src/net/writer.js';
import { openPrivate } from '../../src/private.js';
import { Ledger } from '../../src/witness/ledger.js';
import { gridRules } from '../../src/rules/all.js';
import { keyringOf, optionsOf } from '../named.js';
import { send } from '../net/homes.js';
import { randomFrom, seedOr } from '../random.js';
import { readTrace, rebuild, type Event, type Survival } from './disk.js';
import { homesIn, WITNESSED, type Promised } from './work.js';

const CC = ['cc', 'gcc', 'clang'].find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
// In CI there is a compiler, or the test fails: nothing else would notice.
const skip = process.platform === 'linux' && (CC !== undefined || process.env['CI'] !== undefined) ? false : 'needs Linux and a C compiler (apt-get install -y gcc libc6-dev)';
const SOURCE = fileURLToPath(new URL('../../../test/power/trace.c', import.meta.url));
const RANDOM_CUTS = Number(process.env['THREEBOT_TEST_CUTS'] ?? 40);

let folder: string;
let events: Event[] = [];
let memory: string;
let disk: string;

before(() => {
  if (skip !== false) return;
  folder = realpathSync(mkdtempSync(join(tmpdir(), '3bot-power-')));
  const root = join(folder, 'root');
  mkdirSync(root);
  // In memory where there is such a folder: what is looked at need not be synced again.
  memory = existsSync('/dev/shm') ? mkdtempSync('/dev/shm/3bot-power-') : folder;
  disk = join(memory, 'disk');
  const library = join(folder, 'trace.so');
  const compiled = spawnSync(CC ?? 'cc', ['-shared', '-fPIC', '-O1', '-o', library, SOURCE, '-ldl'], { encoding: 'utf8' });
  assert.equal(compiled.status, 0, compiled.stderr);
  const env = { PATH: process.env['PATH'], LD_PRELOAD: library, TRACE_ROOT: root, TRACE_FILE: join(folder, 'trace'), XDG_RUNTIME_DIR: folder };
  const worked = spawnSync(process.execPath, [fileURLToPath(new URL('./work.js', import.meta.url)), root], { env, encoding: 'utf8' });
  assert.equal(worked.status, 0, worked.stderr);
  events = readTrace(env.TRACE_FILE, root);
});
after(() => {
  if (skip === false) for (const one of [folder, memory]) rmSync(one, { recursive: true, force: true });
});

function isPromise(event: Event): event is Extract<Event, { kind: 'write' }> {
  return event.kind === 'write' && event.file === events.findIndex((one) => one.kind === 'create' && one.path === 'promises');
}

/** What had been promised before a cut. The file of promises is the test's own: it counts as soon as it is written. */
function promisedBefore(cut: number): Promised[] {
  const written = events.slice(0, cut).flatMap((event) => (isPromise(event) ? [event.data] : []));
  return Buffer.concat(written).toString().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Promised);
}

const of = <K extends string>(promised: readonly Promised[], key: K): string[] => promised.flatMap((one) => (key in one ? [String((one as unknown as Record<K, unknown>)[key])] : []));

/** Looks at a disk after the power came back. */
async function check(cut: number, survival: Survival): Promise<void> {
  rebuild(events, cut, survival, disk);
  const promised = promisedBefore(cut);
  const { home, copy } = homesIn(disk);
  for (const name of of(promised, 'keystore')) readKeystore(home, 'identity', name);
  for (const id of of(promised, 'grid')) assert.deepEqual(readConfig(home).grids.map((grid) => grid.id), [id]);
  const [grid] = readConfig(home).grids;
  if (grid !== undefined) {
    await goesOn(promised, grid.id);
    if (existsSync(copy.gridDatabase(grid.id))) follows(promised, grid.id);
  }
  remembers(promised);
  const letters = of(promised, 'letter');
  if (letters.length > 0) {
    using boxes = Boxes.open(home.mail);
    for (const id of letters) assert.ok(boxes.find(id), `letter ${id}`);
  }
  assert.ok(Number(readConfig(copy).spend.per_command_stroops) >= Number(of(promised, 'spend').at(-1) ?? 0));
  if (existsSync(copy.database)) {
    using data = openPrivate(copy);
    for (const id of of(promised, 'unsent')) assert.ok(data.db.prepare('SELECT 1 FROM unsent WHERE record = ?').get(id), `transfer ${id}`);
    for (const id of of(promised, 'held')) assert.ok(data.db.prepare('SELECT 1 FROM holds WHERE record = ?').get(id), `hold ${id}`);
  } else {
    assert.deepEqual(of(promised, 'unsent'), []);
  }
}

/** The witness: it knows what it has cosigned last, so that it cosigns nothing else of that size. */
function remembers(promised: readonly Promised[]): void {
  const cosigned = Number(of(promised, 'cosigned').at(-1) ?? 0);
  if (cosigned === 0) return;
  using ledger = Ledger.open(join(disk, 'witness', 'ledger.sqlite'));
  const { size = 0, root } = ledger.log(WITNESSED.origin) ?? {};
  assert.ok(size >= cosigned && WITNESSED.tree.root(size).equals(root ?? Buffer.alloc(0)), `cosigned ${cosigned}, and remembers ${size}`);
}

/** The home: every record that it acknowledged, every checkpoint that it gave away, and the next line on top. */
async function goesOn(promised: readonly Promised[], id: string): Promise<void> {
  const { home, copy } = homesIn(disk);
  await using grid = await openGrid(optionsOf(home));
  await grid.hold();
  const { reader } = grid;
  for (const one of promised) {
    if ('recorded' in one) assert.equal(sha256Hex(reader.line(one.index).payload), one.recorded, `line ${one.index}`);
    if (!('published' in one)) continue;
    const { size, root } = openCheckpoint(one.published, trustOf(reader));
    assert.ok(reader.tree.root(size).equals(root), `the checkpoint of ${size} lines was given away`);
  }
  if (existsSync(copy.gridDatabase(id))) {
    using followed = openStore(copy, id);
    assert.ok(followed.size <= reader.size, 'no copy has a line that its home has lost');
    assert.deepEqual([...followed.lines(0, followed.size)], [...reader.lines(0, followed.size)]);
  }
  await send(grid, await keyringOf('identity', 'owner'), 'cd'.repeat(32));
}

/** The copy: what it had, and then what the home has now. */
function follows(promised: readonly Promised[], id: string): void {
  const { home, copy } = homesIn(disk);
  using from = Store.read(home.gridDatabase(id));
  using store = openStore(copy, id);
  assert.ok(store.size >= Number(of(promised, 'copied').at(-1) ?? 0));
  const checkpoint = from.checkpoint();
  assert.ok(checkpoint !== undefined && checkpoint.size === from.size);
  const lines = [...from.lines(store.size, from.size)];
  ingestBatch({ store, rules: gridRules, grid: id, clock: Date.now }, { lines, trailer: { checkpoint: checkpoint.note, consistency: [].map(toBase64) } });
  assert.ok(store.tree.root().equals(from.tree.root()));
}

/** `check`, and with what fails where it was and how to see it again. */
async function cutAt(cut: number, survival: Survival): Promise<void> {
  try {
    await check(cut, survival);
  } catch (thrown) {
    const event = events[cut];
    throw new Error(`cut before event ${cut} of ${events.length} (${event?.kind} ${event !== undefined && 'path' in event ? event.path : ''}), what was not synced: ${typeof survival === 'string' ? survival : `seed ${survival.seed}`}`, { cause: thrown });
  }
}

test('the trace has the effects that matter', { skip }, () => {
  const synced = (suffix: string): number => events.filter((event) => event.kind === 'sync' && event.path.endsWith(suffix)).length;
  for (const [suffix, count] of [['home/config.json', 0], ['bcdb.sqlite-wal', 20], ['bot.sqlite-wal', 10], ['ledger.sqlite-wal', 5], ['mail.sqlite-wal', 5], ['copy', 3]] as const) assert.ok(synced(suffix) >= count, `${suffix}: ${synced(suffix)}`);
});

test('a cut after every sync and every promise, when nothing is left of what was not synced', { skip }, async () => {
  const cuts = events.flatMap((event, i) => (event.kind === 'sync' || isPromise(event) ? [i + 1] : []));
  for (const cut of cuts) await cutAt(cut, 'nothing');
});

test('a cut before a sync, when everything is left', { skip }, async () => {
  const cuts = events.flatMap((event, i) => (event.kind === 'sync' ? [i] : []));
  for (const cut of cuts.filter((_, i) => i % 4 === 0)) await cutAt(cut, 'everything');
});

test('cuts anywhere; of what was not synced any part is left, sectors of a write too', { skip }, async () => {
  const seed = seedOr(1);
  const random = randomFrom(seed);
  for (let i = 0; i < RANDOM_CUTS; i += 1) await cutAt(random.below(events.length + 1), randomFrom(seed * 1_000 + i));
});
