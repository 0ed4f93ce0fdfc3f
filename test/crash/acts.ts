// What the crash table of the book breaks off: each act does what a command does, by the same functions. Run as a
// program, it carries out one act and dies by its own hand at the point named.
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { testHook } from '../../src/base/effect.js';
import { isProblem } from '../../src/base/errors.js';
import { SAY_WORKLOAD_EVERY_MS } from '../../src/base/limits.js';
import { exportTiles } from '../../src/bcdb/mirror.js';
import { query } from '../../src/bcdb/query.js';
import { StateFile } from '../../src/bcdb/statefile.js';
import { Store } from '../../src/bcdb/store.js';
import { endContract } from '../../src/consumer/change.js';
import { fund } from '../../src/consumer/fund.js';
import { openHome } from '../../src/home.js';
import { createKeystore, readKeystore } from '../../src/keys/keystore.js';
import { claim } from '../../src/market/claim.js';
import { Unsent } from '../../src/market/unsent.js';
import { signStatement, witnessChange } from '../../src/net/governance.js';
import { openGrid } from '../../src/net/grid.js';
import { begunHandover, draftHandover, takeOver, type HandoverOptions } from '../../src/net/handover.js';
import { joinLight } from '../../src/net/light/join.js';
import { dropMail, fetchMail, sendMail } from '../../src/net/mail/mail.js';
import { Releases } from '../../src/node/release/releases.js';
import { Journal } from '../../src/node/report/journal.js';
import { Vault } from '../../src/node/secrets/vault.js';
import { openPrivate } from '../../src/private.js';
import { gridRules } from '../../src/rules/all.js';
import { readGrid } from '../../src/rules/objects.js';
import { send } from '../net/homes.js';
import { keyringOf, optionsOf, ownMail, secretOf } from '../named.js';
import { look } from '../node/report/look.js';
import { TestLog, TestWitness } from '../witness/support.js';
import { contractIn } from './contract.js';

/** Where an act is carried out. */
export interface Place {
  /** Home folder; of a witness its own. */
  readonly home: string;
  /** Id of the grid. */
  readonly grid: string;
  /** What the act needs besides: an address, a folder, lines of a policy. */
  readonly with?: string;
}

/** What was promised to somebody: it must hold for ever. */
export type Promised = { readonly recorded: string; readonly index: number } | { readonly published: string } | { readonly kept: string } | { readonly dropped: string };

/** @param arm from here on the act may die @param tell makes a promise */
type Act = (place: Place, arm: () => void, tell: (promised: Promised) => void) => Promise<void>;

/** The release that the table of nodes unpacks, newer than any. */
export const RELEASE = '999.0.0';
export const NODE_SCOPE = { grid: 'a'.repeat(64), node: 'b'.repeat(64) };
export const NODE_SECRET = { contract: 'c'.repeat(40), sha256: 'd'.repeat(64) };

