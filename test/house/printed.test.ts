// Every command has a schema of what it prints with --json, and bin/test.js sees each of them checked in some test.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { EXIT_CODES } from '../../commands/failure.js';
import { entries } from '../../commands/index.js';
import { PASSES_ON } from '../../commands/topics.js';
import { schemaOf } from '../../src/schema/shown.js';

const FOLDER = fileURLToPath(new URL('../../../schemas/json/', import.meta.url));

test('every command has a schema of its --json output, and no schema is left over', () => {
  const wanted = entries.map(({ words }) => words).filter((words) => !PASSES_ON.has(words)).map((words) => `${words.replaceAll(' ', '.')}.json`);
  assert.deepEqual(readdirSync(FOLDER).sort(), [...wanted, '3bot.json', 'error.json', 'shared.json'].sort(), 'CONTRIBUTING.md, "Add a command", says how to add one');
});

test('each is a whole schema of its own, with no reference out of it, and closed where the shape is ours', () => {
  for (const file of readdirSync(FOLDER).filter((name) => name !== 'shared.json')) {
    const schema = schemaOf(file.slice(0, -'.json'.length).replaceAll('.', ' '));
    assert.ok(schema !== null, file);
    assert.ok(new Ajv().validateSchema(schema), file);
    assert.doesNotMatch(JSON.stringify(schema), /"\$ref":"[^#]/, file);
    for (const open of openObjects(schema)) assert.fail(`${file}: ${open} says nothing of further fields; "additionalProperties": false`);
  }
});

test('what is shared is used', () => {
  const all = readdirSync(FOLDER).map((file) => readFileSync(FOLDER + file, 'utf8')).join('\n');
  const shared = JSON.parse(readFileSync(`${FOLDER}shared.json`, 'utf8')) as { $defs: Record<string, unknown> };
  for (const name of Object.keys(shared.$defs)) assert.ok(all.includes(`"shared.json#/$defs/${name}"`), name);
});

test('an error has the codes that decide exit codes', () => {
  const { properties } = schemaOf('error') as { properties: { error: { properties: { code: { enum: string[] } } } } };
  assert.deepEqual(properties.error.properties.code.enum, Object.keys(EXIT_CODES));
});

/** Paths of objects that list fields without saying whether there may be others. */
function openObjects(value: unknown, path = ''): string[] {
  if (value === null || typeof value !== 'object') return [];
  const own = 'properties' in value && (value as { type?: unknown }).type === 'object' && !('additionalProperties' in value) ? [path] : [];
  return [...own, ...Object.entries(value).flatMap(([name, part]) => openObjects(part, `${path}/${name}`))];
}
