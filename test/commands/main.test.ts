// The command line itself: words, flags, help, streams, exit codes, signals.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EXIT_CODES, exitCodeOf, failureText } from '../../commands/failure.js';
import { entries } from '../../commands/index.js';
import { buildCommand, helpOf, splitLine } from '../../commands/parse.js';
import { Problem } from '../../src/base/errors.js';
import { bot, environment, tempHome } from '../script.js';
import { terminal } from '../terminal.js';

const home = tempHome();
const fresh = { home, passphrase: null };
const BINARY = fileURLToPath(new URL('../../../bin/3bot.js', import.meta.url));

test('3bot alone says what to do next, on stdout, and makes nothing', async () => {
  const run = await bot([], fresh);
  assert.equal(run.code, 0);
  assert.match(run.stdout, /3bot identity create/);
  assert.equal(run.stderr, '');
  assert.equal((await bot(['--json'], fresh)).json()['identity'], null);
  assert.equal(existsSync(home), false);
});

test('--version and help answer on stdout', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string };
  assert.deepEqual([(await bot(['--version'], fresh)).stdout, (await bot(['-V', '--json'], fresh)).stdout], [`${version}\n`, `{"version":"${version}"}\n`]);
  const all = await bot(['help'], fresh);
  assert.equal(all.code, 0);
  for (const { words, summary } of entries) assert.ok(all.stdout.includes(`${words} `) && all.stdout.includes(summary), words);
  for (const args of [['--help'], ['-h'], ['help']]) assert.equal((await bot(args, fresh)).stdout, all.stdout);
  const one = await bot(['help', 'identity', 'create'], fresh);
  assert.match(one.stdout, /--words-file <file>/);
  for (const args of [['identity', 'create', '--help'], ['--json', 'identity', 'create', '-h', '--name', 'x']]) assert.equal((await bot(args, fresh)).stdout, one.stdout);
  const noun = await bot(['identity', '--help'], fresh);
  assert.match(noun.stdout, /identity export/);
  assert.doesNotMatch(noun.stdout, /unlock/);
});

test('every command builds, and its help has its summary, the flags of every command, and an example of itself', async () => {
  const globals = new Set(['home', 'passphraseFile', 'json', 'quiet', 'yes', 'input', 'color']);
  for (const entry of entries) {
    const { command } = await entry.load();
    const built = await buildCommand(entry, command);
    const names = built.options.map((option) => option.attributeName());
    for (const global of globals) assert.equal(names.filter((name) => name === global).length, 1, `${entry.words} takes a flag of every command for itself`);
    assert.equal(names.filter((name) => globals.has(name)).length, globals.size);
    assert.doesNotMatch(built.description(), /\S\n[^\s-]/, `${entry.words}: a terminal would break its lines twice`);
    const help = helpOf(built);
    assert.ok(help.includes(entry.summary.slice(0, 30)) && help.includes('--passphrase-file'), entry.words);
    assert.ok(command.examples.some((example) => example.includes(`3bot ${entry.words}`)), `${entry.words} has no example`);
    assert.match(entry.summary, /^[^A-Z].*[^.]$/, 'a summary begins small and has no full stop');
  }
  assert.equal(new Set(entries.map(({ words }) => words)).size, entries.length);
});

test('what the command line does not allow exits 2, with nothing on stdout and the way out in a hint', async () => {
  const table: [string[], RegExp, RegExp][] = [
    [['reserve', '--cpu', '0.5'], /--cpu: not a whole number: "0.5"/, /from 0 to 99999/],
    [['frobnicate'], /unknown command: frobnicate/, /3bot help/],
    [['identiy', 'create'], /unknown command: identiy/, /did you mean 3bot identity create/],
    [['identity', 'shwo'], /unknown command: identity shwo/, /did you mean 3bot identity show/],
    [['lokc'], /unknown command/, /did you mean 3bot lock/],
    [['identity'], /one more word/, /3bot help identity/],
    [['--frob'], /unknown option '--frob'/, /--help/],
    [['identity', 'list', '--frob'], /unknown option '--frob'/, /3bot identity list --help/],
    [['identity', 'create', '--nmae', 'x'], /unknown option '--nmae'/, /did you mean --name/i],
    [['identity', 'use'], /missing required argument 'name'/, /--help/],
    [['identity', 'list', 'extra'], /too many arguments/, /--help/],
    [['identity', 'export'], /--words-file/, /--help/],
    [['--home'], /argument missing/, /--help/],
  ];
  for (const [args, error, hint] of table) {
    const run = await bot(args, fresh);
    assert.equal(run.code, 2, args.join(' '));
    assert.equal(run.stdout, '');
    const [first = '', second = '', ...more] = run.stderr.trimEnd().split('\n');
    assert.match(first, /^3bot: error: [^A-Z]/);
    assert.match(first, error);
    assert.match(second, /^3bot: hint: /);
    assert.match(second, hint);
    assert.deepEqual(more, []);
  }
});

