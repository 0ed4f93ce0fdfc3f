// Completion: what is offered at the cursor, from the own copy alone, and typed into real shells.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CHOICES } from '../../commands/choices.js';
import { completeText, offerAt } from '../../commands/complete.js';
import { entries } from '../../commands/index.js';
import { buildCommand } from '../../commands/parse.js';
import { MAX_COMPLETIONS } from '../../src/base/limits.js';
import { isProblem } from '../../src/base/errors.js';
import { updateConfig } from '../../src/home.js';
import { ensureIdentity } from '../../src/net/compose.js';
import { openPrivate } from '../../src/private.js';
import { bot, environment, tempHome } from '../script.js';
import { TestHome } from '../net/homes.js';

const BINARY = fileURLToPath(new URL('../../../bin/3bot.js', import.meta.url));
const CONTRACTS = ['aa', 'ab', 'cd'].map((start) => `${start}${'0'.repeat(38)}`);

let own: TestHome;
let grid: string;

before(async () => {
  own = await TestHome.create('alice');
  grid = await own.create('valley');
  await ensureIdentity(await own.grid(), own.identity);
  updateConfig(own.home, (config) => void (config.accounts = [{ identity: own.identity.public['bot'] ?? '', name: 'savings', index: 1, key: 'ab'.repeat(32), in_use: false }]));
  using data = openPrivate(own.home);
  for (const [i, contract] of CONTRACTS.entries()) {
    data.db.prepare("INSERT INTO orders (grid, contract, nonce, bot, name, arguments, stage, changed_ms) VALUES (?, ?, '', '', ?, '', 'kept', ?)").run(grid, contract, ['web', 'shop/db', null][i], i);
  }
});
after(async () => own[Symbol.asyncDispose]());

async function offered(line: string, env: Record<string, string> = { THREEBOT_HOME: own.home.path }): Promise<string[]> {
  const words = line.split(' ');
  const { mode, words: found } = await offerAt(words.slice(0, -1), words.at(-1) ?? '', env);
  return mode === 'words' ? found.map(({ value }) => value).filter((value) => value.startsWith(words.at(-1) ?? '')) : [mode];
}

for (const [line, expected] of [
  ['ide', ['identity']],
  ['contract s', ['show', 'secret']],
  ['identity key ', ['add', 'create']],
  ['help exit', ['exit-codes']],
  ['help json contract sh', ['show']],
  ['--json wallet se', ['send']],
  ['reserve --wait ', ['committed', 'held', 'ready']],
  ['reserve --wait=h', ['--wait=held']],
  ['reserve --max-t', ['--max-total']],
  ['reserve --quiet --qui', []],
  ['reserve --max-total ', []],
  ['sign ', ['files']],
  ['reserve --workload ', ['files']],
  ['node join --data ', ['folders']],
  ['dev run -- ', ['files']],
  ['grid use ', ['valley']],
  ['wallet send al', ['alice']],
  ['wallet use ', ['main', 'savings']],
  ['wallet show --account s', ['savings']],
  ['contract show ', ['shop/db', 'web', ...[...CONTRACTS].reverse().map((id) => id.slice(0, 12))]],
  ['contract show a', ['ab0000000000', 'aa0000000000']],
  [`contract show ${'a'.repeat(12)}`, []],
  [`contract show ${CONTRACTS[0]?.slice(0, 13)}`, [CONTRACTS[0]]],
  ['contract show web ', []],
  ['contract show --grid nowhere w', []],
  ['nothing at all ', []],
] as const) {
  test(`3bot ${line}⇥ offers ${expected.length === 0 ? 'nothing' : expected.join(' ')}`, async () => {
    const found = await offered(line).catch(() => []);
    assert.deepEqual(line.startsWith('contract show ') || expected.length === 0 ? found : found.sort(), line.startsWith('contract show ') ? [...expected] : [...expected].sort());
  });
}

test('every choice is one that its flag takes, and its flag takes nothing else', async () => {
  const seen = new Set<string>([' <shell>']);
  for (const entry of entries) {
    const built = await buildCommand(entry, (await entry.load()).command);
    for (const { long, flags, parseArg } of built.options) {
      const key = `${long ?? ''} ${/<[^>]+>/.exec(flags)?.[0] ?? ''}`;
      const choices = CHOICES[key];
      if (choices === undefined) continue;
      seen.add(key);
      if (parseArg === undefined) continue;
      for (const choice of choices) assert.doesNotThrow(() => parseArg(choice, undefined), `${entry.words} ${key} ${choice}`);
      assert.throws(() => parseArg('nonsense', undefined), (thrown) => isProblem(thrown, 'usage'), `${entry.words} ${key}`);
    }
  }
  assert.deepEqual([...seen].sort(), Object.keys(CHOICES).sort());
});

