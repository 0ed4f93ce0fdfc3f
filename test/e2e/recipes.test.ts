// Every recipe that ships, and the life of a blueprint, end to end: a real grid of three farmers, real containers, on an
// image that this test makes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { staticBusybox } from '../../src/node/localimage.js';
import { bot, botJson, poll, startBot, tempHome, type RunOptions, type Running } from '../script.js';
import { GRID_MS, NO_PODMAN } from './here.js';

interface Ran { task: string; steps: number; checks: { what: string; holds: boolean; evidence: string }[]; undo: string | null }
interface Ready { env: Record<string, string>; bots: { home: { url: string }; consumer: { home: string } } }

const APPLETS = ['sh', 'httpd', 'cat', 'echo', 'sleep', 'ls', 'tail', 'sort', 'rm', 'mv', 'mkdir', 'date', 'wget', 'xargs'];
/** Stand-ins for PostgreSQL's programs: what counts is that the recipe calls them as they are called, at the host that it means. */
const PROGRAMS: Readonly<Record<string, string>> = {
  serve: 'mkdir -p /www && echo hello > /www/index.html && exec httpd -f -p 8080 -h /www',
  pg_isready: '[ "$1 $3 $4" = "-h -U app" ] && wget -q -O /dev/null http://$2:8080/',
  pg_dump: '[ "$1 $3 $4 $5 $6 $7" = "-h -U app -d app -Fc" ] && [ -n "$PGPASSWORD" ] && wget -q -O "$9" http://$2:8080/',
};

