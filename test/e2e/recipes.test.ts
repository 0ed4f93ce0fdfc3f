// Every recipe that ships, end to end: a real grid of three farmers, real containers, on an image that this test makes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { staticBusybox } from '../../src/node/localimage.js';
import { bot, botJson, startBot, tempHome, type RunOptions, type Running } from '../script.js';
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

describe('the recipes that ship', { skip: NO_PODMAN }, () => {
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
