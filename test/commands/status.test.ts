// status and doctor on one home folder as it grows, and as it is damaged.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bot, botJson, startBot, tempHome, type RunOptions } from '../script.js';
import { terminal } from '../terminal.js';

interface StatusJson {
  identity: { name: string; address: string } | null;
  grids: { name: string; url: string | null; size: number; fresh: boolean; in_use: boolean; balance: string | null; escrowed: string | null }[];
  farm: { name: string; endpoint: string | null; contracts: number; earned: string } | null;
  node: { admitted: boolean; declared: boolean } | null;
  contracts: unknown[];
  running: boolean;
  unlocked_until: string | null;
  needs: { why: string; command: string }[];
}

interface DoctorJson {
  ok: boolean;
  checks: { name: string; ok: boolean; needed: boolean; evidence: string; remedy: string | null }[];
}

const quiet: Omit<RunOptions, 'home'> = { passphrase: null };
const statusOf = (home: string): Promise<StatusJson> => botJson<StatusJson>(['status'], { home, ...quiet });
const commandsOf = ({ needs }: StatusJson): string[] => needs.map(({ command }) => command.replace(/ {2}.*/, ''));

test('status says what a bot is as it grows, and each time what it needs', async () => {
  const home = tempHome();
  assert.deepEqual(commandsOf(await statusOf(home)), ['3bot identity create']);

  await botJson(['identity', 'create', '--name', 'alice'], { home });
  const named = await statusOf(home);
  assert.deepEqual([named.identity?.name, named.grids, commandsOf(named)], ['alice', [], ['3bot grid join URL']]);

  await botJson(['grid', 'create', 'valley', '--dev'], { home });
  const begun = await statusOf(home);
  assert.deepEqual(begun.grids.map(({ name, url, size, fresh, in_use, balance, escrowed }) => [name, url, size, fresh, in_use, balance, escrowed]), [['valley', null, 2, true, true, '0.0000000', '0.0000000']]);
  assert.deepEqual(commandsOf(begun), ['3bot wallet faucet']);

  await botJson(['wallet', 'faucet'], { home });
  await botJson(['farm', 'create', 'sunny', '--endpoint', 'http://127.0.0.1:8780'], { home });
  const selling = await statusOf(home);
  assert.deepEqual([selling.grids[0]?.balance, selling.farm?.name, selling.farm?.contracts, selling.farm?.earned, selling.running], ['1000.0000000', 'sunny', 0, '0.0000000', false]);
  assert.deepEqual(commandsOf(selling), ['3bot serve']);

  await using serving = startBot(['serve', '--listen', '127.0.0.1:0'], { home });
  await serving.until(/^serving valley \(home\) at http/m);
  const served = await statusOf(home);
  assert.deepEqual([served.running, served.needs], [true, []]);
  const seen = await terminal(['status'], { home, ...quiet });
  assert.match(seen.screen, /^home {6}.*3bot runs in it\r$/m);
  assert.match(seen.screen, /^grid {6}valley, \d+ lines, this folder is its home; 1000\.0000000 TFT/m);
});