/** Makes `localhost/<name>` that serves a page on port 8080, and gives its reference. */
function makeImage(name: string, folder: string): string {
  const bin = join(folder, 'root', 'bin');
  mkdirSync(bin, { recursive: true });
  for (const one of ['tmp', 'etc', 'data']) mkdirSync(join(folder, 'root', one));
  copyFileSync(staticBusybox() ?? '', join(bin, 'busybox'));
  for (const applet of APPLETS) symlinkSync('busybox', join(bin, applet));
  for (const [program, script] of Object.entries(PROGRAMS)) writeFileSync(join(bin, program), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  execFileSync('tar', ['-C', join(folder, 'root'), '-cf', join(folder, 'root.tar'), '.']);
  execFileSync('podman', ['import', '--quiet', '--change', 'CMD ["/bin/serve"]', join(folder, 'root.tar'), `localhost/${name}:latest`], { stdio: 'ignore' });
  return `localhost/${name}@${execFileSync('podman', ['image', 'inspect', '--format', '{{.Digest}}', `localhost/${name}:latest`], { encoding: 'utf8' }).trim()}`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A database with a secret and a volume, somebody beside it who reaches it by name, and a page at another farm that shows what it finds there. */
const shop = (image: string): string => `
name: shop
x-3bot:
  term: 2h
  network: true
  inputs:
    greeting: {type: string, default: hello, help: what the page says}
    alive: {type: integer, default: 8080, help: port at which the page is looked for}
    token: {type: secret, help: what the database holds}
  parts: {back: {farm: dev-farm, cpu: 1}, front: {farm: dev-farm-2, cpu: 1}}
services:
  db:
    image: ${image}
    command: [/bin/sh, -c, 'echo begun >> /data/begun; cat /run/secrets/token > /data/index.html; exec httpd -f -p 5432 -h /data']
    secrets: [token]
    ports: ['5432']
    volumes: ['rows:/data']
    x-3bot: {part: back}
    healthcheck: {test: [CMD, wget, -q, -O, /dev/null, 'http://127.0.0.1:5432/'], interval: 1s}
    deploy: &small {resources: {limits: {memory: 64M}}}
    stop_grace_period: 1s
  beside:
    image: ${image}
    command: [/bin/sh, -c, 'until wget -q -O /tmp/seen http://db:5432/; do sleep 1; done; exec sleep 1000000']
    x-3bot: {part: back}
    healthcheck: {test: [CMD, cat, /tmp/seen], interval: 1s, start_period: 1m}
    deploy: *small
    stop_grace_period: 1s
  page:
    image: ${image}
    command: [/bin/sh, -c, 'until wget -q -O /tmp/row http://db:5432/; do sleep 1; done; echo "\${greeting} $$(cat /tmp/row)" > /tmp/index.html; exec httpd -f -p 8080 -h /tmp']
    ports: ['8080']
    depends_on: [db]
    x-3bot: {part: front}
    healthcheck: {test: [CMD, wget, -q, -O, /dev/null, 'http://127.0.0.1:\${alive}/'], interval: 1s, start_period: 5s}
    deploy: *small
    stop_grace_period: 1s
volumes:
  rows: {x-3bot: {size: 1GiB}}
`;

interface Planned { token: string; parts: { part: string; action: string; services: { name: string; change: string; fields: { field: string }[] }[] }[] }
interface Shown { parts: { part: string; services: { name: string; state: string; health: string; url: string | null; reason: string | null }[] }[] }

describe('recipes and blueprints on containers', { skip: NO_PODMAN }, () => {
  const home = tempHome();
  const folder = dirname(home);
  const options: RunOptions = { home, env: { TMPDIR: folder }, timeoutMs: GRID_MS };
  const name = `3bot-test-${randomBytes(4).toString('hex')}`;
  let up: Running;
  let consumer: RunOptions;
  let url = '';
  let image = '';

  before(async () => {
    up = startBot(['dev', 'up', '--runtime', 'podman', '--nodes', '3', '--farms', '3', '--json'], options);
    image = makeImage(name, folder);
    const [line] = await up.until(/^\{.*\}$/m, GRID_MS);
    const ready = JSON.parse(line) as Ready;
    consumer = { ...options, home: ready.bots.consumer.home, passphrase: null, env: { ...options.env, ...ready.env } };
    url = ready.bots.home.url;
  });
  after(async () => {
    try {
      await up.stop();
    } finally {
      execFileSync('podman', ['image', 'rm', '--ignore', '--force', `localhost/${name}:latest`], { stdio: 'ignore' });
    }
  });

  const run = async (task: string, ...words: string[]): Promise<Ran> => botJson<Ran>(['task', 'run', task, ...words, '--max-total', '50'], consumer);
  const held = ({ checks }: Ran): void => assert.deepEqual(checks.filter(({ holds }) => !holds), []);

  test('website: it answers, and the undo takes it back', async () => {
    const ran = await run('website', '--set', `image=${image}`, '--set', 'port=8080', '--set', 'memory=64MiB', '--set', 'order=blog');
    held(ran);
    assert.equal(ran.undo, '3bot blueprint down blog');
    assert.match(ran.checks[0]?.evidence ?? '', /^http:\/\/.*: 200$/);
    await botJson(['blueprint', 'down', 'blog', '--yes'], consumer);
  });

  test('three-nodes-three-farms: three contracts, none at the same farm, all answer', async () => {
    const ran = await run('three-nodes-three-farms', '--set', `image=${image}`, '--set', 'port=8080', '--set', 'memory=64MiB');
    held(ran);
    assert.equal(ran.checks[1]?.evidence.split('; ').length, 3);
  });

  test('postgres-with-backup: the database is up under its name, and dumped with its password, which is in no argument', async () => {
    const file = join(folder, 'password');
    writeFileSync(file, 'not in the book', { mode: 0o600 });
    held(await run('postgres-with-backup', '--set', `image=${image}`, '--set', 'memory=128MiB', '--set', 'disk=1GiB', '--secret', `db-password=@${file}`));
  });

  test('ci-runner: a job runs to its end, says what it printed, and is paid for no longer', async () => {
    const ran = await bot(['task', 'run', 'ci-runner', '--set', `image=${image}`, '--set', 'memory=64MiB', '--set', 'command=echo built and tested', '--max-total', '5', '--json'], consumer);
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stderr, /built and tested/);
    held(ran.json<Ran>());
  });

  test('a blueprint on two farms: its services reach each other by name, a change is what the plan shows, the node takes back what does not work', async () => {
    const file = join(folder, 'shop.yaml');
    const [first, second] = ['first', 'second'].map((name) => join(folder, `token-${name}`)) as [string, string];
    writeFileSync(file, shop(image));
    writeFileSync(first, 'one');
    writeFileSync(second, 'two');
    const plan = async (...words: string[]): Promise<{ code: number | null; token: string; changes: string[] }> => {
      const { code, json } = await bot(['blueprint', 'plan', file, ...words, '--json'], consumer);
      const { token, parts } = json<Planned>();
      return { code, token, changes: parts.flatMap(({ part, services }) => services.filter(({ change }) => change !== 'keep').map(({ name, change, fields }) => [part, name, change, ...fields.map(({ field }) => field)].join(' '))) };
    };
    const urls = ({ parts }: Shown): string[] => parts.flatMap(({ services }) => services.flatMap(({ url }) => url ?? []));
    const text = async (url = '', path = ''): Promise<string> => poll(`an answer from ${url}`, () => fetch(url + path).then((answer) => (answer.ok ? answer.text() : null)).catch(() => null));

    const whole = await plan('--secret', `token=@${first}`);
    assert.equal(whole.code, 8);
    assert.deepEqual(whole.changes.map((line) => line.split(' ').slice(0, 3).join(' ')), ['back db add', 'back beside add', 'front page add']);
    const [db, page] = urls(await botJson<Shown>(['blueprint', 'apply', file, '--secret', `token=@${first}`, '--plan', whole.token], consumer));
    assert.equal(await text(page), 'hello one\n');
    assert.equal((await plan()).code, 0);

    const changed = ['--set', 'greeting=bye', '--secret', `token=@${second}`];
    const change = await plan(...changed);
    assert.deepEqual(change.changes, ['back db change secrets.token', 'front page change command']);
    await botJson(['blueprint', 'apply', file, ...changed, '--plan', change.token], consumer);
    assert.equal(await text(page), 'bye two\n');
    assert.equal(await text(db, '/begun'), 'begun\nbegun\n', 'the volume was kept');

    const broken = await bot(['blueprint', 'apply', file, '--set', 'greeting=bye', '--set', 'alive=8081', '--max-total', '5'], consumer);
    assert.equal(broken.code, 1, broken.stderr);
    assert.match(broken.stderr, /page rolled back: unhealthy/);
    assert.equal(await text(page), 'bye two\n');

    const back = ['blueprint', 'rollback', 'shop', '--to', '1', '--max-total', '5'];
    const lacking = await bot(back, consumer);
    assert.deepEqual([lacking.code, /the node of back does not have the secret token/.test(lacking.stderr)], [2, true], lacking.stderr);
    await botJson([...back, '--secret', `token=@${first}`], consumer);
    assert.equal(await text(page), 'hello one\n', 'with the secret of then');
    await botJson(['blueprint', 'down', 'shop', '--yes'], consumer);
  });

  test('become-a-farmer: from an empty home folder to a farm that sells and a node that holds, while its programs run', async () => {
    const farmer: RunOptions = { ...options, home: tempHome() };
    const listen = `127.0.0.1:${await freePort()}`;
    const words = ['task', 'run', 'become-a-farmer', '--set', 'farm=new-farm', '--set', `url=http://${listen}`, '--set', `listen=${listen}`, '--set', `grid=${url}`, '--set', 'runtime=process', '--set', 'declare=2/2/20/0'];
    const task = startBot([...words, '--json'], farmer);
    await using _task = task;
    await task.until(/leave this running.*\n.*3bot serve/);
    await using _serve = startBot(['serve', '--listen', listen], farmer);
    await task.until(/leave this running.*\n.*3bot node watch/);
    await using _watch = startBot(['node', 'watch'], farmer);
    const [line] = await task.until(/^\{"task".*\}$/m, GRID_MS);
    held(JSON.parse(line) as Ran);
    const { offers } = await botJson<{ offers: { farm_name: string }[] }>(['quote', '--farm', 'new-farm', '--cpu', '1', '--memory', '64MiB', '--for', '1h'], consumer);
    assert.deepEqual(offers.map(({ farm_name }) => farm_name), ['new-farm'], 'others can buy there');
  });
});
