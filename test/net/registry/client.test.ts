// A real registry on loopback, and hostile ones of this test's own.
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { isProblem, type ProblemCode } from '../../../src/base/errors.js';
import { MAX_MANIFEST_BYTES } from '../../../src/base/limits.js';
import { Registry } from '../../../src/net/registry/client.js';
import type { Login } from '../../../src/net/registry/login.js';
import { parseReference } from '../../../src/net/registry/reference.js';
import { digestOf, LocalRegistry, NO_REGISTRY, type Put } from './local.js';

const within = (): AbortSignal => AbortSignal.timeout(20_000);
const open = (image: string, login?: Login, allowPrivate = true): Registry => new Registry(parseReference(image), { allowPrivate, login }, within());
const refused = (code: ProblemCode, reason?: string) => (thrown: unknown): boolean => isProblem(thrown, code, reason) || assert.fail(String(thrown));

describe('a real registry', { skip: NO_REGISTRY }, () => {
  let registry: LocalRegistry;
  let index: Put;
  let amd: Put;
  let name = '';

  before(async () => {
    registry = await LocalRegistry.start();
    name = `${registry.host}/team/app`;
    amd = await registry.image('team/app', 'amd', 'linux/amd64');
    index = await registry.index('team/app', '1.0', { 'linux/amd64': amd, 'linux/arm64': await registry.image('team/app', 'arm', 'linux/arm64') });
  });
  after(async () => registry[Symbol.asyncDispose]());

  test('a tag of an index stands for the index, and for each of its platforms', async () => {
    await using one = open(name);
    assert.deepEqual(await one.find('1.0'), { digest: index.digest, platforms: ['linux/amd64', 'linux/arm64'] });
    assert.deepEqual(await one.find(index.digest), await one.find('1.0'));
  });

  test('a tag of a single image stands for it, and its platform is that of its configuration', async () => {
    await using one = open(name);
    assert.deepEqual(await one.find('arm'), { digest: (await one.image(index.digest, 'linux/arm64')).descriptor.digest, platforms: ['linux/arm64'] });
  });

  test('of an index a node takes the image of its platform, and of a single image that one or none', async () => {
    await using one = open(name);
    assert.equal((await one.image(index.digest, 'linux/amd64')).descriptor.digest, amd.digest);
    assert.equal((await one.image(amd.digest, 'linux/amd64')).bytes.length, amd.size);
    await assert.rejects(one.image(index.digest, 'linux/riscv64'), refused('refused', 'platform'));
    await assert.rejects(one.image(amd.digest, 'linux/arm64'), refused('refused', 'platform'));
  });

  test('what is not there is not found', async () => {
    await using one = open(name);
    await assert.rejects(one.find('2.0'), refused('not_found', 'image'));
    await assert.rejects(one.image(`sha256:${'0'.repeat(64)}`, 'linux/amd64'), refused('not_found', 'image'));
  });

  test('a layer that no node can measure is refused', async () => {
    const strange = await registry.image('team/app', 'zstd', 'linux/amd64', [{ gzip: Buffer.from('x'), diff: `sha256:${'1'.repeat(64)}`, mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd' }]);
    await using one = open(name);
    await assert.rejects(one.image(strange.digest, 'linux/amd64'), refused('refused', 'image'));
  });

  test('in a private network it is asked only where that is allowed', async () => {
    await using one = open(name, undefined, false);
    await assert.rejects(one.find('1.0'), refused('refused', 'private'));
  });

  test('one that wants a login is told it, and says no without or with another', async () => {
    // ann, "secret"
    await using closed = await LocalRegistry.start('ann:$2b$04$ROcgt4..Ta0yM3sTKEH.leSrXNPrtnArMvAFQWihbul9Wko7Tj6hy');
    const asked = async (login?: Login): Promise<unknown> => {
      await using one = open(`${closed.host}/team/app`, login);
      return one.find('1.0');
    };
    await assert.rejects(asked(), refused('refused', 'login'));
    await assert.rejects(asked({ username: 'ann', password: 'guess' }), refused('refused', 'login'));
    await assert.rejects(asked({ username: 'ann', password: 'secret' }), refused('not_found', 'image'));
  });
});

describe('a hostile registry', () => {
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.url ?? ''} ${request.headers.authorization ?? '-'}`);
    answer(request, response);
  });
  let host = '';
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    host = `localhost:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const ask = async (version = '1.0', login?: Login): Promise<unknown> => {
    seen.length = 0;
    await using one = open(`${host}/a/b`, login);
    return one.find(version);
  };

  for (const [title, status, headers, code, reason] of [
    ['redirects into a private network', 307, { location: 'https://192.168.1.1/v2/' }, 'refused', 'private'],
    ['redirects to a name that is of one', 307, { location: 'https://router.lan/' }, 'refused', 'private'],
    ['redirects to where nothing is encrypted', 307, { location: 'http://example.com/' }, 'refused', 'private'],
    ['redirects to a file', 307, { location: 'file:///etc/passwd' }, 'refused', 'private'],
    ['redirects to another port of this machine', 307, { location: 'http://localhost:1/' }, 'refused', 'private'],
    ['redirects for ever', 307, { location: '/v2/a/b/manifests/1.0' }, 'unreachable', 'registry'],
    ['sends for a token into a private network', 401, { 'www-authenticate': 'Bearer realm="https://169.254.169.254/token",service="x"' }, 'refused', 'private'],
    ['sends for a token nowhere', 401, { 'www-authenticate': 'Bearer realm="nowhere"' }, 'refused', 'login'],
    ['has a challenge of its own', 401, { 'www-authenticate': 'Negotiate' }, 'refused', 'login'],
    ['has had enough', 429, {}, 'busy', 'registry'],
    ['breaks', 500, {}, 'unreachable', 'registry'],
  ] as const) {
    test(`one that ${title} is left`, async () => {
      answer = (_request, response) => void response.writeHead(status, headers).end('{}');
      await assert.rejects(ask('1.0', { username: 'ann', password: 'secret' }), refused(code, reason));
      assert.ok(seen.length <= 7, seen.join('\n'));
    });
  }

  for (const [title, body, type, code] of [
    ['no JSON', '<html>', 'application/vnd.oci.image.index.v1+json', 'malformed'],
    ['a manifest of another kind', '{}', 'application/vnd.docker.distribution.manifest.v1+json', 'refused'],
    ['a list that is none', '{"manifests": {}}', 'application/vnd.oci.image.index.v1+json', 'malformed'],
    ['a path for a hash', '{"config": {"mediaType": "x", "digest": "sha256:../../x", "size": 1}, "layers": []}', 'application/vnd.oci.image.manifest.v1+json', 'malformed'],
    ['a size below nothing', `{"config": {"mediaType": "x", "digest": "sha256:${'0'.repeat(64)}", "size": -1}, "layers": []}`, 'application/vnd.oci.image.manifest.v1+json', 'malformed'],
    ['more than is taken', ' '.repeat(MAX_MANIFEST_BYTES + 1), 'application/vnd.oci.image.index.v1+json', 'malformed'],
  ] as const) {
    test(`one that gives ${title} is not believed`, async () => {
      answer = (_request, response) => void response.writeHead(200, { 'content-type': type }).end(body);
      await assert.rejects(ask(), refused(code));
    });
  }

  test('one that gives other bytes than were asked for is found out, and the last of them never comes out', async () => {
    answer = (_request, response) => void response.writeHead(200).end('other');
    await assert.rejects(ask(`sha256:${'0'.repeat(64)}`), refused('integrity', 'digest'));
    await using one = open(`${host}/a/b`);
    for (const [size, digest] of [[5, digestOf(Buffer.from('right'))], [4, digestOf(Buffer.from('other'))], [6, digestOf(Buffer.from('other'))]] as const) {
      const parts: Buffer[] = [];
      await assert.rejects(async () => { for await (const part of one.blob({ digest, size })) parts.push(part); }, refused('integrity', 'digest'));
      assert.deepEqual(parts, []);
    }
  });

  test('a token is for the registry alone: not for where it redirects to', async () => {
    const other = createServer((request, response) => {
      seen.push(`other ${request.headers.authorization ?? '-'}`);
      response.end('{}');
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    answer = (request, response) => {
      if (request.url?.startsWith('/token') === true) response.end('{"token": "t0ken"}');
      else if (request.headers.authorization !== 'Bearer t0ken') response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${host}/token",service="x y",scope="repository:a/b:pull"` }).end();
      else response.writeHead(307, { location: `http://localhost:${(other.address() as AddressInfo).port}/` }).end();
    };
    await assert.rejects(ask('1.0', { username: 'ann', password: 'secret' }), refused('refused', 'private'));
    assert.deepEqual(seen, ['/v2/a/b/manifests/1.0 -', '/token?service=x+y&scope=repository%3Aa%2Fb%3Apull Basic YW5uOnNlY3JldA==', '/v2/a/b/manifests/1.0 Bearer t0ken']);
    other.close();
  });
});
