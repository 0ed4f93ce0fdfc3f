import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { desired, type BookTime, type Desired } from '../../../src/node/plan/desired.js';
import type { Check } from '../../../src/node/driver.js';
import type { Agreement, NodeConfig } from '../../../src/schema/types.js';
import { agreementOf, announcementOf, contractId, deal, endOf, gib, HOUR, key, market, nonce, runOf, START, web, type World } from '../../rules/world.js';

const config: NodeConfig = {
  key: key('node'), grid: '0'.repeat(64), farm: '0'.repeat(40), runtime: 'podman', allow_registries: [], allow_consumers: [], address: null, data: '/data',
};
const proven: readonly Check[] = [{ name: 'recorded', ok: true, evidence: 'line 5', remedy: null }];

function at(now: number, stamp = now): BookTime {
  return { fresh: true, now, stamp, size: 10 };
}

function one(world: World, time: BookTime, change: Partial<NodeConfig> = {}, checks = proven, made = true): Desired {
  const [only, ...more] = desired(world, { ...config, ...change }, time, [contractId(world)], () => ({ checks, made }));
  assert.ok(only !== undefined && more.length === 0);
  return only;
}

function failed(found: Desired): string[] {
  return found.checks.filter(({ ok }) => !ok).map(({ name }) => name);
}

describe('the phase of a contract', () => {
  const deadline = START + HOUR;
  const funded = START + 720 * HOUR;
  const table: readonly (readonly [title: string, held: boolean, now: number, stamp: number, phase: string])[] = [
    ['is run when committed', false, START, START, 'run'],
    ['is over when the deadline passed without held', false, deadline, deadline, 'over'],
    ['is unclear when only our clock is past the deadline', false, deadline, deadline - 1, 'unclear'],
    ['is run to the last moment that is paid', true, funded - 1, funded - 1, 'run'],
    ['is paused from the end of the term', true, funded, funded, 'paused'],
    ['is unclear when only our clock is past the term', true, funded, funded - 1, 'unclear'],
    ["is unclear when only the home's clock is past the term", true, funded - 1, funded, 'unclear'],
    ['is over after the grace', true, funded + 24 * HOUR, funded + 24 * HOUR, 'over'],
    ['is unclear when only our clock is past the grace', true, funded + 24 * HOUR, funded + 24 * HOUR - 1, 'unclear'],
  ];
  for (const [title, held, now, stamp, phase] of table) {
    test(title, () => assert.equal(one(deal({}, held), at(now, stamp)).phase, phase));
  }

  test('is over once an end is recorded, and data stays for the retention', () => {
    const world = deal({ retention_ms: 5 * HOUR });
    world.at += HOUR;
    world.submit(endOf(world));
    const found = one(world, at(world.at));
    assert.deepEqual([found.phase, found.keep_until], ['over', world.at + 5 * HOUR]);
  });

  test('is over at once where the node never held it: there is no data to keep', () => {
    const world = deal({ retention_ms: 5 * HOUR }, false);
    assert.equal(one(world, at(deadline)).keep_until, deadline);
  });

  test('is unknown when the copy has no such contract', () => {
    const [found] = desired(market(), config, at(START), ['f'.repeat(40)], () => ({ checks: proven, made: true }));
    assert.equal(found?.phase, 'unknown');
  });

  test('is unknown when the contract names another node', () => {
    const world = deal();
    assert.equal(one(world, at(START), { key: key('other') }).phase, 'unknown');
  });
});

