// The one row of the crash table that touches the runtime, with real containers.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { makeLocalImage, removeLocalImage } from '../../src/node/localimage.js';
import { NO_PODMAN } from '../e2e/here.js';
import { CrashGrid } from './grid.js';

const within = (): AbortSignal => AbortSignal.timeout(60_000);

test('a node that is killed beside "container started" leaves one container, begun once', { skip: NO_PODMAN, timeout: 240_000 }, async (t) => {
  const name = `3bot-test-${randomBytes(6).toString('hex')}`;
  t.after(() => removeLocalImage(name, within()));
  await using grid = await CrashGrid.start(await makeLocalImage(name, within()));
  for (const [i, when] of ['before', 'after'].entries()) {
    const hours = 24 + i;
    await grid.kill('node');
    await grid.up('node', { THREEBOT_TEST_KILL: `container_started:${when}` });
    const [run] = await Promise.all([grid.attempt(grid.deal(hours)), grid.revive('node')]);
    assert.equal(run.code, 0, run.stderr);
    const { contract, receipt } = run.json<{ contract: string; receipt: string }>();
    await grid.check(contract, hours, receipt);
    const containers = execFileSync('podman', ['ps', '--all', '--quiet', '--filter', `label=io.3bot.contract=${contract}`], { encoding: 'utf8' });
    assert.equal(containers.trim().split('\n').length, 1);
  }
});
