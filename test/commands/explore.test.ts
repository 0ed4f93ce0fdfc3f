// A market comes about between homes: a farm invites, a node joins, anybody explores.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bot, botJson, startBot, tempHome } from '../script.js';
import { terminal } from '../terminal.js';

interface Explored { nodes: { farm_name: string; node: string; price_per_hour: string | null; declared: boolean; free: { cru: number } }[]; considered: number; excluded: { reason: string; count: number }[]; nearest: { text: string; nodes: number; price_per_hour: string }[] }

test('a farm invites, a node joins, a buyer explores: what fits at which price, and what each filter removed', async () => {
  const farmer = { home: tempHome() };
  await botJson(['identity', 'create', '--name', 'alice'], farmer);
  await botJson(['farm', 'create', 'sunny'], farmer);
  const running = startBot(['serve', '--listen', '127.0.0.1:0', '--json'], farmer);
  await using _running = running;
  const { url } = JSON.parse((await running.until(/^\{.*\}$/m))[0]) as { url: string };
  await botJson(['farm', 'update', '--endpoint', url], farmer);
  const invitation = (await bot(['farm', 'invite'], farmer)).stdout.trim();

  const machine = { home: tempHome() };
  const node = await botJson<{ node: string; admitted: boolean }>(['node', 'join', '-', '--runtime', 'process', '--declare', '8/16/500/0', '--country', 'BE'], { ...machine, input: `${invitation}\n` });
  assert.equal(node.admitted, true);
  const late = { home: tempHome() };
  const refused = await bot(['node', 'join', invitation, '--runtime', 'process', '--declare', '8/16/500/0'], late);
  assert.equal(refused.code, 3, refused.stderr);
  assert.match(refused.stderr, /unknown, expired or used/);

  const explore = (...args: string[]) => botJson<Explored>(['explore', ...args], machine);
  const all = await explore();
  assert.deepEqual(all.nodes.map(({ farm_name, node: key, price_per_hour, declared, free }) => [farm_name, key, price_per_hour, declared, free.cru]), [['sunny', node.node, null, true, 8]]);
  assert.deepEqual(all.excluded, [{ reason: 'not_admitted', count: 1 }], 'the node that came too late has announced itself');
  assert.equal((await explore('--cpu', '4', '--sru', '100', '--location', 'be')).nodes[0]?.price_per_hour, '0.0225000');
  for (const [args, reason] of [[['--cpu', '9'], 'cpu'], [['--cpu', '1', '--memory', '17'], 'memory'], [['--sru', '501'], 'ssd'], [['--hdd', '1'], 'hdd'], [['--ipv4', '1'], 'ipv4'], [['--runtime', 'podman'], 'runtime'], [['--location', 'NL'], 'location']] as const) {
    const { nodes, considered, excluded } = await explore(...args, '--farm', 'sunny');
    assert.deepEqual([nodes, considered, excluded], [[], 2, [{ reason: 'not_admitted', count: 1 }, { reason, count: 1 }]], reason);
  }
  assert.deepEqual((await explore('--cpu', '4', '--sru', '600')).nearest.map(({ text, nodes, price_per_hour }) => [text, nodes, price_per_hour]), [['with 500GiB of SSD instead of 600GiB', 1, '0.0325000']]);
  assert.deepEqual((await explore('--cpu', '4', '--location', 'NL', '--feature', 'vm', '--platform', 'linux/riscv64')).nearest.map(({ text, nodes }) => [text, nodes]), [['without --location NL, for another platform than linux/riscv64, without the feature vm', 1]], 'one way out, however many changes it takes');
  const { nodes: [why] } = await botJson<{ nodes: { fits: boolean; checks: { check: string; feature?: string; passed: boolean; found: string; remedy: string | null }[] }[] }>(['explore', '--cpu', '9', '--feature', 'vm', '--why', node.node.slice(0, 12)], machine);
  assert.deepEqual(why?.checks.filter(({ passed }) => !passed).map(({ check, feature, found, remedy }) => [check, feature, found, remedy]), [['features', 'vm', 'announces no feature', 'do without vm, or its farmer has to set it up'], ['cpu', undefined, '8 cores left', 'ask for at most 8 cores']]);
  assert.equal(why?.fits, false);
  await botJson(['farm', 'price', '--length', '365d=10%'], farmer);
  // All of it: 4 CU and 2.5 SU, 0.0525 TFT an hour, half of it, less 10 %.
  assert.equal((await explore('--dedicated', '--for', '365d')).nodes[0]?.price_per_hour, '0.0236250');
  const { code, screen } = await terminal(['explore', '--cpu', '4'], machine);
  assert.equal(code, 0);
  assert.match(screen, /sunny .*declared/);
  const held = await terminal(['explore', '--cpu', '4', '--why', 'sunny'], machine);
  assert.match(held.screen, /cpu +yes +4 cores +8 cores left/);
  assert.match(held.screen, /not_admitted +NO[^]*its farm has to admit it/);
  assert.match(screen, /of 2 nodes left out: 1 not admitted by its farm/);

  const shown = await botJson<{ nodes: { node: string; admitted: boolean }[] }>(['farm', 'show', 'sunny'], machine);
  assert.deepEqual(shown.nodes.filter(({ admitted }) => admitted).map(({ node: key }) => key), [node.node]);
  await running.stop();
  const away = await bot(['explore'], machine);
  assert.equal(away.code, 0, away.stderr);
  assert.match(away.stdout, /^sunny\t/);
  assert.match(away.stderr, /ECONNREFUSED[^]*shown is the own copy of \S+ ago/);
});
