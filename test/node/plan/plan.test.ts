import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Problem } from '../../../src/base/errors.js';
import type { BookTime, Desired, Phase } from '../../../src/node/plan/desired.js';
import { specDigest, type Running, type RunState } from '../../../src/node/driver.js';
import type { Look, Plan, Wait } from '../../../src/node/plan/draft.js';
import type { Checked } from '../../../src/node/life/health.js';
import { plan } from '../../../src/node/plan/plan.js';
import { settle } from '../../../src/node/life/settle.js';
import { attemptOf, type Action, type Failure } from '../../../src/node/plan/steps.js';
import type { RunObject, WorkloadStatus } from '../../../src/rules/objects.js';
import type { Workload } from '../../../src/schema/types.js';

const C = 'c'.repeat(40);
const NOW = 1_000_000;
const LIMITS = { cru: 1, mru_mib: 64, pids: 10 };
const web: Workload = { name: 'web', image: null, command: ['httpd'], env: [], ports: [], secrets: [] };
const PORTS = [{ container: 80, host: 32_000 }];

const fresh: BookTime = { fresh: true, stamp: NOW - 5, now: NOW, size: 10 };
const stale: BookTime = { ...fresh, fresh: false };
const PAUSED = 'stopped: the contract is paused';
const first: Look = { size: 9, stamp: NOW - 10 };

function said(state: RunObject['state'], web?: Partial<WorkloadStatus>): RunObject {
  const status: WorkloadStatus = { name: 'web', state: 'running', reason: null, exit_code: null, ports: [], at: 0, ...web };
  return { contract: C, state, reason: null, at: 0, workloads: web === undefined ? [] : [status] };
}

function wanted(change: Partial<Desired> = {}): Desired {
  return { contract: C, phase: 'run', checks: [], held: true, volume_mib: 100, tasks: [{ workload: web, limits: LIMITS, refusal: null }], keep_until: NOW - 100, said: said('held'), ...change };
}

function running(state: RunState, change: Partial<Running> = {}): Running {
  const digest = specDigest({ workload: web, limits: LIMITS });
  return { contract: C, workload: 'web', digest, state, reason: null, exit_code: state === 'exited' ? 0 : state === 'failed' ? 3 : null, ports: state === 'running' ? PORTS : [], started: 1, ...change };
}

/** Another image for what runs, of which nothing is said yet. */
const imaged: Workload = { ...web, image: `reg.example/web@sha256:${'b'.repeat(64)}` };
const UPDATE: Partial<Desired> = { tasks: [{ workload: imaged, limits: LIMITS, refusal: null }] };
const FETCH = attemptOf({ do: 'fetch', contract: C, workload: imaged, limits: LIMITS, data: null });

function failure(attempt: string, reason: string, retry_at: number | null = null): Failure {
  return { attempt, reason, at: NOW - 1, refused: false, retry_at };
}

interface Given {
  readonly time?: BookTime;
  readonly wanted?: Partial<Desired>;
  readonly running?: readonly Running[];
  /** False: none; null: not mounted. */
  readonly volume?: boolean | null;
  readonly size_mib?: number;
  readonly growsInUse?: boolean;
  readonly busy?: readonly [string, Action['do']][];
  readonly failures?: readonly [string, Failure][];
  readonly fetched?: readonly (readonly [string, string])[];
  readonly pulling?: readonly (readonly [string, string])[];
  readonly waiting?: readonly [string, Wait][];
  /** The disk of the volumes is not here. */
  readonly missing?: boolean;
  /** Undefined: the contract is not among those taken on. */
  readonly look?: Look | null | undefined;
}

function planned(given: Given): Plan {
  const machine = { running: given.running ?? [], volumes: new Map(given.volume === false ? [] : [[C, { path: given.volume === null ? null : '/data/c', size_mib: given.size_mib ?? 100 }]]), growsInUse: given.growsInUse ?? true, missing: given.missing === true ? new Problem('unreachable', 'not mounted') : null };
  const memory = { busy: new Map(given.busy), pulling: new Map(given.pulling), failures: new Map(given.failures), fetched: new Map(given.fetched), health: new Map<string, Checked>(), spoken: new Map<string, number>(), waiting: new Map(given.waiting), taken: new Map('look' in given && given.look === undefined ? [] : [[C, given.look ?? null]]) };
  const time = given.time ?? fresh;
  const settled = settle([wanted(given.wanted)], machine, { ...memory, lives: new Map() }, time);
  return plan(settled.wanted, machine, { ...memory, lives: settled.lives }, time);
}

