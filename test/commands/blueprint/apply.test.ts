// A blueprint's whole life on a grid of processes: planned, applied, killed with -9, changed, rolled back, ended.
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { bot, botJson, startBot, tempHome, type RunOptions } from '../../script.js';

interface Ready {
  readonly env: Record<string, string>;
  readonly bots: { readonly consumer: { readonly home: string } };
}

interface Applied {
  readonly revision: number;
  readonly state: string;
  readonly parts: readonly { readonly part: string; readonly contract: string; readonly node: string; readonly farm: string; readonly escrow: string; readonly services: readonly { readonly name: string; readonly state: string }[] }[];
}

interface PlanShown {
  readonly changes: boolean;
  readonly pays: string;
  readonly parts: readonly { readonly part: string; readonly action: string; readonly services: readonly { readonly name: string; readonly change: string; readonly fields: readonly { readonly field: string }[] }[] }[];
}

const FILE = `
x-3bot:
  inputs:
    greeting: {type: string, default: hello}
  term: 2h
  parts:
    main: {cpu: 1, memory: 256MiB, ssd: 1}
    web: {cpu: 1, memory: 128MiB, ssd: 1, nodes: 2, spread: farm}
services:
  db:
    command: ['/bin/sh', '-c', 'echo \${greeting}; exec sleep 1000']
    x-3bot: {process: true}
  web:
    command: ['/bin/sh', '-c', 'exec sleep 1000']
    x-3bot: {process: true, part: web}
`;

test('plan, apply, kill -9, apply again, change, roll back, down', async () => {
  const home = tempHome();
  await using up = startBot(['dev', 'up', '--runtime', 'process', '--nodes', '2', '--farms', '2', '--json'], { home, env: { TMPDIR: dirname(home) } });
  const ready = JSON.parse((await up.until(/^\{.*\}$/m, 120_000))[0]) as Ready;
  const me: RunOptions = { home: ready.bots.consumer.home, passphrase: null, env: ready.env };
  const file = join(dirname(home), 'shop.yaml');
  writeFileSync(file, FILE);

  // The agent signs from here on: no run pays for scrypt.
  await botJson(['unlock', '--for', '10m'], me);

  const planned = await bot(['blueprint', 'plan', file], me);
  assert.equal(planned.code, 8, planned.stderr);
  const token = planned.stdout.trim();
  assert.match(token, /^[0-9a-f]{32}$/);
  const apply = ['blueprint', 'apply', file, '--plan', token, '--max-total', '5', '--json'];
  // Beside every other effect: test/architect/plan/apply.test.ts.
  const broken = await bot(apply, { ...me, env: { ...me.env, THREEBOT_TEST_KILL: 'order_signed:after' } });
  assert.equal(broken.code, null, `it was to be killed: ${broken.stderr}`);
  const applied = await botJson<Applied>(apply.slice(0, -1), me);
  assert.equal(applied.revision, 1);
  assert.deepEqual(applied.parts.map(({ part, services }) => `${part} ${services.map(({ name, state }) => `${name} ${state}`).join()}`), ['main db running', 'web web running', 'web-2 web running']);
  assert.notEqual(applied.parts[1]?.farm, applied.parts[2]?.farm);
  assert.equal((await botJson<unknown[]>(['contract', 'list'], me)).length, 3, 'one contract for each part');
  assert.equal((await bot(['blueprint', 'plan', file], me)).code, 0);

  // What was shown is not what would be done any more: the same service, meanwhile with another greeting.
  const changed = ['--set', 'greeting=servus'];
  const stale = (await bot(['blueprint', 'plan', file, ...changed], me)).stdout.trim();
  const update = await botJson<Applied>(['blueprint', 'apply', file, '--set', 'greeting=hi'], me);
  assert.equal(update.revision, 2);
  const refused = await bot(['blueprint', 'apply', file, ...changed, '--plan', stale], me);
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /main: something was recorded on its contract meanwhile; nothing was done\n3bot: hint: 3bot blueprint plan .* --set greeting=servus shows it/);

  const show = await botJson<{ drift: unknown[]; revisions: { revision: number; state: string }[] }>(['blueprint', 'show', 'shop'], me);
  assert.deepEqual(show.drift, []);
  assert.deepEqual(show.revisions.map(({ revision, state }) => [revision, state]), [[2, 'applied'], [1, 'applied']]);
  const back = await bot(['blueprint', 'rollback', 'shop', '--dry-run', '--json'], me);
  assert.equal(back.code, 8);
  assert.deepEqual(back.json<PlanShown>().parts.flatMap(({ services }) => services.flatMap(({ name, change, fields }) => `${change} ${name} ${fields.map(({ field }) => field).join()}`.trim())), ['change db command', 'keep web', 'keep web']);
  const killed = await bot(['blueprint', 'rollback', 'shop'], { ...me, env: { ...me.env, THREEBOT_TEST_KILL: 'step_workloads:after' } });
  assert.equal(killed.code, null, killed.stderr);
  assert.equal((await botJson<Applied>(['blueprint', 'rollback', 'shop', '--to', '1'], me)).revision, 3);

  // The book alone says what runs, also on a machine that has nothing else.
  rmSync(join(me.home, 'bot.sqlite'));
  const again = await botJson<PlanShown>(['blueprint', 'plan', file], me);
  assert.deepEqual([again.changes, again.pays], [false, '0.0000000']);
  assert.deepEqual((await botJson<{ name: string; parts: number; running: number }[]>(['blueprint', 'list'], me)).map(({ name, parts, running }) => [name, parts, running]), [['shop', 3, 3]]);
  assert.equal((await botJson<{ ended: unknown[] }>(['blueprint', 'down', 'shop'], me)).ended.length, 3);
  const gone = await bot(['blueprint', 'show', 'shop'], me);
  assert.equal(gone.code, 5);
});