test('what cannot be read is no candidates, without a word; what is too much is cut; what holds a control is left out', async () => {
  for (const home of ['/nowhere', '/dev/null']) assert.equal(await completeText(['zsh', 'grid', 'use', ''], { THREEBOT_HOME: home }), 'words\n');
  const folder = mkdtempSync(join(tmpdir(), '3bot-complete-'));
  try {
    mkdirSync(join(folder, 'keys'));
    for (let i = 0; i < MAX_COMPLETIONS + 5; i += 1) writeFileSync(join(folder, 'keys', `identity-b${i}.json`), 'not read');
    writeFileSync(join(folder, 'keys', 'identity-evil\nline.json'), '');
    const env = { THREEBOT_HOME: folder };
    assert.equal((await completeText(['zsh', 'identity', 'use', 'b'], env)).split('\n').length, MAX_COMPLETIONS + 2);
    assert.equal(await completeText(['zsh', 'identity', 'use', 'evil'], env), 'words\n');
    writeFileSync(join(folder, 'config.json'), '{');
    assert.equal(await completeText(['zsh', 'identity', 'use', 'b1'], env), 'words\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('bash gets what follows its last word break, and within open quotes only what is plain there', async () => {
  const env = { THREEBOT_HOME: own.home.path };
  assert.equal(await completeText(['bash', '3bot reserve --wait=he', 'he'], env), 'words\nheld\t\n');
  assert.equal(await completeText(['bash', "FOO=1 /opt/3bot --home '/x y' grid use ''", ''], env), 'words\n');
  assert.match(await completeText(['bash', "3bot contract show 'sh", 'sh'], env), /^words\nshop\/db\t/);
});

test('3bot completion prints the script of a shell; as 3bot __complete it answers without keys, lock or network', async () => {
  const home = tempHome();
  const { script } = (await bot(['completion', 'zsh', '--json'], { home })).json<{ script: string }>();
  assert.equal((await bot(['completion', 'zsh'], { home })).stdout, script);
  assert.match((await bot(['completion', 'tcsh'], { home })).stderr, /no completion for "tcsh"\n3bot: hint: bash, zsh or fish/);
  const answer = await bot(['__complete', 'zsh', 'contract', 'show', 'w'], { home: own.home.path, passphrase: null });
  assert.deepEqual([answer.code, answer.stdout, answer.stderr], [0, 'words\nweb\tcontract aa0000000000\n', '']);
});

/** A name that a careless script would run. */
const HOSTILE = 'al$(touch pwned)`touch pwned`;touch pwned "it\'s" *';
const SHELLS = {
  bash: { start: ['bash', '--norc', '--noprofile', '-i'], load: 'source <(3bot completion bash)' },
  zsh: { start: ['zsh', '-f', '-i'], load: 'autoload -Uz compinit && compinit -D -u; source <(3bot completion zsh)' },
  fish: { start: ['fish', '--no-config', '-i'], load: '3bot completion fish | source' },
} as const;

describe('in a real shell', () => {
  for (const [shell, { start, load }] of Object.entries(SHELLS)) {
    const missing = spawnSync(shell, ['--version']).error !== undefined && process.env['CI'] === undefined;
    test(`${shell} completes a hostile name to one word, and runs nothing of it`, { skip: missing ? `${shell} is not installed` : false }, async () => {
      const home = tempHome();
      const folder = dirname(home);
      mkdirSync(join(home, 'keys'), { recursive: true });
      for (const file of [join(home, 'keys', `identity-${HOSTILE}.json`), join(folder, `${HOSTILE}.draft`)]) writeFileSync(file, '');
      mkdirSync(join(folder, 'bin'));
      const stub = join(folder, 'bin', '3bot');
      writeFileSync(stub, `#!/bin/sh\ncase $1 in __complete | completion) exec '${process.execPath}' '${BINARY}' "$@" ;; esac\nprintf '%s\\n' "$@" > '${folder}/got.new' && mv '${folder}/got.new' '${folder}/got'\necho TAKEN\n`);
      chmodSync(stub, 0o700);
      const child = spawn('script', ['--quiet', '--return', '--command', start.join(' '), '/dev/null'], {
        cwd: folder, env: { ...environment({ home }), PATH: `${folder}/bin:${process.env['PATH'] ?? ''}`, TERM: 'xterm', SHELL: '/bin/sh', XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder }, stdio: ['pipe', 'pipe', 'inherit'], timeout: 60_000,
      });
      let screen = '';
      child.stdout.on('data', (chunk) => (screen += String(chunk)));
      const ended = new Promise((resolve) => child.once('close', resolve));
      const shown = async (pattern: RegExp): Promise<void> => {
        while (!pattern.test(screen)) {
          assert.equal(child.exitCode, null, screen);
          await Promise.race([new Promise((resolve) => child.stdout.once('data', resolve)), ended]);
        }
        screen = '';
      };
      const typed = async (line: string, completed: RegExp): Promise<string[]> => {
        child.stdin.write(line);
        await shown(completed);
        child.stdin.write('\r');
        await shown(/TAKEN/);
        return readFileSync(join(folder, 'got'), 'utf8').split('\n').slice(0, -1);
      };
      child.stdin.write(`${load}\r3bot ready\r`);
      await shown(/TAKEN/);
      assert.deepEqual(await typed('3bot identity use al\t', /it.{1,5}s/), ['identity', 'use', HOSTILE]);
      assert.deepEqual(await typed('3bot sign al\t', /draft/), ['sign', `${HOSTILE}.draft`]);
      child.stdin.write('exit\r');
      await ended;
      assert.ok(!readdirSync(folder).includes('pwned'));
    });
  }
});