/** A plan in words: `stop web`, `say web running`. */
function words(plan: Plan): string[] {
  const acts = plan.actions.map((action) => (action.do === 'volume' || action.do === 'wipe' ? action.do : `${action.do} ${typeof action.workload === 'string' ? action.workload : action.workload.name}`));
  const says = plan.reports.map(({ workload, state }) => `say ${workload === null ? '' : `${workload} `}${state}`);
  return [...acts, ...says, ...plan.abandon.map((key) => `abandon ${key}`), ...plan.done.map(() => 'done')];
}

const everyPhase: Phase[] = ['run', 'refused', 'paused', 'over', 'unclear', 'unknown'];
const everyState: (RunState | 'absent')[] = ['absent', 'created', 'running', 'exited', 'failed'];

describe('a copy that cannot be believed', () => {
  for (const phase of everyPhase) {
    for (const state of everyState) {
      test(`does nothing for a contract that is ${phase} and whose workload is ${state}`, () => {
        for (const volume of [true, false, null]) {
          for (const held of [true, false]) {
            const given: Given = { time: stale, wanted: { phase, held }, running: state === 'absent' ? [] : [running(state)], volume, look: first };
            assert.deepEqual(words(planned(given)), []);
            assert.deepEqual(planned(given).over, []);
          }
        }
      });
    }
  }
});

