// What lies in examples/ does what it says, on one grid of three farms; and what else a farmer and a consumer ask there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { bot, botJson, environment, startBot, tempHome, type Running, type RunOptions } from '../script.js';
import { GRID_MS } from './here.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

interface Ready {
  readonly grid: string;
  readonly env: Record<string, string>;
  readonly bots: { readonly home: { readonly url: string }; readonly farmer: { readonly home: string }; readonly nodes: { readonly home: string }[]; readonly consumer: { readonly home: string } };
}
interface Step { readonly name?: string; readonly run?: string; readonly env?: Record<string, string> }
interface Ran { readonly code: number | null; readonly stdout: string; readonly stderr: string }

const own = tempHome();
let up: Running;
let ready: Ready;
let consumer: RunOptions;
let farmer: RunOptions;

before(async () => {
  const options: RunOptions = { home: own, env: { TMPDIR: dirname(own) }, timeoutMs: GRID_MS };
  up = startBot(['dev', 'up', '--runtime', 'process', '--nodes', '3', '--farms', '3', '--json'], options);
  const [line] = await up.until(/^\{.*\}$/m, GRID_MS);
  ready = JSON.parse(line) as Ready;
  const of = (home: string): RunOptions => ({ home, passphrase: null, timeoutMs: GRID_MS, env: { TMPDIR: dirname(own), ...ready.env, THREEBOT_HOME: home } });
  consumer = of(ready.bots.consumer.home);
  farmer = of(ready.bots.farmer.home);
  mkdirSync(join(dirname(own), 'bin'));
  symlinkSync(join(ROOT, 'bin/3bot.js'), join(dirname(own), 'bin', '3bot'));
});
after(async () => void (await up.stop()));

/** Runs a line of a shell as the consumer, or as whom its variables say. */
async function shell(line: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const all = { ...environment(consumer), PATH: `${dirname(own)}/bin:${process.env['PATH'] ?? ''}`, ...env };
  const child = spawn('sh', ['-eu', '-c', line], { cwd: ROOT, env: all, stdio: ['ignore', 'pipe', 'pipe'], timeout: GRID_MS });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}

test('ci-job.sh gives what its command printed and its exit code, and leaves no contract in force', async () => {
  const good = await shell('sh examples/ci-job.sh echo hello');
  assert.deepEqual([good.code, good.stdout], [0, 'hello\n'], good.stderr);
  const bad = await shell('JOB=bad sh examples/ci-job.sh false');
  assert.equal(bad.code, 1, bad.stderr);
  const dear = await shell('MAX_TFT=0.0001 sh examples/ci-job.sh true');
  assert.equal(dear.code, 3, dear.stderr);
  assert.deepEqual((await botJson<{ state: string }[]>(['contract', 'list'], consumer)).map(({ state }) => state), ['ended', 'ended']);
});

test('three-nodes.sh takes three farms, once; watch-spending.sh says what that costs, and fails above the limit', async () => {
  const line = 'MAX_TFT=1 sh examples/three-nodes.sh site --cpu 1 --ssd 1 --for 1h';
  const made = await shell(line);
  assert.equal(made.code, 0, made.stderr);
  assert.equal(new Set(made.stdout.trimEnd().split('\n').map((row) => row.split('\t')[2])).size, 3, made.stdout);
  assert.equal((await shell(line)).stdout, made.stdout);
  const watched = await shell('sh examples/watch-spending.sh');
  assert.equal(watched.code, 0, watched.stderr);
  assert.match(watched.stdout, /^3 contracts, 0\.0150750 TFT an hour; balance [0-9.]+ TFT$/m);
  assert.equal((await shell('MAX_TFT_PER_HOUR=0.01 sh examples/watch-spending.sh')).code, 1);
  await botJson(['contract', 'cancel', 'site', '--yes'], consumer);
});

