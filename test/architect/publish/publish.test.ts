// What of a file may be published, and where a blueprint is opened from.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fitFile } from '../../../src/architect/publish/fit.js';
import { nameOfFile, openSource, type Opening } from '../../../src/architect/open.js';
import { blueprintLines, demandNothingSecret, fileOf } from '../../../src/architect/publish/publish.js';
import { isProblem } from '../../../src/base/errors.js';
import { MAX_BLUEPRINT_CHARS } from '../../../src/base/limits.js';

const folder = mkdtempSync(join(tmpdir(), '3bot-publish-'));
after(() => rmSync(folder, { recursive: true }));

describe('a file as lines of a record', () => {
  for (const [title, text] of [['with a line end', 'a: 1\nb: 2\n'], ['with an empty line', 'a: 1\n\nb: 2\n']] as const) {
    test(`${title} comes back as it was`, () => assert.equal(fileOf({ text: blueprintLines(text) }), text));
  }
  const cases: [title: string, text: string, says: RegExp][] = [
    ['a tab', 'a: 1\n\tb: 2\n', /line 2: it has a tab/],
    ['a control character', 'a: 1\nb: \u0007\n', /line 2/],
    ['a line that is too long', `a: ${'x'.repeat(2_000)}\n`, /line 1 has 2003 characters/],
    ['more than an object should hold', 'a\n'.repeat(MAX_BLUEPRINT_CHARS / 2 + 1), /characters, a blueprint has/],
  ];
  for (const [title, text, says] of cases) {
    test(`${title} is refused`, () => assert.throws(() => blueprintLines(text), (thrown) => isProblem(thrown, 'usage', 'blueprint') && says.test(thrown.message)));
  }
});

describe('nothing secret is published', () => {
  const cases: [line: string, isRefused: boolean][] = [
    ['      DB_PASSWORD: hunter2', true],
    ['      - API_KEY=abc', true],
    ["      'AUTH_TOKEN': 'abc' # ours", true],
    ['      DATABASE: postgres://app:hunter2@db/app', true],
    ['      DB_PASSWORD: ${password}', false],
    ['      DB_PASSWORD_FILE: /run/secrets/db', false],
    ['      DB_PASSWORD:', false],
    ['      GREETING: hello', false],
    ['    secrets: [db-password]', false],
  ];
  for (const [line, isRefused] of cases) {
    test(`${line.trim()} is ${isRefused ? 'refused' : 'fine'}`, () => {
      const look = (): void => demandNothingSecret(['services:', line], new Set());
      if (isRefused) assert.throws(look, (thrown) => isProblem(thrown, 'usage', 'secret') && /line 2/.test(thrown.message));
      else look();
    });
  }
  test('but what its architect says is public', () => demandNothingSecret(['DEMO_TOKEN: abc'], new Set(['DEMO_TOKEN'])));
});

test('a file is read as strangers would: with values for what has to be given, without what lies beside it', () => {
  const file = (image: string): string => `x-3bot: {about: a shop, inputs: {host: {type: string}, size: {type: size}, mode: {type: choice, choices: [a, b]}, key: {type: secret}}}\nservices: {web: {${image}, environment: {HOST: '\${host}', MODE: '\${mode}'}, secrets: [key]}}\n`;
  assert.equal(fitFile('shop.yaml', file('image: nginx:1'), 'shop').about, 'a shop');
  assert.throws(() => fitFile('shop.yaml', file('build: .'), 'shop'), (thrown) => isProblem(thrown, 'usage') && /shop\.yaml:2/.test(thrown.message));
});

describe('a source', () => {
  const opening: Opening = { reader: () => assert.fail('the book is not needed'), file: (path) => `file ${path}`, input: async () => 'typed' };
  const path = join(folder, 'shop.yaml');
  writeFileSync(path, '');

  test('is stdin, a file with what lies beside it, or a recipe that is a blueprint', async () => {
    assert.deepEqual(await openSource('-', opening), { title: 'stdin', text: 'typed', folder: null, blueprint: null, name: null });
    assert.deepEqual(await openSource(path, opening), { title: path, text: `file ${path}`, folder, blueprint: null, name: 'shop' });
    const recipe = await openSource('recipe:website', opening);
    assert.deepEqual([recipe.title, recipe.folder, recipe.name, /nginx/.test(recipe.text)], ['recipe:website', null, 'website', true]);
    await assert.rejects(openSource('recipe:ci-runner', opening), (thrown) => isProblem(thrown, 'usage') && thrown.hint === '3bot task run ci-runner');
    await assert.rejects(openSource('recipe:nothing', opening), (thrown) => isProblem(thrown, 'not_found'));
    await assert.rejects(openSource('./nothing.yaml', opening), (thrown) => isProblem(thrown, 'not_found', 'file'));
  });

  test('is never a file where it reads like what somebody has published', async () => {
    const here = process.cwd();
    mkdirSync(join(folder, 'alice'));
    writeFileSync(join(folder, 'alice', 'shop'), '');
    process.chdir(folder);
    try {
      await assert.rejects(openSource('alice/shop', opening), (thrown) => isProblem(thrown, 'usage', 'file') && /\.\/alice\/shop means the file/.test(thrown.hint ?? ''));
      assert.equal((await openSource('./alice/shop', opening)).title, './alice/shop');
    } finally {
      process.chdir(here);
    }
  });

  test('is called as its file, or as the folder of a file that all are called', () => {
    const names: [string, string | null][] = [['Shop.yaml', 'shop'], ['my-shop/compose.yaml', 'my-shop'], ['my-shop/docker-compose.yml', 'my-shop'], ['a b.yaml', null]];
    mkdirSync(join(folder, 'my-shop'));
    for (const [name, expected] of names) assert.equal(nameOfFile(join(folder, name)), expected, name);
  });
});
