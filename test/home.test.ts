import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isProblem } from '../src/base/errors.js';
import { createFile, leaveRuntimeFolder, lockHome, openHome, readConfig, replaceFile, runtimeFolder, runtimePath, updateConfig } from '../src/home.js';

const folder = mkdtempSync(join(tmpdir(), '3bot-home-'));
after(() => rmSync(folder, { recursive: true }));
let count = 0;
const fresh = () => openHome(join(folder, `deep/er/${(count += 1)}`));
const mode = (path: string) => statSync(path).mode & 0o777;

test('looking at a home folder makes nothing', () => {
  const home = fresh();
  assert.equal(readConfig(home).identity, null);
  assert.equal(existsSync(home.path), false);
});

test('the first write makes folders for nobody else, and a file for nobody else', () => {
  const home = fresh();
  updateConfig(home, (config) => void (config.identity = 'alice'));
  assert.equal(readConfig(home).identity, 'alice');
  assert.equal(mode(home.path), 0o700);
  assert.equal(mode(home.config), 0o600);
  assert.deepEqual(readdirSync(home.path), ['config.json', 'config.lock'], 'nothing else is left');
  assert.equal(mode(home.configLock), 0o600);
});

test('a config that would not fit its schema is not written', () => {
  const home = fresh();
  updateConfig(home, (config) => void (config.identity = 'alice'));
  assert.throws(() => updateConfig(home, (config) => void (config.identity = 'NOT A NAME')), /schema/);
  assert.equal(readConfig(home).identity, 'alice');
});

for (const [what, text] of [['cut short', '{"v":1'], ['of another shape', '{"v":2}'], ['with a field nobody knows', '{"v":1,"extra":true}']] as const) {
  test(`a config ${what} is refused and stays as it is`, () => {
    const home = fresh();
    mkdirSync(home.path, { recursive: true });
    writeFileSync(home.config, text);
    assert.throws(() => readConfig(home), (thrown) => isProblem(thrown, 'malformed'));
    assert.throws(() => updateConfig(home, () => undefined), (thrown) => isProblem(thrown, 'malformed'));
    assert.equal(readFileSync(home.config, 'utf8'), text);
  });
}

test('changes of the config by two processes at once are both kept', async () => {
  const home = fresh();
  const module = fileURLToPath(new URL('../src/home.js', import.meta.url));
  const code = `import { openHome, updateConfig } from ${JSON.stringify(module)};
    import { writeSync } from 'node:fs';
    updateConfig(openHome(${JSON.stringify(home.path)}), (config) => {
      writeSync(1, 'in');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
      config.identity = 'alice';
    });`;
  const other = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(other, 'close');
  await once(other.stdout, 'data');
  updateConfig(home, (config) => void (config.spend.per_command_stroops = '7'));
  await closed;
  const { identity, spend } = readConfig(home);
  assert.deepEqual([identity, spend.per_command_stroops], ['alice', '7']);
});

test('createFile never writes over what is there, and leaves nothing beside it', () => {
  const home = fresh();
  const path = join(home.path, 'file');
  createFile(path, 'first');
  assert.throws(() => createFile(path, 'second'), { code: 'EEXIST' });
  assert.equal(readFileSync(path, 'utf8'), 'first');
  replaceFile(path, 'third');
  assert.equal(readFileSync(path, 'utf8'), 'third');
  assert.equal(mode(path), 0o600);
  assert.deepEqual(readdirSync(home.path), ['file']);
});

test("the sockets' folder is short, ours alone, and differs between homes", () => {
  const run = join(folder, 'run');
  mkdirSync(run, { recursive: true });
  const [one, other] = [fresh(), fresh()];
  const path = runtimeFolder(one, { XDG_RUNTIME_DIR: run });
  assert.equal(mode(path), 0o700);
  assert.equal(runtimeFolder(one, { XDG_RUNTIME_DIR: run }), path, 'found again');
  assert.notEqual(runtimePath(other, { XDG_RUNTIME_DIR: run }), path);
  assert.ok(runtimePath(openHome('/very/long'.repeat(30)), {}).length < 80);
});

test("the sockets' folder that was made is found whatever the environment, and goes with its last socket", () => {
  const session = mkdtempSync(join(folder, 'run-'));
  const home = fresh();
  const path = runtimeFolder(home, { XDG_RUNTIME_DIR: session });
  assert.equal(runtimePath(home, {}), path);
  assert.equal(runtimeFolder(home, {}), path);
  writeFileSync(join(path, 'agent.sock'), '');
  leaveRuntimeFolder(home);
  assert.ok(existsSync(path), 'another socket is in it');
  rmSync(join(path, 'agent.sock'));
  leaveRuntimeFolder(home);
  assert.equal(existsSync(path), false);
  assert.notEqual(runtimePath(home, {}), path, 'one that is gone counts no more');
  leaveRuntimeFolder(home);
  writeFileSync(home.runtime, `${folder}\n`);
  assert.notEqual(runtimePath(home, {}), folder, 'no other folder is taken for it');
});

test("a sockets' folder that somebody else could use is refused", () => {
  const run = mkdtempSync(join(folder, 'run-'));
  const env = { XDG_RUNTIME_DIR: run };
  const open = fresh();
  chmodSync(runtimeFolder(open, env), 0o755);
  assert.throws(() => runtimeFolder(open, env), (thrown) => isProblem(thrown, 'locked'));
  const linked = fresh();
  symlinkSync(folder, runtimePath(linked, env));
  assert.throws(() => runtimeFolder(linked, env), (thrown) => isProblem(thrown, 'locked'));
});

test('one writer: the second is refused at once, and taken after the first gave the lock back', () => {
  const home = fresh();
  const held = lockHome(home);
  assert.throws(() => lockHome(home), (thrown) => isProblem(thrown, 'busy', 'home'));
  assert.throws(() => lockHome(home), (thrown) => isProblem(thrown, 'busy'), 'a refused attempt does not take the lock away');
  held[Symbol.dispose]();
  lockHome(home)[Symbol.dispose]();
  assert.equal(mode(home.lock), 0o600);
});

test('the lock holds against other processes, and a killed process leaves none behind', async () => {
  const home = fresh();
  const module = fileURLToPath(new URL('../src/home.js', import.meta.url));
  const code = `import { lockHome, openHome } from ${JSON.stringify(module)}; lockHome(openHome(${JSON.stringify(home.path)})); console.log('held'); setInterval(() => {}, 1000);`;
  const other = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(other.stdout, 'data');
  assert.throws(() => lockHome(home), (thrown) => isProblem(thrown, 'busy'));
  other.kill('SIGKILL');
  await once(other, 'close');
  lockHome(home)[Symbol.dispose]();
});
