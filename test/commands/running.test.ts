// The flags of what runs, as commands hand them on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { runOptions, workloadsAsked, type RunOptions } from '../../commands/running.js';

test('the flags of how a workload lives arrive in it', async () => {
  const flags = runOptions(new Command()).parse(['--command', 'serve', '--restart', 'always', '--health', 'tcp:80', '--stop-signal', 'INT', '--stop-grace', '2s'], { from: 'user' }).opts<RunOptions>();
  const [workload] = await workloadsAsked({} as Parameters<typeof workloadsAsked>[0], 'main', flags);
  assert.deepEqual([workload?.restart?.policy, workload?.health?.port, workload?.stop], ['always', 80, { signal: 'SIGINT', grace_ms: 2_000 }]);
});