describe('a fresh copy', () => {
  const table: readonly (readonly [title: string, given: Given, words: readonly string[]])[] = [
    ['makes the volume first', { wanted: { held: false, said: undefined }, volume: false }, ['volume']],
    ['makes no empty volume for a held contract whose own is gone', { volume: false }, ['say failed']],
    ['starts nothing of a held contract whose volume is gone, keeps what runs, and says so once', { volume: false, running: [running('running')], wanted: { said: said('failed', { ports: PORTS }) } }, []],
    ['goes on when the volume is back', { wanted: { said: said('failed', {}) } }, ['start web']],
    ['mounts a volume that is there', { volume: null }, ['volume']],
    ['starts nothing new while the volume is not mounted, and stops nothing', { volume: null, running: [running('running')], wanted: { said: said('held', { ports: PORTS }) } }, ['volume']],
    ['says held once the volume is there', { wanted: { held: false, said: undefined } }, ['say held']],
    ['says held at once where no volume is wanted', { wanted: { held: false, said: undefined, volume_mib: 0 }, volume: false }, ['say held']],
    ['starts nothing before held is recorded', { wanted: { held: false, said: undefined } }, ['say held']],
    ['starts what is not there', {}, ['start web']],
    ['starts what was made and never started', { running: [running('created')] }, ['start web']],
    ['starts nothing whose network is not there, and says nothing of it', { waiting: [[`${C}/web`, { reason: 'no network', isSaid: false }]] }, []],
    ['says what has to wait for long', { waiting: [[`${C}/web`, { reason: 'waiting for secret key', isSaid: true }]] }, ['say web pulling']],
    ['leaves what runs and was said alone', { running: [running('running')], wanted: { said: said('held', { ports: PORTS }) } }, []],
    ['says what runs', { running: [running('running')] }, ['say web running']],
    ['says that ports have changed', { running: [running('running')], wanted: { said: said('held', { ports: [{ container: 80, host: 1 }] }) } }, ['say web running']],
    ['says what has ended', { running: [running('exited')], wanted: { said: said('held', {}) } }, ['say web exited']],
    ['says what has failed', { running: [running('failed')], wanted: { said: said('held', {}) } }, ['say web failed']],
    ['does not run again what has ended', { running: [running('exited')], wanted: { said: said('held', { state: 'exited', exit_code: 0 }) } }, []],
    ['does not run again what has ended and was taken away', { wanted: { said: said('held', { state: 'exited', exit_code: 0 }) } }, []],
    ['does not try again what was said to have failed', { wanted: { said: said('held', { state: 'failed', exit_code: 1 }) } }, []],
    ['starts again what was running and is gone', { wanted: { said: said('held', {}) } }, ['start web']],
    ['stops what runs with another spec', { running: [running('running', { digest: 'other' })] }, ['stop web']],
    ['fetches the image of an update before it stops what runs', { running: [running('running', { digest: 'other' })], wanted: UPDATE }, ['fetch web']],
    ['leaves what runs alone while that image comes', { running: [running('running', { digest: 'other' })], wanted: UPDATE, busy: [[`${C}/web`, 'fetch']], pulling: [[`${C}/web`, '0 % of 9 MiB']] }, []],
    ['stops what runs once the image is here', { running: [running('running', { digest: 'other' })], wanted: UPDATE, fetched: [[`${C}/web`, FETCH]] }, ['stop web']],
    ['fetches again for another update', { running: [running('running', { digest: 'other' })], wanted: UPDATE, fetched: [[`${C}/web`, 'fetch of another']] }, ['fetch web']],
    ['waits before it fetches again', { running: [running('running', { digest: 'other' })], wanted: UPDATE, failures: [[`${C}/web`, failure(FETCH, 'registry away', NOW + 1_000)]] }, []],
    ['fetches nothing for what does not run any more', { running: [running('exited', { digest: 'other' })], wanted: UPDATE }, ['remove web']],
    ['gives up fetching for a contract that is over', { running: [running('running', { digest: 'other' })], wanted: { ...UPDATE, phase: 'over' }, busy: [[`${C}/web`, 'fetch']] }, [`abandon ${C}/web`]],
    ['removes what has stopped with another spec', { running: [running('exited', { digest: 'other' })] }, ['remove web']],
    ['stops what is no longer listed', { running: [running('running', { workload: 'old', digest: 'x' })], wanted: { tasks: [] } }, ['stop old']],
    ['says why it does not run a workload', { wanted: { tasks: [{ workload: web, limits: LIMITS, refusal: 'no such registry' }] } }, ['say web failed']],
    ['keeps a workload that it would no longer start', { running: [running('running')], wanted: { said: said('held', { ports: PORTS }), tasks: [{ workload: web, limits: LIMITS, refusal: 'no such registry' }] } }, []],
    ['says that an image is fetched', { busy: [[`${C}/web`, 'start']], pulling: [[`${C}/web`, '0 % of 9 MiB']] }, ['say web pulling']],
    ['says that only once', { busy: [[`${C}/web`, 'start']], pulling: [[`${C}/web`, '0 % of 9 MiB']], wanted: { said: said('held', { state: 'pulling', reason: '0 % of 9 MiB' }) } }, []],
    ['says how far it has come since', { busy: [[`${C}/web`, 'start']], pulling: [[`${C}/web`, '70 % of 9 MiB']], wanted: { said: said('held', { state: 'pulling', reason: '0 % of 9 MiB' }) } }, ['say web pulling']],
    ['does nothing on what is under way', { busy: [[`${C}/web`, 'start']] }, []],
    ['lets a volume grow that an amendment made larger, and keeps what runs', { size_mib: 50, running: [running('running')], wanted: { said: said('held', { ports: PORTS }) } }, ['volume']],
    ['stops what uses such a volume where it cannot grow in use', { size_mib: 50, growsInUse: false, running: [running('running')], wanted: { said: said('held', { ports: PORTS }) } }, ['stop web']],
    ['then takes it away without a word', { size_mib: 50, growsInUse: false, running: [running('exited')], wanted: { said: said('held', { ports: PORTS }) } }, ['remove web']],
    ['then lets the volume grow before it starts anything', { size_mib: 50, growsInUse: false, wanted: { said: said('held', { ports: PORTS }) } }, ['volume']],
    ['goes on with the old size where it cannot grow at all, and says so', { size_mib: 50, growsInUse: false, failures: [[C, failure('volume', 'disk')]], wanted: { said: said('held', { ports: PORTS }) } }, ['start web', 'say failed']],
    ['takes nothing off a volume that an amendment made smaller', { size_mib: 200, running: [running('running')], wanted: { said: said('held', { ports: PORTS }) } }, []],
    ['makes no second volume while one is made', { wanted: { held: false, said: undefined }, volume: false, busy: [[C, 'volume']] }, []],

    ['keeps a contract that it refuses, and begins nothing', { wanted: { phase: 'refused' } }, []],
    ['keeps what runs of a contract that it refuses', { wanted: { phase: 'refused', said: said('held', { ports: PORTS }) }, running: [running('running')] }, []],
    ['says why it does not take a contract', { wanted: { phase: 'refused', held: false, said: undefined } }, ['say failed']],
    ['says that only once ', { wanted: { phase: 'refused', held: false, said: said('failed') } }, []],

    ['stops what runs when the term is over', { wanted: { phase: 'paused' }, running: [running('running')], look: first }, ['stop web']],
    ['says that it has stopped, and keeps it', { wanted: { phase: 'paused', said: said('held', {}) }, running: [running('failed')], look: first }, ['say web exited']],
    ['keeps the data in the grace', { wanted: { phase: 'paused', said: said('held', { state: 'exited' }) }, running: [running('exited')], look: first }, []],
    ['takes away what a pause has stopped, once it is paid for again', { running: [running('exited')], wanted: { said: said('held', { state: 'exited', exit_code: 0, reason: PAUSED }) } }, ['remove web']],
    ['however it ended when it was stopped', { running: [running('failed')], wanted: { said: said('held', { state: 'exited', exit_code: 0, reason: PAUSED }) } }, ['remove web']],
    ['and starts it again', { wanted: { said: said('held', { state: 'exited', exit_code: 0, reason: PAUSED }) } }, ['start web']],
    ['but not what ended by itself while it was paused', { running: [running('exited')], wanted: { said: said('held', { state: 'exited', exit_code: 0, reason: 'done' }) } }, []],
    ['says that it runs again', { running: [running('running')], wanted: { said: said('held', { state: 'exited', exit_code: 0, reason: PAUSED }) } }, ['say web running']],
    ['gives up a start when the term is over', { wanted: { phase: 'paused' }, busy: [[`${C}/web`, 'start']] }, [`abandon ${C}/web`]],

    ['stops what runs when the contract is over', { wanted: { phase: 'over' }, running: [running('running')] }, ['stop web']],
    ['says that it has stopped', { wanted: { phase: 'over', said: said('held', {}) }, running: [running('exited')] }, ['say web exited']],
    ['takes nothing away at the first look', { wanted: { phase: 'over', said: said('held', { state: 'exited' }) }, running: [running('exited')] }, []],
    ['wipes nothing at the first look', { wanted: { phase: 'over', said: said('held', { state: 'exited' }) } }, []],
    ['wipes nothing at the same checkpoint again', { wanted: { phase: 'over' }, look: { size: fresh.size, stamp: fresh.stamp } }, []],
    ['wipes nothing by a shorter book, whatever its stamp', { wanted: { phase: 'over' }, look: { size: fresh.size + 1, stamp: first.stamp } }, []],
    ['wipes by a later stamp of the same book', { wanted: { phase: 'over' }, look: { size: fresh.size, stamp: fresh.stamp - 1 } }, ['wipe']],
    ['takes away what has stopped at the second look', { wanted: { phase: 'over', said: said('held', { state: 'exited' }) }, running: [running('exited')], look: first }, ['remove web']],
    ['wipes at the second look', { wanted: { phase: 'over' }, look: first }, ['wipe']],
    ['wipes nothing within the retention', { wanted: { phase: 'over', keep_until: NOW }, look: first }, []],
    ['wipes nothing before both clocks are past the retention', { wanted: { phase: 'over', keep_until: NOW - 1 }, look: first }, []],
    ['wipes nothing while something is under way', { wanted: { phase: 'over' }, look: first, busy: [[`${C}/web`, 'remove']] }, []],
    ['gives up a start when the contract is over', { wanted: { phase: 'over' }, look: first, busy: [[`${C}/web`, 'start']] }, [`abandon ${C}/web`]],
    ['does not give up a stop', { wanted: { phase: 'over' }, running: [running('running')], busy: [[`${C}/web`, 'stop']] }, []],
    ['wipes what is not mounted', { wanted: { phase: 'over' }, volume: null, look: first }, ['wipe']],
    ['says released when all is gone', { wanted: { phase: 'over' }, volume: false, look: first }, ['say released']],
    ['is done once that is said', { wanted: { phase: 'over', said: said('released') }, volume: false, look: first }, ['done']],
    ['releases nothing that it never held', { wanted: { phase: 'over', held: false, said: undefined }, volume: false, look: first }, ['done']],

    ['makes no volume on the wrong disk', { missing: true, volume: false, wanted: { held: false, said: undefined } }, []],
    ['starts nothing that needs a volume whose disk is not here, and says so', { missing: true, volume: false }, ['say failed']],
    ['starts what needs no volume meanwhile', { missing: true, volume: false, wanted: { volume_mib: 0 } }, ['start web']],
    ['keeps what runs while the disk of the volumes is not here', { missing: true, volume: false, running: [running('running')], wanted: { said: said('failed', { ports: PORTS }) } }, []],
    ['stops what is over while the disk of the volumes is not here', { missing: true, volume: false, running: [running('running')], wanted: { phase: 'over' }, look: first }, ['stop web']],
    ['releases nothing while the disk of the volumes is not here', { missing: true, volume: false, wanted: { phase: 'over' }, look: first }, []],
    ['is done with nothing while the disk of the volumes is not here', { missing: true, volume: false, wanted: { phase: 'over', said: said('released') }, look: first }, []],

    ['keeps everything while the clocks disagree', { wanted: { phase: 'unclear' }, running: [running('running')], look: first }, []],
    ['begins nothing while the clocks disagree', { wanted: { phase: 'unclear' }, volume: false }, []],
    ['leaves alone what it does not know', { wanted: { phase: 'unknown' }, running: [running('running')], look: first }, []],
    ['wipes nothing that it does not know', { wanted: { phase: 'unknown' }, look: first }, []],
  ];
  for (const [title, given, expected] of table) test(title, () => assert.deepEqual(words(planned(given)), expected));

  test('says all that speaks against a contract in one record', () => {
    const check = (ok: boolean, evidence: string) => ({ name: 'x', ok, evidence, remedy: null });
    const { reports } = planned({ wanted: { phase: 'refused', held: false, said: undefined, checks: [check(false, 'no room'), check(true, 'fine'), check(false, 'no such registry')] } });
    assert.deepEqual(reports.map(({ workload, state, reason }) => [workload, state, reason]), [[null, 'failed', 'no room; no such registry']]);
  });

  test('names the workloads of contracts that it does not know', () => {
    assert.deepEqual(planned({ wanted: { phase: 'unknown' }, running: [running('running')] }).strangers, [{ contract: C, workload: 'web' }]);
  });

  test('does not take on again what was released, or what it never held', () => {
    for (const change of [{ said: said('released') }, { held: false, said: undefined }]) {
      const { over, done } = planned({ wanted: { phase: 'over', ...change }, volume: false, look: undefined });
      assert.deepEqual([over, done], [[], []]);
    }
  });

  test('notes which contracts it saw to be over', () => {
    assert.deepEqual(planned({ wanted: { phase: 'over' } }).over, [C]);
    assert.deepEqual(planned({ wanted: { phase: 'paused' } }).over, []);
  });
});

