import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { contractId, deal, endOf, HOUR, market, runOf, START } from './world.js';

const TERM = 720 * HOUR;

test('held begins the term and keeps the capacity to the end of the grace', () => {
  const world = deal({}, false);
  world.at = START + HOUR - 1;
  world.submit(runOf(world, 'held'));
  assert.equal(world.contract(contractId(world)).started_at, world.at);
  assert.equal(world.node().allocations[0]?.until, world.at + TERM + 24 * HOUR);
  assert.equal(world.object('run', contractId(world)).state, 'held');
});

test('the last word on each workload is kept', () => {
  const world = deal();
  world.submit(runOf(world, 'pulling', 'web'));
  const running = runOf(world, 'running', 'web');
  world.submit({ ...running, body: { ...running.body, ports: [{ container: 80, host: 30_000 }] } });
  assert.deepEqual(world.object('run', contractId(world)).workloads, [{ name: 'web', state: 'running', reason: null, exit_code: null, ports: [{ container: 80, host: 30_000 }], at: START }]);
  world.at += 5;
  const exited = runOf(world, 'exited', 'web');
  world.submit({ ...exited, body: { ...exited.body, reason: 'over', exit_code: 3 } });
  assert.deepEqual(world.object('run', contractId(world)).workloads, [{ name: 'web', state: 'exited', reason: 'over', exit_code: 3, ports: [], at: START + 5 }]);
});

test('a node that cannot provide says so of the whole contract, and may still hold it in time', () => {
  const world = deal({}, false);
  world.submit(runOf(world, 'failed'));
  assert.equal(world.object('run', contractId(world)).state, 'failed');
  assert.equal(world.contract(contractId(world)).started_at, null);
  assert.equal(world.refusal(runOf(world, 'held')), 'taken');
});

describe('a report is refused', () => {
  test('by anybody but the node', () => {
    const world = deal({}, false);
    for (const name of ['alice', 'farm', 'farmer', 'other']) assert.equal(world.refusal({ ...runOf(world, 'held'), by: [name] }), 'signatures');
  });
  test('without a contract', () => {
    const world = market();
    assert.equal(world.refusal(runOf(world, 'held')), 'not_found');
  });
  test('of held at the deadline or later', () => {
    for (const late of [0, 1, TERM]) {
      const world = deal({}, false);
      world.at = START + HOUR + late;
      assert.equal(world.refusal(runOf(world, 'held')), 'deadline');
    }
  });
  test('of held twice', () => {
    const world = deal();
    assert.equal(world.refusal(runOf(world, 'held')), 'state');
  });
  const held: [string, string, string | null, string][] = [
    ['of held with a workload', 'held', 'web', 'workload'],
    ['of released with a workload', 'released', 'web', 'workload'],
    ['of running without a workload', 'running', null, 'workload'],
    ['of a workload that is not in the list', 'running', 'other', 'workload'],
    ['of released while the contract is in force', 'released', null, 'state'],
  ];
  for (const [title, state, workload, reason] of held) {
    test(title, () => {
      const world = deal({}, state !== 'held');
      assert.equal(world.refusal(runOf(world, state, workload)), reason);
    });
  }
  test('of anything that runs before it is held', () => {
    for (const state of ['pulling', 'running', 'exited']) {
      const world = deal({}, false);
      assert.equal(world.refusal(runOf(world, state, 'web')), 'state');
    }
  });
  test('of anything that begins after the contract is over', () => {
    const ended = deal();
    ended.submit(endOf(ended));
    const expired = deal();
    expired.at = START + TERM + 24 * HOUR;
    for (const world of [ended, expired]) {
      for (const state of ['pulling', 'running']) assert.equal(world.refusal(runOf(world, state, 'web')), 'ended');
      for (const state of ['exited', 'failed']) assert.equal(world.refusal(runOf(world, state, 'web')), 'taken');
      assert.equal(world.refusal(runOf(world, 'released')), 'taken');
    }
  });
  test('of held after it was ended', () => {
    const world = deal({}, false);
    world.submit(endOf(world));
    assert.equal(world.refusal(runOf(world, 'held')), 'ended');
  });
});

test('a paused contract may still be spoken of', () => {
  const world = deal();
  world.at = START + TERM;
  assert.equal(world.refusal(runOf(world, 'exited', 'web')), 'taken');
});
