// The README is complete: every command with its summary, every exit code, every variable.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EXIT_CODES } from '../../commands/failure.js';
import { entries } from '../../commands/index.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const README = readFileSync(`${ROOT}README.md`, 'utf8');

test('every command is in the table, in order, with the summary of its help', () => {
  const rows = [...README.matchAll(/^\|[^|]*\| `3bot ([a-z ]+)` \| (.+) \|$/gm)].map(([, words, summary]) => `${words}: ${summary}`);
  assert.deepEqual(rows, entries.map(({ words, summary }) => `${words}: ${summary}`));
});

test('every exit code is explained, and no other', () => {
  const explained = [...README.matchAll(/^\| ([0-9]+) \| .+ \|$/gm)].map(([, code]) => Number(code));
  assert.deepEqual(explained, [...new Set([0, ...Object.values(EXIT_CODES)])].sort((a, b) => a - b));
});

test('every variable that 3bot reads is explained', () => {
  const sources = ['src', 'commands'].flatMap((folder) => readdirSync(ROOT + folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts')).map((file) => readFileSync(`${ROOT}${folder}/${file}`, 'utf8')));
  const read = new Set(sources.flatMap((text) => text.match(/\bTHREEBOT_[A-Z_]+\b/g) ?? []).filter((name) => !name.startsWith('THREEBOT_TEST_')));
  const explained = [...README.matchAll(/^\| `(THREEBOT_[A-Z_]+)` \|/gm)].map(([, name]) => name);
  assert.deepEqual(explained.sort(), [...read].sort());
});

test('what the README links to is there', () => {
  for (const [, file = ''] of README.matchAll(/\]\(([^):#]+)\)/g)) assert.ok(readFileSync(ROOT + file, 'utf8') !== '', file);
});
