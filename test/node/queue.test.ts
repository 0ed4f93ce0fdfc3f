// Steps under way: whoever's hang keep nobody else's waiting.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { Driver } from '../../src/node/driver.js';
import { MAX_CONTRACT_STEPS, MAX_NODE_STEPS } from '../../src/base/limits.js';
import type { Action } from '../../src/node/plan/steps.js';
import { Queue } from '../../src/node/queue.js';
import { Teller } from '../../src/node/report/tell.js';
import type { Volumes } from '../../src/node/volume.js';
import { web } from './living.js';

test('starts that hang, of however many contracts, leave room for other contracts, and for all that ends', async () => {
  const stop = new AbortController();
  const hang = async (signal: AbortSignal): Promise<void> => void (signal.aborted || (await once(signal, 'abort')));
  const driver = { start: async (_spec: unknown, signal: AbortSignal) => hang(signal), stop: async (_ref: unknown, _grace: unknown, signal: AbortSignal) => hang(signal) } as unknown as Driver;
  const queue = new Queue({ driver, volumes: {} as Volumes, address: '127.0.0.1', clock: Date.now, signal: stop.signal }, new Teller(() => undefined), () => undefined);
  const start = (contract: string, name: string): Action => ({ do: 'start', contract, workload: { ...web, name }, limits: { cru: 1, mru_mib: 64, pids: 16 }, data: null });
  const mallory = 'a'.repeat(40);
  for (let i = 0; i < MAX_NODE_STEPS; i += 1) queue.begin(start(mallory, `web-${i}`));
  assert.equal(queue.busy.size, MAX_CONTRACT_STEPS);
  queue.begin(start('b'.repeat(40), 'web'));
  assert.equal(queue.busy.size, MAX_CONTRACT_STEPS + 1, 'another contract begins all the same');
  for (let i = 0; i < MAX_NODE_STEPS; i += 1) queue.begin(start(i.toString(16).padStart(40, '0'), 'web'));
  assert.equal(queue.busy.size, MAX_NODE_STEPS, 'begun is no more than that in all');
  queue.begin({ do: 'stop', contract: 'c'.repeat(40), workload: 'web' });
  assert.equal(queue.busy.get(`${'c'.repeat(40)}/web`), 'stop', 'what ends does not wait for it');
  stop.abort();
  await queue.ended();
});