export const ACTS = {
  append: async ({ home }, arm, tell) => {
    const owner = await keyringOf('identity', 'owner');
    await using grid = await openGrid(optionsOf(openHome(home)));
    for (const isFirst of [true, false, false]) {
      const { id: recorded, index } = await send(grid, owner, 'ab'.repeat(32));
      tell({ recorded, index });
      tell({ published: grid.reader.checkpoint()?.note ?? '' });
      if (isFirst) arm();
    }
  },
  'change of witnesses': async ({ home, with: lines = '' }, arm, tell) => {
    await using grid = await openGrid(optionsOf(openHome(home)));
    await grid.refresh();
    arm();
    const wanted = lines.split('\n');
    if (readGrid(grid.reader).witnesses?.join('\n') !== lines) {
      const { record, signatures } = await signStatement(grid, { record: witnessChange(grid, wanted), signatures: [] }, await keyringOf('identity', 'owner'));
      const [outcome] = await grid.submit([{ payload: record.text, signatures: [...signatures] }]);
      if (outcome?.ok !== true) throw outcome?.problem;
      tell({ recorded: outcome.id, index: outcome.index });
    }
    tell({ published: grid.reader.checkpoint()?.note ?? '' });
  },
  'hand-over': async ({ home, grid: id }, arm) => {
    arm();
    const options = withKeyFiles(home);
    await using grid = await openGrid(options);
    await grid.refresh().catch((thrown: unknown) => { if (!isProblem(thrown, 'unreachable')) throw thrown; });
    const file = (await begunHandover(grid, options.openKeyring)) ?? (await signStatement(grid, { record: await draftHandover(grid, options), signatures: [] }, await keyringOf('identity', 'owner')));
    await grid[Symbol.asyncDispose]();
    await takeOver(id, file, options);
  },
  index: async ({ home, grid }, arm) => {
    using reader = Store.read(openHome(home).gridDatabase(grid));
    arm();
    query(reader, { kind: 'transfer@1', limit: 1 });
  },
  state: async ({ home, grid }, arm) => {
    using reader = Store.read(openHome(home).gridDatabase(grid));
    using file = StateFile.open(openHome(home).gridState(grid));
    if (file.size === 0) await file.advance(reader, gridRules, 2);
    arm();
    await file.advance(reader, gridRules, reader.size);
  },
  mirror: async ({ home, grid, with: folder = '' }, arm) => {
    using reader = Store.read(openHome(home).gridDatabase(grid));
    arm();
    await exportTiles(reader, folder, optionsOf(openHome(home)));
  },
  light: async ({ home, grid, with: url = '' }, arm) => {
    arm();
    await joinLight({ ...optionsOf(openHome(home)), url, genesis: grid });
  },
  witness: async ({ home }, arm) => {
    arm();
    await using memory = new TestWitness('watcher', { folder: home });
    await memory.witness.addCheckpoint(Buffer.from(new TestLog('crash', 5).request(0, 5)));
  },
  letters: async ({ home, grid: id }, arm, tell) => {
    const owner = await keyringOf('identity', 'owner');
    await using grid = await openGrid({ ...optionsOf(openHome(home)), grid: id });
    const mail = ownMail(openHome(home), grid, owner);
    for (const isFirst of [true, false, false]) {
      const { id: kept } = await sendMail(mail, mail.me.party, 'declined', { record: id, reason: isFirst ? 'first' : 'later' });
      tell({ kept });
      if (isFirst) arm();
    }
    const { letters } = await fetchMail(mail);
    const [first] = letters;
    if (first === undefined) return;
    await dropMail(mail, [first.id]);
    tell({ dropped: first.id });
  },
  money: async ({ home, grid: id, with: from = 'fund' }, arm) => {
    const [owner, till] = [await keyringOf('identity', 'owner'), await keyringOf('identity', 'till')];
    const contract = await contractIn(id);
    using data = openPrivate(openHome(home));
    await using grid = await openGrid(optionsOf(openHome(home)));
    await grid.refresh();
    const steps: [string, () => Promise<unknown>][] = [
      ['fund', () => fund(grid, owner.signer('wallet'), new Unsent(data, grid.id), { contract, term_ms: 3_600_000 }, 1_000_000n)],
      ['claim', () => claim(grid, till.signer('wallet'), contract)],
      ['end', () => endContract(grid, owner, contract, 'done')],
    ];
    for (const [, step] of steps.slice(steps.findIndex(([name]) => name === from))) {
      arm();
      await step();
    }
  },
  release: async ({ home, with: bundle = '' }, arm) => {
    arm();
    const releases = new Releases(openHome(home));
    await releases.unpack(bundle, RELEASE, new AbortController().signal);
    releases.ask(RELEASE);
    releases.begin(releases.asked() ?? '');
    releases.settle(1);
  },
  secret: async ({ home }, arm) => {
    using data = openPrivate(openHome(home));
    const vault = new Vault(data, NODE_SCOPE, await keyringOf('node', 'shelf'));
    arm();
    vault.keep(NODE_SECRET, Buffer.from('hunter2'));
    vault.drop(NODE_SECRET);
  },
  journal: async ({ home }, arm) => {
    using data = openPrivate(openHome(home));
    const journal = new Journal(data, NODE_SCOPE);
    for (let restarts = journal.all.length + 1; restarts <= 3; restarts += 1) {
      if (restarts > 1) arm();
      const { wanted, running, memory } = look(restarts);
      journal.note([wanted], { running: [running], volumes: new Map(), growsInUse: true }, memory, { fresh: false, stamp: 0, now: 1_000_000 + restarts * SAY_WORKLOAD_EVERY_MS, size: 1 });
    }
  },
} satisfies Record<string, Act>;

/** The name of an act. */
export type ActName = keyof typeof ACTS;

/** As `optionsOf`, but a log has its keys only once their file is there. */
function withKeyFiles(path: string): HandoverOptions {
  const home = openHome(path);
  return {
    ...optionsOf(home),
    createKeyring: async (type, name) => {
      const keyring = await keyringOf(type, name);
      await createKeystore(home, { type, name, public: keyring.public, secret: secretOf(type, name) }, 'passphrase', { n: 16_384, r: 8, p: 1 });
      return keyring;
    },
    openKeyring: (type, name) => {
      if (type === 'log') readKeystore(home, type, name);
      return keyringOf(type, name);
    },
  };
}

/** How a process ended: the signal, or what it said where none ended it; and what it had promised by then. */
export interface Ended {
  readonly by: string;
  readonly promised: readonly Promised[];
}

/** Carries out an act in a process of its own. @param point as `effect` knows them: `committed:after` */
export async function dieAt(act: ActName, place: Place, point: string): Promise<Ended> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), act, JSON.stringify(place), point], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const by = await new Promise<string>((resolve) => child.once('close', (code, signal) => resolve(signal ?? `exit ${code}: ${stderr}`)));
  return { by, promised: stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Promised) };
}

/** Carries out an act here, to its end. */
export async function carryOut(act: ActName, place: Place): Promise<readonly Promised[]> {
  const promised: Promised[] = [];
  await (ACTS[act] as Act)(place, () => undefined, (one) => promised.push(one));
  return promised;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [act, place, point] = process.argv.slice(2) as [ActName, string, string];
  const arm = (): void => {
    testHook.reach = (reached) => { if (reached === point) process.kill(process.pid, 'SIGKILL'); };
  };
  await (ACTS[act] as Act)(JSON.parse(place) as Place, arm, (promised) => void writeSync(1, `${JSON.stringify(promised)}\n`));
}
