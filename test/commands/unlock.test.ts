// Sessions with the unlock agent.
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { openHome } from '../../src/home.js';
import { agentState } from '../../src/keys/agent.js';
import { bot, botJson, environment, poll, tempHome } from '../script.js';

const home = tempHome();
const locked = { home, passphrase: null };
const state = () => agentState(openHome(home), environment(locked));

/** Command lines and environments of the agents on this machine, from the system itself. */
function agentProcesses(): { command: string; environment: string }[] {
  return readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name)).flatMap((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return command.includes('agent-main') ? [{ command, environment: readFileSync(`/proc/${pid}/environ`, 'utf8') }] : [];
    } catch {
      return []; // Gone meanwhile.
    }
  });
}

test('unlock without keys says what to do; lock without an agent is no error', async () => {
  const none = await bot(['unlock'], { home });
  assert.equal(none.code, 5);
  assert.match(none.stderr, /3bot identity create/);
  assert.deepEqual(await botJson(['lock'], locked), { locked: true, agent_ran: false });
});

test('unlock opens every key that the passphrase opens, until lock', async () => {
  await botJson(['identity', 'create', '--name', 'alice'], { home });
  await botJson(['identity', 'create', '--name', 'bob'], { home });
  await botJson(['identity', 'create', '--name', 'carol'], { home, passphrase: 'another one' });
  const before = Date.now();
  const said = await botJson<{ until: string; keyrings: object[]; locked: { name: string }[] }>(['unlock', '--for', '10m'], { home });
  assert.deepEqual(said.keyrings, [{ type: 'identity', name: 'alice' }, { type: 'identity', name: 'bob' }]);
  assert.deepEqual(said.locked.map(({ name }) => name), ['carol']);
  assert.ok(Date.parse(said.until) >= before + 60_000);
  assert.deepEqual((await state())?.keyrings.map(({ name }) => name), ['alice', 'bob']);

  const run = join(dirname(home), 'run');
  const folder = join(run, readdirSync(run)[0] ?? '');
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.equal(statSync(join(folder, 'agent.sock')).mode & 0o777, 0o600);
  const processes = agentProcesses();
  assert.ok(processes.length > 0);
  for (const { command, environment: given } of processes) {
    assert.equal(given, '', 'an agent gets no environment');
    assert.match(command, /agent-main\.js\0$/, 'and no argument');
  }

  chmodSync(folder, 0o755);
  assert.equal((await bot(['lock'], locked)).code, 4, 'a folder others may enter is not trusted');
  chmodSync(folder, 0o700);
  assert.deepEqual(await botJson(['lock'], locked), { locked: true, agent_ran: true });
  assert.equal(await state(), null);
  assert.deepEqual(readdirSync(run), [], 'nothing is left');
});

test('the agent forgets in time', async () => {
  await botJson(['unlock', '--for', '2s'], { home });
  assert.notEqual(await state(), null);
  await poll('the agent to forget', async () => (await state()) === null);
  assert.deepEqual(readdirSync(join(dirname(home), 'run')), []);
});

test('an agent with caps pays up to them and no more, whatever --max says; a new one takes the passphrase', async () => {
  await botJson(['identity', 'use', 'alice'], { home });
  await botJson(['wallet', 'faucet'], { home });
  const said = await botJson<{ cap_per_command: string; cap_per_day: string }>(['unlock', '--for', '10m', '--cap-per-command', '10', '--cap-per-day', '15'], { home });
  assert.deepEqual([said.cap_per_command, said.cap_per_day], ['10.0000000', '15.0000000']);
  const send = (amount: string) => bot(['wallet', 'send', 'GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ', amount, '--max', amount], locked);
  assert.equal((await send('10')).code, 0);
  const above = await send('6');
  assert.deepEqual([above.code, above.stdout], [3, '']);
  assert.match(above.stderr, /6\.0000000 TFT is above what the unlock agent may sign away now, 5\.0000000 TFT; nothing was signed\n3bot: hint: 3bot lock/);
  assert.equal((await send('5')).code, 0);
  assert.equal((await bot(['unlock', '--for', '10m'], locked)).code, 4, 'without the passphrase there is no agent with higher caps');
  assert.equal((await send('0.0000001')).code, 3);
  await botJson(['lock'], locked);
});

test('an open agent gives no words away: export still wants the passphrase', async () => {
  await botJson(['unlock', '--for', '10m'], { home });
  const run = await bot(['identity', 'export', '--words-file', join(dirname(home), 'words.txt')], locked);
  assert.equal(run.code, 4);
  await botJson(['lock'], locked);
});

test('a wrong passphrase opens nothing, and a time without sense is refused', async () => {
  assert.equal((await bot(['unlock'], { home, passphrase: 'not the right one' })).code, 4);
  assert.equal((await bot(['unlock'], locked)).code, 4);
  for (const time of ['0s', '15', 'soon', '30d']) assert.equal((await bot(['unlock', '--for', time], { home })).code, 2, time);
  assert.equal(await state(), null);
});