describe('a contract in force', () => {
  test('is found by its allocation alone', () => {
    assert.deepEqual(desired(deal(), config, at(START), [], () => ({ checks: proven, made: true })).map(({ phase }) => phase), ['run']);
  });

  test('is refused when its record is not proven', () => {
    const found = one(deal(), at(START), {}, [{ name: 'recorded', ok: false, evidence: 'forged', remedy: null }]);
    assert.deepEqual([found.phase, failed(found)], ['refused', ['recorded']]);
  });

  test('is unclear while its record cannot be proven for the moment', () => {
    const found = one(deal({}, false), at(START), {}, [{ name: 'recorded', ok: false, evidence: 'not below a checkpoint yet', remedy: null }], false);
    assert.deepEqual([found.phase, failed(found)], ['unclear', ['recorded']]);
  });

  test('is refused when the node announces less than it has sold, the later contract first', () => {
    const world = deal();
    const body: Partial<Agreement> = { nonce: nonce('second') };
    world.submit(agreementOf(world, body));
    world.submit(announcementOf(world, { capacity: gib(6, 16, 500) }));
    const phases = desired(world, config, at(START), [], () => ({ checks: proven, made: true })).map(({ phase, checks }) => [phase, checks.filter(({ ok }) => !ok).map(({ name }) => name)]);
    assert.deepEqual(phases, [['run', []], ['refused', ['capacity']]]);
  });

  test('is not refused for what an earlier contract no longer takes', () => {
    const world = deal({ retention_ms: 5 * HOUR });
    world.at += 745 * HOUR;
    world.submit(agreementOf(world, { nonce: nonce('second'), resources: gib(8, 16, 400) }));
    const found = desired(world, config, at(world.at), [], () => ({ checks: proven, made: true })).map(({ phase, checks }) => [phase, checks.find(({ name }) => name === 'capacity')?.ok]);
    assert.deepEqual(found[1], ['run', true]);
  });

  test('shares its cores and memory among its workloads', () => {
    const [a, b] = one(deal({ workloads: [web('aaa'), web('bbb')] }), at(START)).tasks;
    assert.deepEqual([a?.limits.cru, a?.limits.mru_mib, b?.limits.mru_mib], [2, 2048, 2048]);
  });

  test('has a volume of what it pays for', () => assert.equal(one(deal(), at(START)).volume_mib, 100 * 1024));
});

describe('an image from a private registry', () => {
  const image = `localhost/web@sha256:${'a'.repeat(64)}`;

  test('refuses a contract that is not held yet', () => {
    const found = one(deal({ workloads: [web('web', { image })] }, false), at(START));
    assert.deepEqual([found.phase, failed(found)], ['refused', ['workload web']]);
  });
  test('fails by itself in a held contract', () => {
    const found = one(deal({ workloads: [web('web', { image }), web('other')] }), at(START));
    assert.equal(found.phase, 'run');
    assert.deepEqual(found.tasks.map(({ refusal }) => refusal === null), [false, true]);
  });
  test('runs where the farmer allows it', () => {
    assert.equal(one(deal({ workloads: [web('web', { image })] }, false), at(START), { allow_registries: ['localhost'] }).phase, 'run');
  });
});

describe('the process runtime', () => {
  const bare = web('web', { image: null, command: ['true'] });
  function world(change: Partial<Agreement> = {}): World {
    const made = market();
    made.submit(announcementOf(made, { runtime: 'process' }));
    made.submit(agreementOf(made, { workloads: [bare], ...change }));
    made.submit(runOf(made, 'held'));
    return made;
  }

  test('takes nobody who is not listed', () => {
    const found = one(world(), at(START), { runtime: 'process' });
    assert.deepEqual([found.phase, failed(found)], ['refused', ['consumer']]);
  });
  test('takes a listed consumer', () => {
    assert.equal(one(world(), at(START), { runtime: 'process', allow_consumers: [key('alice')] }).phase, 'run');
  });
  test('takes a listed consumer only as long as nobody else may change what runs', () => {
    const parties = [`bot/${key('alice')}`, `bot/${key('other')}`];
    const roles = [{ role: 'consumer', party: parties[0] ?? '' }, { role: 'farmer', party: `farm/${world().node().farm}` }, { role: 'guest', party: parties[1] ?? '' }];
    const made = world({ roles, quorums: { ...quorumsOf(world()), workload: { threshold: 1, members: parties.map((of) => ({ of, weight: 1 })) } } });
    assert.deepEqual(failed(one(made, at(START), { runtime: 'process', allow_consumers: [key('alice')] })), ['consumer']);
  });
  test('is refused outside development grids', () => {
    const made = world();
    const grid = made.get('grid');
    made.put('grid', { ...grid, dev: false });
    assert.deepEqual(failed(one(made, at(START), { runtime: 'process', allow_consumers: [key('alice')] })), ['consumer']);
  });
  test('runs no images', () => {
    const made = world({ workloads: [web()] });
    assert.match(one(made, at(START), { runtime: 'process', allow_consumers: [key('alice')] }).tasks[0]?.refusal ?? '', /no images/);
  });
});

function quorumsOf(world: World): Agreement['quorums'] {
  return world.contract(contractId(world)).agreement.quorums;
}

test('containers take every consumer unless the node lists some', () => {
  assert.equal(one(deal(), at(START)).phase, 'run');
  assert.equal(one(deal(), at(START), { allow_consumers: [key('alice')] }).phase, 'run');
  assert.equal(one(deal(), at(START), { allow_consumers: [key('other')] }).phase, 'refused');
});
