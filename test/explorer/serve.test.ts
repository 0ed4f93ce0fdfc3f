// The page's files: headers, encodings, caching, and that they come from nowhere else.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import Fastify from 'fastify';
import { isProblem } from '../../src/base/errors.js';
import { addPage, readPage } from '../../src/explorer/serve.js';

const page = readPage();
const app = Fastify();
addPage(app, page);
const assets = [...page.keys()].filter((name) => name.startsWith('assets/'));
const get = async (url: string, headers: Record<string, string> = {}) => app.inject({ method: 'GET', url, headers });

test('the page and every asset come in three encodings of the same bytes, each with its own tag', async () => {
  for (const name of page.keys()) {
    const url = name === 'index.html' ? '/' : `/${name}`;
    const [plain, gzip, br] = await Promise.all([get(url), get(url, { 'accept-encoding': 'gzip' }), get(url, { 'accept-encoding': 'br, gzip' })]);
    assert.deepEqual([plain.headers['content-encoding'], gzip.headers['content-encoding'], br.headers['content-encoding']], [undefined, 'gzip', 'br'], name);
    assert.deepEqual(gunzipSync(gzip.rawPayload), plain.rawPayload);
    assert.deepEqual(brotliDecompressSync(br.rawPayload), plain.rawPayload);
    assert.equal(new Set([plain, gzip, br].map(({ headers }) => headers.etag)).size, 3);
  }
});

test('whoever has it gets 304; assets never change, the page is asked for again', async () => {
  const first = await get('/', { 'accept-encoding': 'br' });
  assert.equal(first.headers['cache-control'], 'no-cache');
  const again = await get('/', { 'accept-encoding': 'br', 'if-none-match': `"other", ${String(first.headers.etag)}` });
  assert.deepEqual([again.statusCode, again.body], [304, '']);
  assert.equal((await get('/', { 'if-none-match': String(first.headers.etag) })).statusCode, 200, 'other bytes');
  for (const name of assets) {
    assert.match(name, /^assets\/[a-z_]+-[A-Za-z0-9]{8,12}\.(js|css|svg)$/);
    assert.match(String((await get(`/${name}`)).headers['cache-control']), /immutable/);
  }
});

test('nothing may come from elsewhere, and nothing is inline', async () => {
  const { headers, body } = await get('/');
  const policy = String(headers['content-security-policy']);
  for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self' data:", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]) assert.ok(policy.includes(rule), rule);
  assert.doesNotMatch(policy, /unsafe|https?:/);
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.doesNotMatch(body, /<script(?![^>]* src=)|<style| on[a-z]+=|style=|https?:\/\//);
  assert.equal(headers['set-cookie'], undefined);
});

test('what is not there is not found, whatever is asked', async () => {
  for (const name of ['none.js', '..%2F..%2Fpackage.json', 'package.json', '%00']) assert.notEqual((await get(`/assets/${name}`)).statusCode, 200, name);
});

test('all of it is below 200 KiB, compressed', () => {
  const bytes = [...page.values()].reduce((sum, { encodings }) => sum + encodings.gzip.length, 0);
  assert.ok(bytes < 200 * 1024, `${bytes} bytes`);
});

test('a page that was not built says so', () => {
  assert.throws(() => readPage(new URL('file:///nowhere/')), (thrown) => isProblem(thrown, 'failed'));
});

test('the page names its assets', () => {
  const html = page.get('index.html')?.encodings.identity.toString() ?? '';
  for (const [, name = ''] of html.matchAll(/(?:href|src)="(assets\/[^"]+)"/g)) assert.ok(page.has(name), name);
  assert.ok(readFileSync(new URL('../../../dist/explorer/index.html', import.meta.url), 'utf8') === html);
});