test('with --json a failure is one JSON line on stderr and stdout stays empty', async () => {
  const run = await bot(['identity', 'show', '--json'], fresh);
  assert.equal(run.code, 5);
  assert.equal(run.stdout, '');
  const { error } = JSON.parse(run.stderr) as { error: Record<string, string> };
  assert.deepEqual(Object.keys(error), ['code', 'reason', 'message', 'hint']);
  assert.equal(error['code'], 'not_found');
  assert.equal(error['hint'], '3bot identity create');
});

test('flags of every command work before and after its words', () => {
  assert.deepEqual(splitLine(['--home', 'identity', '--json', 'identity', 'show', 'alice', '-q']), {
    words: ['identity', 'show'], entry: entries.find(({ words }) => words === 'identity show'), word: 'alice', rest: ['--home', 'identity', '--json', 'alice', '-q'],
  });
  assert.deepEqual(splitLine(['--home=x', 'lock']).words, ['lock']);
  assert.equal(splitLine(['--', 'lock']).entry, undefined);
});

test('each code of a Problem has its exit code', () => {
  const expected = { failed: 1, usage: 2, malformed: 2, refused: 3, over_limit: 3, locked: 4, not_found: 5, nothing_fits: 5, unreachable: 6, busy: 6, integrity: 7, not_ready: 8, interrupted: 130 };
  assert.deepEqual(EXIT_CODES, expected);
  assert.equal(exitCodeOf(new Problem('locked', 'x')), 4);
  assert.equal(exitCodeOf(new TypeError('x')), 1);
  assert.equal(failureText(new Problem('locked', 'it is locked', { hint: '3bot unlock' }), false), '3bot: error: it is locked\n3bot: hint: 3bot unlock\n');
  assert.match(failureText(new TypeError('x'), false), /THREEBOT_DEBUG/);
});

test('a reader that has seen enough is no error', async () => {
  const child = spawn(process.execPath, [BINARY, 'help'], { env: environment(fresh), stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  assert.deepEqual([...(await once(child, 'close')), stderr], [0, null, '']);
});

test('Ctrl-C at a question exits 130 and changes nothing', async () => {
  const { code, screen } = await terminal(['identity', 'create'], fresh, [[/passphrase/i, '\u0003']]);
  assert.equal(code, 130);
  assert.match(screen, /3bot: error: interrupted/);
  assert.equal(existsSync(`${home}/keys`), false);
});

test('the words and the flags of a home folder that is elsewhere', async () => {
  const other = tempHome();
  const made = await bot(['--home', other, 'identity', 'create', '--name', 'elsewhere'], { home });
  assert.equal(made.code, 0, made.stderr);
  assert.equal(existsSync(`${other}/keys/identity-elsewhere.json`), true);
  assert.equal(existsSync(home), false);
});

test('a file that never ends is not read to its end, and what a file holds is not told in an error', async () => {
  const endless = await bot(['receipt', 'verify', '/dev/zero'], { home });
  assert.deepEqual([endless.code, endless.stderr], [2, '3bot: error: /dev/zero has more than 8388608 bytes\n']);
  assert.equal((await bot(['bcdb', 'evidence', 'verify', '/dev/zero'], { home })).code, 2);
  const folder = tempHome();
  const secret = `${folder}-secret`;
  writeFileSync(secret, 'correct horse');
  const told = await bot(['bcdb', 'evidence', 'verify', secret], { home });
  rmSync(secret);
  assert.deepEqual([told.code, /horse/.test(told.stderr)], [2, false]);
});
