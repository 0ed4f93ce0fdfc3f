// A few seconds of chaos with real containers, with a seed of its own in every run; `npm run chaos` is for longer ones.
import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { test } from 'node:test';
import { makeLocalImage, removeLocalImage } from '../../src/node/localimage.js';
import { CrashGrid } from '../crash/grid.js';
import { NO_PODMAN } from '../e2e/here.js';
import { seedOr } from '../random.js';
import { chaos } from './chaos.js';

const within = (): AbortSignal => AbortSignal.timeout(60_000);

test('agent, podman and containers are killed under load: what runs is what is wanted, once, with all its data and its price', { skip: NO_PODMAN, timeout: 400_000 }, async (t) => {
  const name = `3bot-test-${randomBytes(6).toString('hex')}`;
  t.after(() => removeLocalImage(name, within()));
  const image = await makeLocalImage(name, within());
  const seed = seedOr(randomInt(2 ** 31));
  t.diagnostic(`THREEBOT_TEST_SEED=${seed}`);
  await using grid = await CrashGrid.start(image);
  const killed = await chaos(grid, { seed, for_ms: 5_000, image, say: (text) => t.diagnostic(text) });
  assert.ok(Object.values(killed).every((times) => times > 0), 'each kind was killed');
});
