import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { book } from '../market/listed.js';
import { serve } from './served.js';

interface Operation { summary?: string; parameters?: { name: string; in: string; schema: object }[]; responses: Record<string, { description: string; content?: Record<string, { schema: object }> }> }
interface Document { openapi: string; info: { title: string; version: string }; paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, unknown> } }

const SOURCES = fileURLToPath(new URL('../../../src/', import.meta.url));

/** Every route below /v1 that any source adds, as `GET /v1/grids/{grid}/objects/{path}`; the one of the own socket is served there alone. */
function routesAdded(): string[] {
  const files = ['net', 'explorer'].flatMap((folder) => readdirSync(`${SOURCES}${folder}`, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')).map((name) => readFileSync(`${SOURCES}${folder}/${name}`, 'utf8')));
  const found = files.flatMap((text) => [...text.matchAll(/app\.(get|post)\('(\/v1\/[^']+)'/g)].map(([, method = '', path = '']) => `${method.toUpperCase()} ${path.replace(/:([a-z]+)/g, '{$1}').replace('*', '{path}')}`));
  return [...found.filter((one) => !one.endsWith('/follow')), 'GET /v1/openapi.json'].sort();
}

test('the document has every route below /v1, each with what it takes, what it answers, and problems', async (t) => {
  const get = await serve(t, book(t, [], []), { below: '' });
  const document = (await get('/v1/openapi.json')).json as Document;
  assert.match(document.openapi, /^3\.1\./);
  const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, path, operation })));
  assert.ok(operations.length > 20);
  assert.deepEqual(operations.map(({ name }) => name).sort(), routesAdded());
  for (const { name, path, operation: { summary = '', parameters = [], responses } } of operations) {
    assert.ok(summary.length > 10, `${name} says what it is for`);
    assert.deepEqual(parameters.filter((one) => one.in === 'path').map((one) => `{${one.name}}`).sort(), (path.match(/\{[a-z]+\}/g) ?? []).sort(), name);
    assert.ok(responses['200']?.content !== undefined, `${name} says what it answers`);
    assert.ok(responses['default']?.content?.['application/problem+json'] !== undefined, name);
  }
});

test('everything that the document refers to is in it', async (t) => {
  const get = await serve(t, book(t, [], []), { below: '' });
  const document = (await get('/v1/openapi.json')).json as Document;
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, to = '']) => to);
  assert.ok(references.length > 100);
  for (const to of new Set(references)) {
    assert.ok(to.startsWith('#/'), to);
    const found = to.slice(2).split('/').reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name.replaceAll('~1', '/').replaceAll('~0', '~')], document);
    assert.ok(found !== undefined, to);
  }
});
