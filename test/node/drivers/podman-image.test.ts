// Images from a real registry on loopback to the real podman.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { isProblem, type ProblemCode } from '../../../src/base/errors.js';
import { registryRefusal } from '../../../src/market/images.js';
import { run } from '../../../src/node/children.js';
import { PodmanApi } from '../../../src/node/drivers/podman-api.js';
import { haveImage, type FetchParts } from '../../../src/node/drivers/podman-image.js';
import { parseLogin } from '../../../src/net/registry/login.js';
import { podmanSocket } from '../../../src/node/drivers/podman-service.js';
import { PLATFORM } from '../../../src/node/probe/platform.js';
import { NO_PODMAN } from '../../e2e/here.js';
import { LocalRegistry, NO_REGISTRY, type Put } from '../../net/registry/local.js';
import { within } from './support.js';

describe('images', { skip: NO_PODMAN !== false ? NO_PODMAN : NO_REGISTRY, timeout: 120_000 }, () => {
  let home: string;
  let registry: LocalRegistry;
  let api: PodmanApi;
  let index: Put;
  const mine: string[] = [];
  const parts = (change: Partial<FetchParts> = {}): FetchParts => ({ api, folder: join(home, 'images'), allowPrivate: true, contract: 'c'.repeat(40), onPull: () => undefined, promised: async () => 0, ...change });
  const have = async (path: string, put: Put, change?: Partial<FetchParts>): Promise<string> => haveImage(`${registry.host}/${path}@${put.digest}`, parts(change), within(60));
  const refused = (code: ProblemCode, reason: string) => (thrown: unknown): boolean => isProblem(thrown, code, reason) || assert.fail(String(thrown));

  before(async () => {
    home = await mkdtemp(join(tmpdir(), '3bot-Images-'));
    registry = await LocalRegistry.start();
    api = new PodmanApi(podmanSocket(home));
    // Something that does not compress, so that it comes in several parts.
    const tar = await run('sh', ['-c', 'cd "$1" && head -c 300000 /dev/urandom > big && tar -cf - big | base64 -w0', 'sh', home], within(20));
    const plain = Buffer.from(tar, 'base64');
    const layer = { gzip: gzipSync(plain), diff: `sha256:${createHash('sha256').update(plain).digest('hex')}` };
    const here = await registry.image('app', 'here', PLATFORM, [layer], { Cmd: ['/run'], User: 'www', Volumes: { '/vol': {} } });
    index = await registry.index('app', '1.0', { [PLATFORM]: here });
  });
  after(async () => {
    for (const name of mine) await api.call({ method: 'DELETE', path: `/images/${name}`, query: { force: 'true' }, signal: within(20), accept: [404] });
    await api[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
    await rm(home, { recursive: true, force: true });
  });

  test('an index becomes this platform\'s image, with progress, under a name of its own; the second time nobody is asked', async () => {
    const seen: [number, number][] = [];
    const name = await have('app', index, { onPull: (done, total) => seen.push([done, total]) });
    mine.push(name);
    assert.equal(name, `${registry.host}/app:sha256-${index.digest.slice('sha256:'.length)}`);
    assert.ok(seen.length > 3 && seen[0]?.[0] === 0 && seen.at(-1)?.[0] === seen.at(-1)?.[1], JSON.stringify(seen.slice(-2)));
    const { Config, RepoTags } = (await api.json({ method: 'GET', path: `/images/${name}/json`, signal: within(20) })) as { Config: { Cmd: string[]; User: string }; RepoTags: string[] };
    assert.deepEqual([Config.Cmd, Config.User, RepoTags], [['/run'], 'www', [name]]);
    assert.deepEqual(await readdir(join(home, 'images')), []);
    assert.equal(await have('app', index, { allowPrivate: false, onPull: () => assert.fail('asked again') }), name);
  });

  test('an image that came by one contract\'s login is nobody else\'s: each shows its own, and who has none is asked for it', async () => {
    const put = await registry.image('inner', '1', PLATFORM, [], { Cmd: ['/run'] });
    const [login, mallory] = [async () => ({ username: 'ann', password: 'x' }), 'd'.repeat(40)];
    const name = await have('inner', put, { login });
    mine.push(name);
    assert.equal(name, `${'c'.repeat(40)}.private/${registry.host.replace(':', '-')}/inner:sha256-${put.digest.slice('sha256:'.length)}`);
    assert.equal(await have('inner', put, { login: () => assert.fail('asked again') }), name);
    const asked = new Error('asks the registry');
    await assert.rejects(have('inner', put, { login: async () => { throw asked; }, contract: mallory }), asked);
    await assert.rejects(have('inner', put, { contract: mallory, promised: async () => Number.MAX_SAFE_INTEGER }), refused('refused', 'disk'));
    const image = name.replace(/:sha256-.*/, `@${put.digest}`);
    assert.match(registryRefusal(image, []) ?? '', /private/);
  });

  test('the same bytes under another name come from there, or not at all', async () => {
    await assert.rejects(have('other', index), refused('not_found', 'image'));
  });

  test('where the farmer does not allow it no private registry is asked', async () => {
    const other = await registry.image('closed', '1', PLATFORM);
    await assert.rejects(have('closed', other, { allowPrivate: false }), refused('refused', 'private'));
  });

  test('without room for it nothing is fetched', async () => {
    const other = await registry.image('large', '1', PLATFORM);
    await assert.rejects(have('large', other, { promised: async () => Number.MAX_SAFE_INTEGER }), refused('refused', 'disk'));
  });

  test('a layer that is no gzip is refused, and what was fetched goes', async () => {
    const broken = await registry.image('broken', '1', PLATFORM, [{ gzip: randomBytes(1_000), diff: `sha256:${'1'.repeat(64)}` }]);
    await assert.rejects(have('broken', broken), refused('refused', 'image'));
    assert.deepEqual(await readdir(join(home, 'images')), []);
  });

  test('a layer that would become more on disk than its bytes say is refused before podman sees it', async () => {
    const holes = execFileSync('sh', ['-c', 'truncate -s 8G "$1/hole" && tar --sparse --format=posix -cf - -C "$1" hole', 'sh', home]);
    const large = await registry.image('holes', '1', PLATFORM, [{ gzip: gzipSync(holes), diff: `sha256:${createHash('sha256').update(holes).digest('hex')}` }]);
    await assert.rejects(have('holes', large), refused('refused', 'image'));
  });
});

test('a login is what a secret says, in one shape', () => {
  assert.deepEqual(parseLogin(Buffer.from('{"username": "ann", "password": "x"}'), 'reg'), { username: 'ann', password: 'x' });
  for (const text of ['', '{}', '{"username": "a:b", "password": "x"}', '{"username": "a"}', 'null', '[]']) assert.throws(() => parseLogin(Buffer.from(text), 'reg'), (thrown) => isProblem(thrown, 'refused', 'login'));
});
