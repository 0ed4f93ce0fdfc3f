// The house checks itself: who may import whom, which package has which door, what pure code may not touch.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Rank by folder or file below src (ARCHITECTURE.md): a file imports its own folder or a lower rank. */
const RANKS: Readonly<Record<string, number>> = {
  base: 0, schema: 1, cli: 1, hook: 1.1, home: 1.2, sqlite: 1.3, private: 1.4, tlog: 1.6, keys: 2, capacity: 2, bcdb: 3, rules: 4, net: 5, witness: 5.5, market: 6, consumer: 7, farmer: 7, node: 7, people: 7, explorer: 7, architect: 8, self: 8, dev: 9,
};

/** Packages that only these may import: one door each, so that a change of library is a change of one place. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  '@inquirer/prompts': ['src/cli/'],
  ora: ['src/cli/'],
  chalk: ['src/cli/'],
  'cli-table3': ['src/cli/'],
  'better-sqlite3': ['src/bcdb/', 'src/home.ts', 'src/sqlite.ts', 'src/private.ts', 'src/witness/ledger.ts', 'src/net/mail/boxes.ts'],
  'sodium-native': ['src/keys/backends/'],
  tweetnacl: ['src/keys/'],
  '@scure/bip39': ['src/keys/'],
  fastify: ['src/net/', 'src/explorer/', 'commands/'],
  '@fastify/swagger': ['src/net/openapi.ts'],
  undici: ['src/net/', 'src/node/drivers/', 'src/node/gateway/caddy.ts'],
  pino: ['src/net/', 'commands/'],
  ajv: [],
  systeminformation: ['src/node/'],
  canonicalize: ['src/base/'],
  yaml: ['src/architect/'],
};

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('schema/types.ts'))
    .map((file) => `${folder}/${file}`)
    .sort();
}

interface Import {
  readonly from: string;
  readonly to: string;
}

const FILES = [...sources('src'), ...sources('commands')];
const IMPORTS: Import[] = FILES.flatMap((from) =>
  ts.preProcessFile(readFileSync(join(ROOT, from), 'utf8')).importedFiles.map(({ fileName }) => ({ from, to: fileName.startsWith('.') ? normalize(join(dirname(from), fileName)) : fileName })),
);

/** First folder below src, or the file's own name; undefined outside of src. */
function room(path: string): string | undefined {
  return /^src\/([a-z]+)/.exec(path)?.[1];
}

test('imports were found at all', () => {
  assert.ok(IMPORTS.length > 300);
  assert.ok(IMPORTS.some(({ from, to }) => from === 'src/bcdb/ingest.ts' && to === 'src/bcdb/record.js'));
});

test('a file imports its own folder or a lower rank', () => {
  const wrong = IMPORTS.filter(({ from, to }) => {
    const [here, there] = [room(from), room(to)];
    if (here === undefined) return false;
    if (to.startsWith('commands/')) return true;
    if (there === undefined || there === here) return false;
    const [mine, theirs] = [RANKS[here], RANKS[there]];
    assert.ok(mine !== undefined, `src/${here} has no rank`);
    assert.ok(theirs !== undefined, `src/${there} has no rank`);
    return theirs >= mine;
  });
  assert.deepEqual(wrong, []);
});

test('tlog could be published alone: it knows base and Node.js, nothing else of the house', () => {
  const theirs = IMPORTS.filter(({ from, to }) => from.startsWith('src/tlog/') && !to.startsWith('src/tlog/') && !to.startsWith('src/base/') && !to.startsWith('node:'));
  assert.deepEqual(theirs, []);
});

test('what a file exports is used in another', () => {
  const texts = new Map(['src', 'commands', 'test'].flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file)).map((file) => [`${folder}/${file}`, readFileSync(join(ROOT, folder, file), 'utf8')] as const)));
  const users = new Map<string, Set<string>>();
  for (const [file, text] of texts) for (const word of new Set(text.match(/\w+/g))) users.set(word, (users.get(word) ?? new Set<string>()).add(file));
  // Types may be named for those who read; tlog is whole by itself; every command exports `command`.
  const unused = [...texts].filter(([file]) => !file.startsWith('test/') && !file.startsWith('src/tlog/')).flatMap(([file, text]) =>
    [...text.matchAll(/^export (?:async )?(?:function\*?|const|class) (\w+)/gm)].filter(([, name = '']) => name !== 'command' && users.get(name)?.size === 1).map(([, name]) => `${file}: ${name}`));
  assert.deepEqual(unused, []);
});

test('a package is imported through its door only', () => {
  const wrong = IMPORTS.filter(({ from, to }) => Object.entries(DOORS).some(([name, doors]) => (to === name || to.startsWith(`${name}/`)) && !doors.some((door) => from.startsWith(door))));
  assert.deepEqual(wrong, []);
});

test('what decides takes the time and chance as given', () => {
  const pure = FILES.filter((file) => /^src\/(base|schema|capacity|rules|bcdb|market)\//.test(file) && file !== 'src/base/clock.ts');
  const wrong = pure.flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8').replaceAll(/^\s*(\/\/|\*|\/\*).*$/gm, '');
    return [...text.matchAll(/Date\.now|new Date\(\)|Math\.random|randomBytes|performance\.now|toLocale|Intl\./g)].map(([found]) => `${file}: ${found}`);
  });
  assert.deepEqual(wrong, []);
});

test('rules and arithmetic do no input or output', () => {
  const wrong = IMPORTS.filter(({ from, to }) => /^src\/(rules|capacity)\//.test(from) && to.startsWith('node:'));
  assert.deepEqual(wrong, []);
});

test('every object in a schema is closed and every text and list is bounded', () => {
  const wrong: string[] = [];
  const visit = (shape: unknown, path: string): void => {
    if (shape === null || typeof shape !== 'object') return;
    const { type, properties, additionalProperties, maxLength, pattern, maxItems, maxProperties } = shape as Record<string, unknown>;
    if (type === 'object' && properties !== undefined && additionalProperties !== false) wrong.push(`${path}: open object`);
    if (type === 'object' && properties === undefined && typeof additionalProperties === 'object' && maxProperties === undefined) wrong.push(`${path}: unbounded map`);
    if (type === 'array' && maxItems === undefined) wrong.push(`${path}: unbounded list`);
    if (type === 'string' && maxLength === undefined && pattern === undefined && !path.startsWith('problem')) wrong.push(`${path}: unbounded text`);
    for (const [name, inner] of Object.entries(shape)) visit(inner, `${path}/${name}`);
  };
  // What commands print (schemas/json) is nothing that strangers send: it needs no bounds.
  for (const file of readdirSync(join(ROOT, 'schemas')).filter((name) => name.endsWith('.json'))) visit(JSON.parse(readFileSync(join(ROOT, 'schemas', file), 'utf8')), file);
  assert.deepEqual(wrong, []);
});

test('nothing names the place where it was written', () => {
  const told = [...FILES, ...sources('test')].filter((file) => /["'`/ ]\/(work|root)\//.test(readFileSync(join(ROOT, file), 'utf8')));
  assert.deepEqual(told.filter((file) => !file.includes('test/house/')), []);
});