test('status --watch says it again when the book has gone on, one object a line with --json', async () => {
  const home = tempHome();
  await botJson(['identity', 'create', '--name', 'alice'], { home });
  await botJson(['grid', 'create', 'valley', '--dev'], { home });
  await using watching = startBot(['status', '--watch', '--json'], { home, ...quiet });
  await watching.until(/"balance":"0\.0000000"/);
  await botJson(['wallet', 'faucet'], { home });
  await watching.until(/"balance":"1000\.0000000".*"lately":\[\{"at":"[^"]+","what":"payment","text":"1000\.0000000 TFT came from the faucet"/);
});

test('status reads and writes nothing', async () => {
  const home = tempHome();
  await bot(['status'], { home, ...quiet });
  assert.equal(existsSync(home), false);
});

async function doctor(home: string): Promise<{ code: number | null; stderr: string } & DoctorJson> {
  const run = await bot(['doctor', '--json'], { home, ...quiet });
  return { code: run.code, stderr: run.stderr, ...run.json<DoctorJson>() };
}

test('doctor finds nothing wrong with a fresh machine, names each check, and leaves nothing', async () => {
  const home = tempHome();
  const { code, ok, checks } = await doctor(home);
  assert.deepEqual([code, ok], [0, true]);
  assert.deepEqual(checks.slice(0, 7).map(({ name }) => name), ['node', 'database', 'signatures', 'home', 'config', 'keys', 'disk']);
  for (const one of checks) assert.equal(one.ok, one.remedy === null, `${one.name}: ${one.evidence}`);
  assert.ok(checks.filter(({ name }) => ['podman', 'busybox', 'runc', 'volumes'].includes(name)).every(({ needed }) => !needed), 'only a node needs a runtime');
  assert.equal(existsSync(home), false);
});

test('doctor names each thing that is wrong with its remedy, and exits 1', async () => {
  const home = tempHome();
  await botJson(['identity', 'create', '--name', 'alice'], { home });
  await botJson(['grid', 'create', 'valley', '--dev'], { home });
  assert.equal((await doctor(home)).code, 0);
  const before = readdirSync(home, { recursive: true }).length;

  chmodSync(home, 0o755);
  const loose = await doctor(home);
  assert.deepEqual([loose.code, loose.ok, loose.checks.filter(({ ok, needed }) => needed && !ok).map(({ name, remedy }) => [name, remedy])], [1, false, [['home', `chmod 700 ${home}`]]]);
  assert.match(loose.stderr, /one check failed: home/);
  chmodSync(home, 0o700);

  const keystore = join(home, 'keys', 'identity-alice.json');
  const whole = readFileSync(keystore);
  writeFileSync(keystore, whole.subarray(0, 100));
  const damaged = await doctor(home);
  assert.deepEqual([damaged.code, damaged.checks.find(({ ok }) => !ok)?.name], [1, 'keys of identity alice']);
  writeFileSync(keystore, whole);

  const config = JSON.parse(readFileSync(join(home, 'config.json'), 'utf8')) as { grids: object[]; grid: string };
  const nobody = 'http://127.0.0.1:9';
  config.grids.push({ id: 'a'.repeat(64), name: 'gone', url: nobody });
  writeFileSync(join(home, 'config.json'), JSON.stringify({ ...config, grids: config.grids.map((entry) => ({ ...entry, url: nobody })) }));
  const alone = await doctor(home);
  const evidence = new Map(alone.checks.filter(({ ok, needed }) => needed && !ok).map((one) => [one.name, one.evidence]));
  assert.deepEqual([...evidence.keys()], ['grid valley', 'grid gone']);
  assert.match(evidence.get('grid valley') ?? '', /^2 lines, .*nobody answers|127\.0\.0\.1:9/);
  assert.equal(evidence.get('grid gone'), 'its book is missing or damaged');
  assert.match(alone.stderr, /2 checks failed: grid valley, grid gone/);

  writeFileSync(join(home, 'config.json'), '{');
  const unreadable = await doctor(home);
  assert.deepEqual([unreadable.code, unreadable.checks.find(({ name }) => name === 'config')?.evidence.includes('is no JSON')], [1, true]);
  assert.equal(readdirSync(home, { recursive: true }).length, before, 'it left something');
});

test('doctor shows a person what was seen, and below what fails what to do', async () => {
  const home = tempHome();
  mkdirSync(home, { mode: 0o700 });
  chmodSync(home, 0o755);
  const run = await bot(['doctor'], { home, ...quiet });
  assert.equal(run.code, 1);
  assert.match(run.stdout, /^ok {2}node +Node\.js \d+/m);
  assert.match(run.stdout, /^no {2}home +.*rights 0755\n +→ chmod 700 /m);
  assert.match(run.stderr, /3bot: error: one check failed: home\n3bot: hint: chmod 700 /);
});
