// The help topics say what is true: exit codes, variables, formats, and only commands and flags that there are.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EXIT_CODES } from '../../commands/failure.js';
import { buildCommand, splitLine } from '../../commands/parse.js';
import { topicFiles, TOPICS, topicText } from '../../commands/topics.js';
import { Problem } from '../../src/base/errors.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** Read by libraries or by the tests, not by 3bot. */
const NOT_OURS = /^(THREEBOT_TEST_|PATH$|HOME$|TERM$|PORT$|HOST$)/;

/** What follows `3bot` in a sentence that is about it. */
const PROSE = new Set(['help', 'in', 'is', 'reads', 'sets', 'writes']);

const textOf = (topic: string): string => topicText([topic]) ?? assert.fail(topic);

test('each topic has its text, and the list of topics has them all', () => {
  assert.deepEqual([...topicFiles(), 'json'].sort(), TOPICS.map(({ name }) => name).sort());
  for (const { name, summary } of TOPICS) assert.ok(textOf('topics').includes(summary) && textOf(name).endsWith('\n'), name);
  assert.equal(topicText(['identity', 'create']), undefined, 'the help of a command is its own');
});

test('exit-codes has every code of an error below the exit code that it leads to, and no other', () => {
  const blocks = [...textOf('exit-codes').matchAll(/^ {2,4}(\d+) {2}(.*(?:\n {6,}.*)*)/gm)].map(([, code, text = '']) => [Number(code), text] as const);
  const said = blocks.flatMap(([exit, text]) => [...text.matchAll(/\b([a-z_]+): /g)].map(([, code]) => `${code} ${exit}`));
  for (const [code, exit] of Object.entries(EXIT_CODES)) assert.ok(said.includes(`${code} ${exit}`), `${code} ${exit}`);
  assert.deepEqual(blocks.map(([exit]) => exit), [...new Set([0, ...Object.values(EXIT_CODES)])].sort((a, b) => a - b));
});

test('environment has every variable that is read, and no other', () => {
  const sources = ['src', 'commands'].flatMap((folder) => readdirSync(ROOT + folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts')).map((file) => readFileSync(`${ROOT}${folder}/${file}`, 'utf8')));
  const read = new Set(sources.flatMap((text) => [...text.matchAll(/\b(THREEBOT_[A-Z_]+)\b|\benv\['([A-Z_]+)'\]/g)].map(([, own, other]) => own ?? other ?? '')));
  const said = [...textOf('environment').matchAll(/^ {2}([A-Z_]+) {2}/gm)].map(([, name]) => name);
  assert.deepEqual(said.sort(), [...read].filter((name) => !NOT_OURS.test(name)).sort());
});

test('formats lists every schema of a record, message or file', () => {
  const schemas = readdirSync(`${ROOT}schemas`).filter((file) => file.endsWith('.json') && file !== 'common.1.json');
  for (const file of schemas) assert.match(textOf('formats'), new RegExp(`^ {2}${file.replace(/\.(\d+)\.json$/, '@$1')} +\\S`, 'm'));
});

test('json prints the schema of a command or of a format, whole, and says where there is none', () => {
  const schema = JSON.parse(topicText(['json', 'contract', 'show']) ?? '') as { title: string; $defs: Record<string, unknown> };
  assert.equal(schema.title, '3bot contract show');
  assert.ok('tft' in schema.$defs);
  assert.match(topicText(['json', 'envelope@1']) ?? '', /"title": "Envelope"/);
  assert.match(textOf('json'), /^logs +one object a line$/m);
  for (const name of ['exec', 'nothing', '../config.1', 'shared/../../package']) assert.throws(() => topicText(['json', ...name.split(' ')]), (thrown) => thrown instanceof Problem && thrown.code === 'not_found', name);
});

test('the topics name only commands and flags that there are, on lines that a terminal shows whole', async () => {
  for (const topic of topicFiles()) {
    const text = readFileSync(`${ROOT}commands/topics/${topic}.txt`, 'utf8');
    for (const line of text.split('\n')) assert.ok([...line].length <= 80, line);
    for (const [, typed = ''] of text.matchAll(/3bot ([a-z][^)"\n;,:|]*)/g)) {
      const { entry, words, rest } = splitLine(typed.split(/\s+/).filter((word) => word !== ''));
      if (PROSE.has(typed.split(' ', 1)[0] ?? '')) continue;
      assert.ok(entry !== undefined, `${topic}: 3bot ${typed}`);
      const built = await buildCommand(entry, (await entry.load()).command);
      const flags = new Set(built.options.flatMap(({ long, short }) => [long, short]));
      for (const flag of rest.filter((word) => /^--?[a-z]/.test(word) && !words.includes(word))) assert.ok(flags.has(flag), `${topic}: 3bot ${entry.words} has no ${flag}`);
    }
  }
});
