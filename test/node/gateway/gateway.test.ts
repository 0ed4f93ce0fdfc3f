import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { request as requestSecure } from 'node:https';
import { createConnection, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { request } from 'undici';
import { run } from '../../../src/node/children.js';
import type { Running } from '../../../src/node/driver.js';
import { Caddy, gatewayPlaces } from '../../../src/node/gateway/caddy.js';
import { WebGateway, type GatewayOptions, type Served } from '../../../src/node/gateway/gateway.js';
import { newContract, until, within } from '../drivers/support.js';

const missing = await run('caddy', ['version'], within(30)).then(() => false, () => true);
const skip = missing && process.env['CI'] === undefined ? 'no caddy here' : false;

/** A port that nothing listens on. */
async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('the web gateway', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), '3bot-gateway-'));
  const places = gatewayPlaces(folder, folder);
  const contract = newContract();
  /** What the workload was asked. */
  const asked: IncomingHttpHeaders[] = [];
  let server: Server;
  let http = 0;
  let https = 0;
  let now = 1_000_000;

  before(async () => {
    http = await freePort();
    https = await freePort();
    server = createServer((ask, reply) => {
      asked.push(ask.headers);
      reply.end(`workload, ${ask.url ?? ''}`);
    }).listen(0, '127.0.0.7');
    await new Promise((resolve) => server.once('listening', resolve));
  });

  after(async () => {
    await using caddy = new Caddy(places);
    await caddy.stop(within(30));
    server.closeAllConnections();
    server.close();
    for (const one of [folder, places.folder, dirname(places.socket)]) rmSync(one, { recursive: true, force: true });
  });

  const gateway = (change: Partial<GatewayOptions> = {}): WebGateway => new WebGateway({ settings: { domain: 'farm.example.org', http, https }, public_address: null, address: '127.0.0.1', places, clock: () => now, ...change });
  const names = (...all: string[]): Served[] => [{ contract, leads: true, names: all.map((name) => ({ name, workload: 'web', port: (server.address() as AddressInfo).port })) }];
  const running: Running[] = [{ contract, workload: 'web', digest: randomBytes(32).toString('hex'), state: 'running', reason: null, exit_code: null, ports: [], started: 1 }] as unknown as Running[];
  const driver = { address: () => Promise.resolve('127.0.0.7') };
  const none = { address: () => Promise.reject(new Error('asked for an address again')) };

  async function ask(host: string, headers: Record<string, string> = {}, path = '/'): Promise<{ status: number; text: string }> {
    const answer = await request(`http://127.0.0.1:${http}${path}`, { headers: { host, ...headers }, signal: within(30) });
    return { status: answer.statusCode, text: await answer.body.text() };
  }

  async function listens(port: number): Promise<boolean> {
    return new Promise((resolve) => {
      const connection = createConnection(port, '127.0.0.1');
      connection.once('connect', () => resolve(true)).once('error', () => resolve(false)).once('connect', () => connection.destroy());
    });
  }

  test('it is offered where caddy can have its ports, and opens none for longer than the look', async () => {
    await using web = gateway();
    const found = await web.check(within(20));
    assert.equal(found.ok, true, found.evidence);
    assert.match(found.evidence, /plain HTTP only/);
    assert.equal(await listens(http), false);
    const taken = createTcpServer().listen(http, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const refused = await web.check(within(20));
    await new Promise((resolve) => taken.close(resolve));
    assert.equal(refused.ok, false);
    assert.match(refused.evidence, /address already in use/);
  });

  test('a name leads to its workload and nowhere else; what a visitor claims to be does not get there', async () => {
    await using web = gateway();
    await web.apply(names('blog.farm.example.org', 'www.example.net'), running, driver, within(20));
    assert.deepEqual(await ask('blog.farm.example.org', { 'x-forwarded-for': '8.8.8.8', 'x-forwarded-host': 'evil.example', 'x-real-ip': '8.8.8.8', forwarded: 'for=8.8.8.8' }, '/a?b'), { status: 200, text: 'workload, /a?b' });
    const seen = asked.at(-1) ?? {};
    assert.deepEqual(
      [seen.host, seen['x-forwarded-for'], seen['x-forwarded-proto'], seen['x-forwarded-host'], seen['x-real-ip'], seen.forwarded],
      ['blog.farm.example.org', '127.0.0.1', 'http', 'blog.farm.example.org', undefined, undefined],
    );
    assert.equal((await ask('www.example.net')).status, 200);
    for (const host of ['other.farm.example.org', 'farm.example.org', '127.0.0.1', 'localhost:2019']) assert.deepEqual(await ask(host), { status: 404, text: 'no such name here\n' }, host);
    assert.equal((await ask('blog.farm.example.org', { cookie: 'x'.repeat(100_000) })).status, 431);
    assert.equal(await listens(2019), false, "caddy's own admin port");
    assert.equal(await listens(https), false, 'without certificates');
    assert.equal(statSync(places.socket).mode & 0o777, 0o600);
    assert.equal(statSync(dirname(places.socket)).mode & 0o777, 0o700);
  });

  test('it goes on without its agent; the next one finds it as it is, and tells it only what has changed', async () => {
    await using web = gateway();
    await using caddy = new Caddy(places);
    const [pid] = await pids(places.folder);
    assert.equal((await ask('blog.farm.example.org')).status, 200, 'left by the agent before');
    await web.apply(names('blog.farm.example.org'), running, driver, within(20));
    assert.deepEqual([(await ask('www.example.net')).status, (await ask('blog.farm.example.org')).status], [404, 200], 'a name that is gone is gone');
    const config = JSON.stringify(await caddy.config(within(30)));
    await web.apply(names('blog.farm.example.org'), running, none, within(20));
    assert.equal(JSON.stringify(await caddy.config(within(30))), config);
    assert.deepEqual(await pids(places.folder), [pid]);
    await web.apply(names('blog.farm.example.org'), [], none, within(20));
    assert.deepEqual(await ask('blog.farm.example.org'), { status: 503, text: 'this does not run now\n' });
  });

  test('it runs as a user of its own, who may bind low ports and nothing else', { skip: process.getuid?.() === 0 ? false : 'not root' }, async () => {
    const [pid] = await pids(places.folder);
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    assert.doesNotMatch(status, /^Uid:\s+0\s/m);
    for (const set of ['CapEff', 'CapPrm', 'CapBnd']) assert.match(status, new RegExp(`^${set}:\\s+0000000000000400$`, 'm'));
    assert.match(status, /^NoNewPrivs:\s+1$/m);
  });

  test('caddy that was killed is started again', async () => {
    await using web = gateway();
    const [pid = 0] = await pids(places.folder);
    process.kill(pid, 'SIGKILL');
    await until('its end', async () => (await pids(places.folder)).length === 0);
    await web.apply(names('blog.farm.example.org'), running, driver, within(20));
    assert.equal((await ask('blog.farm.example.org')).status, 200);
  });

  test('it ends with the last name, and no file says where anything led', async () => {
    await using web = gateway();
    await web.apply([], running, driver, within(20));
    assert.equal(await listens(http), false);
    assert.equal(existsSync(places.socket), false);
    for (const name of readdirSync(places.folder, { recursive: true }) as string[]) {
      const path = join(places.folder, name);
      if (statSync(path).isFile()) assert.doesNotMatch(readFileSync(path, 'utf8'), /127\.0\.0\.7/, name);
    }
  });

  test('with certificates http leads to https', async () => {
    await using web = gateway({ testCertificates: true });
    await web.apply(names('blog.farm.example.org'), running, driver, within(20));
    const sent = await request(`http://127.0.0.1:${http}/a`, { headers: { host: 'blog.farm.example.org' }, signal: within(30) });
    await sent.body.dump();
    assert.deepEqual([sent.statusCode, sent.headers.location], [308, 'https://blog.farm.example.org/a']);
    const ca = readFileSync(join(places.folder, 'pki/authorities/local/root.crt'), 'utf8');
    // The certificate comes a moment after the name.
    const text = await until('an answer by TLS', () => new Promise<string | undefined>((resolve) => {
      requestSecure({ host: '127.0.0.1', port: https, servername: 'blog.farm.example.org', headers: { host: 'blog.farm.example.org' }, path: '/b', ca, agent: false }, (reply) => {
        reply.setEncoding('utf8').on('data', resolve);
      }).once('error', () => resolve(undefined)).end();
    }));
    assert.equal(text, 'workload, /b');
    assert.equal(asked.at(-1)?.['x-forwarded-proto'], 'https');
    await web.apply([], [], driver, within(20));
  });

  test('what fails is told, and tried again only after a while', async () => {
    await using web = gateway();
    const taken = createTcpServer().listen(http, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    await assert.rejects(web.apply(names('blog.farm.example.org'), running, driver, within(20)), /caddy does not start: .*address already in use/);
    await new Promise((resolve) => taken.close(resolve));
    await assert.rejects(web.apply(names('blog.farm.example.org'), running, driver, within(20)), /address already in use/);
    now += 60_000;
    await web.apply(names('blog.farm.example.org'), running, driver, within(20));
    assert.equal((await ask('blog.farm.example.org')).status, 200);
  });
});

/** Processes of caddy that work in this folder. */
async function pids(folder: string): Promise<number[]> {
  const found = await run('pgrep', ['-x', 'caddy'], within(30)).catch(() => '');
  return found.split('\n').filter((line) => line !== '').map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`HOME=${folder}`);
    } catch {
      return false;
    }
  });
}
