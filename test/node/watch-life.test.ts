// A workload that crashes, is healthy, and is updated to what does not work, for real: processes, an agent that is
// started anew in between, and a book.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { Lives } from '../../src/node/life/lives.js';
import type { Life } from '../../src/node/life/life.js';
import type { Workload } from '../../src/schema/types.js';
import { bare, LocalGrid, until } from './local.js';

test('what crashes is started again with its data, over a restart of the agent; it is ready once healthy, and an update that does not work is rolled back', async () => {
  await using local = await LocalGrid.start(AbortSignal.timeout(120_000));
  const web: Workload = {
    ...bare(['/bin/sh', '-c', 'echo >> $HOME/runs; [ $(wc -l < $HOME/runs) -gt 3 ] && exec sleep 600; exit 3']),
    restart: { policy: 'on-failure', attempts: 5, interval_ms: 60_000, delay_ms: 300 },
    health: { type: 'command', command: ['test', '-f', 'healthy'], start_ms: 60_000, interval_ms: 1_000, timeout_ms: 5_000, retries: 3 },
  };
  const contract = await local.deal([web], { resources: { cru: 1, mru_mib: 64, sru_mib: 8, hru_mib: 0, ipv4: 0 } });
  const life = (): Life | undefined => {
    using lives = new Lives(local.nodeHome, local.config.grid, local.config.key);
    return lives.all.get(`${contract}/web`);
  };
  const data = join(local.config.data, 'volumes', contract);
  {
    await using _node = await local.watch({ interval_ms: 100 });
    await until('it was started again', () => (life()?.restarts ?? 0) >= 1);
  }
  await using node = await local.watch({ interval_ms: 100 });
  await until('the fourth run stays', async () => life()?.restarts === 3 && (await node.driver.list(AbortSignal.timeout(20_000)))[0]?.state === 'running');
  // It is said to run before its first word.
  await until('it has counted itself', () => readFileSync(join(data, 'runs'), 'utf8').length === 4);
  assert.deepEqual([local.said(contract), local.run(contract)?.workloads[0]?.health], ['running', 'starting']);
  writeFileSync(join(data, 'healthy'), '');
  await until('it is healthy', () => life()?.health === 'healthy');

  await local.say(contract, 'workload@1', { workloads: [{ ...web, command: ['/bin/sh', '-c', 'exit 4'] }], commit_by: local.clock() + 60_000 });
  await until('it is rolled back', () => local.run(contract)?.workloads[0]?.reason === 'rolled back: ended with exit code 4');
  assert.equal(local.said(contract), 'running');
  await until('it is healthy again', () => local.run(contract)?.workloads[0]?.health === 'healthy');
  const starts = node.events.filter((event) => event.event === 'step' && event.step === 'start').length;
  const { rounds } = node;
  node.watcher.wake();
  await until('it was looked at again', () => node.rounds > rounds + 1);
  assert.equal(node.events.filter((event) => event.event === 'step' && event.step === 'start').length, starts, 'not tried again');
});