test("the workflow's steps: the job is the script above, beside a grid of its own as the README shows; a preview is paid by an identity of the pipeline", async () => {
  const { jobs } = parse(readFileSync(join(ROOT, 'examples/github-actions.yml'), 'utf8')) as { jobs: { test: { steps: Step[] }; preview: { env: Record<string, string>; steps: Step[] } } };
  assert.equal(jobs.test.steps.at(-1)?.run, '3bot dev run --runtime process -- sh examples/ci-job.sh true');

  const { name: identity } = await botJson<{ name: string }>(['identity', 'show'], consumer);
  const values: Record<string, string> = {
    'github.workspace': dirname(tempHome()), 'github.run_id': '7', 'vars.GRID_URL': ready.bots.home.url, 'vars.GRID_GENESIS': ready.grid, 'vars.THREEBOT_IDENTITY': identity,
    'secrets.THREEBOT_KEYSTORE': readFileSync(join(consumer.home, `keys/identity-${identity}.json`), 'utf8'),
    'secrets.THREEBOT_PASSPHRASE': readFileSync(ready.env['THREEBOT_PASSPHRASE_FILE'] ?? '', 'utf8').trim(),
  };
  const filled = (env: Record<string, string> = {}): Record<string, string> => Object.fromEntries(Object.entries(env).map(([name, text]) => [name, text.replace(/\$\{\{ ([a-z_.A-Z]+) \}\}/g, (_, key: string) => values[key] ?? assert.fail(key))]));
  const steps = jobs.preview.steps.flatMap(({ name = '', run, env }) => (run === undefined || name === 'install' ? [] : [{ name, run, env }]));
  assert.deepEqual(steps.map(({ name }) => name), ['keys', 'join', 'limits', 'reserve', 'what it costs', 'end', 'lock']);
  for (const { name, run, env } of steps) {
    const { code, stderr } = await shell(run, { XDG_RUNTIME_DIR: join(dirname(own), 'run'), THREEBOT_PASSPHRASE_FILE: '', ...filled(jobs.preview.env), ...filled(env) });
    assert.equal(code, 0, `${name}: ${stderr}`);
  }
  assert.deepEqual((await botJson<{ name: string; state: string }[]>(['contract', 'list'], consumer)).find(({ name }) => name === 'preview-7')?.state, 'ended');
});

test('backup-to-another-farm.sh copies a folder from one farm to another, by sessions whose transcripts hold', async () => {
  const folders = [join(dirname(own), 'a'), join(dirname(own), 'b')] as const;
  for (const [i, farm] of ['dev-farm', 'dev-farm-2'].entries()) {
    mkdirSync(folders[i] ?? '');
    await botJson(['reserve', '--name', `keeps-${i}`, '--farm', farm, '--exec', '--cpu', '1', '--ssd', '1', '--for', '1h', '--max-total', '1', '--command', 'sleep 600'], consumer);
  }
  writeFileSync(join(folders[0], 'file'), 'kept\n');
  assert.equal((await shell('sh examples/backup-to-another-farm.sh keeps-0 keeps-0')).code, 2, 'one farm is no backup of itself');
  // Plain processes see this machine's folders, so what is one folder in containers is two here.
  const { code, stdout, stderr } = await shell(`sed 's#-C "$folder" -xf#-C ${folders[1]} -xf#' examples/backup-to-another-farm.sh > "$TMPDIR/backup.sh"; sh "$TMPDIR/backup.sh" keeps-0 keeps-1 ${folders[0]}`);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^copied \d+ bytes from keeps-0 to keeps-1$/m);
  assert.equal(readFileSync(join(folders[1], 'file'), 'utf8'), 'kept\n');
  const [session = ''] = readdirSync(join(consumer.home, 'sessions'));
  assert.equal((await botJson<{ holds: boolean }>(['session', 'verify', join(consumer.home, 'sessions', session)], consumer)).holds, true);
});

test('what a farmer and a consumer ask beside that, as JSON', async () => {
  const { id } = await botJson<{ id: string }>(['contract', 'show', 'keeps-0'], consumer);
  assert.equal((await bot(['logs', 'keeps-0', '--json'], consumer)).code, 0);
  assert.equal((await botJson<{ contract: string }>(['contract', 'claim', id], farmer)).contract, id);
  assert.equal((await botJson<{ farm: string }>(['farm', 'claim'], farmer)).farm.length, 40);
  assert.equal((await botJson<{ contract: string }>(['farm', 'notice', id, '--reason', 'moving'], farmer)).contract, id);
  assert.equal((await botJson<{ written: boolean }>(['node', 'install', '--dry-run', '--home', ready.bots.nodes[0]?.home ?? ''], consumer)).written, false);
  const { node } = await botJson<{ node: string }>(['contract', 'show', 'keeps-0'], consumer);
  await using meter = startBot(['meter', 'watch', node, '--connect', '127.0.0.1:1', '--json'], consumer);
  await meter.until(/"event":"ready"/, GRID_MS);
  assert.equal(await meter.stop(), 130);
});