describe('a step that failed', () => {
  const start = attemptOf({ do: 'start', contract: C, workload: web, limits: LIMITS, data: null });
  const key = `${C}/web`;

  test('waits for its time', () => {
    const given: Given = { failures: [[key, failure(start, 'no', NOW + 50)]] };
    assert.deepEqual([words(planned(given)), planned(given).retry_at], [[], NOW + 50]);
  });
  test('is tried again when it is due', () => {
    assert.deepEqual(words(planned({ failures: [[key, failure(start, 'no', NOW)]] })), ['start web']);
  });
  test('is said with its reason when it is given up, and not tried again', () => {
    const { actions, reports } = planned({ failures: [[key, failure(start, 'no such image')]] });
    assert.deepEqual([actions, reports.map(({ state, reason }) => [state, reason])], [[], [['failed', 'no such image']]]);
  });
  test('does not hold back another workload of the same name', () => {
    assert.deepEqual(words(planned({ failures: [[key, failure('start other', 'no')]] })), ['start web']);
  });
  test('on a volume refuses the contract', () => {
    const given: Given = { wanted: { held: false, said: undefined }, volume: false, failures: [[C, failure('volume', 'disk full')]] };
    assert.deepEqual(planned(given).reports.map(({ workload, state, reason }) => [workload, state, reason]), [[null, 'failed', 'disk full']]);
  });
  test('on the volume of a held contract fails what is to run there', () => {
    const given: Given = { volume: null, failures: [[C, failure('volume', 'disk gone')]] };
    assert.deepEqual(planned(given).reports.map(({ workload, state, reason }) => [workload, state, reason]), [['web', 'failed', 'disk gone']]);
  });
  test('of another workload delays nothing', () => {
    const other = { ...web, name: 'other' };
    const tasks = [web, other].map((workload) => ({ workload, limits: LIMITS, refusal: null }));
    assert.deepEqual(words(planned({ wanted: { tasks }, failures: [[key, failure(start, 'no', NOW + 50)]] })), ['start other']);
    assert.deepEqual(words(planned({ wanted: { tasks }, busy: [[key, 'start']] })), ['start other']);
  });
});

test('a contract that was seen to be over, and then is not, needs two looks again', () => {
  for (const phase of ['run', 'refused', 'paused', 'unclear', 'unknown'] as const) assert.deepEqual(planned({ wanted: { phase }, look: first }).notOver, [C], phase);
  assert.deepEqual(planned({ wanted: { phase: 'over' }, look: first }).notOver, []);
  assert.deepEqual(planned({ wanted: { phase: 'run' }, look: null }).notOver, [], 'it was never over');
  assert.deepEqual(planned({ wanted: { phase: 'run' }, look: first, time: { ...fresh, fresh: false } }).notOver, [], 'a book that cannot be believed shows nothing');
});
