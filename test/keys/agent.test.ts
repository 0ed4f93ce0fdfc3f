import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { text } from 'node:stream/consumers';
import { canonical } from '../../src/base/canonical.js';
import { isProblem } from '../../src/base/errors.js';
import { openHome, runtimeFolder, runtimePath } from '../../src/home.js';
import { addAccount } from '../../src/keys/accounts.js';
import { serveAgent } from '../../src/keys/agent-server.js';
import { agentState, startAgent, stopAgent } from '../../src/keys/agent.js';
import { seal } from '../../src/keys/box.js';
import { verifyBytes } from '../../src/keys/ed25519.js';
import { describeIdentity } from '../../src/keys/identity.js';
import { accountRole, openSecret, publicKeys } from '../../src/keys/keyring.js';
import { signingBytes } from '../../src/keys/signed.js';
import { poll } from '../script.js';

const folder = mkdtempSync(join(tmpdir(), '3bot-agent-'));
after(() => rmSync(folder, { recursive: true }));
let count = 0;
function fresh() {
  const run = join(folder, `run-${(count += 1)}`);
  mkdirSync(run, { mode: 0o700 });
  return { home: openHome(join(folder, String(count))), env: { XDG_RUNTIME_DIR: run } };
}
const SECRET = 'a'.repeat(32);
const record = canonical({ v: 1, grid: 'cd'.repeat(32), chain: `farm/${'ab'.repeat(20)}`, height: 1, prev: 'cd'.repeat(32), kind: 'admit@1', time: 1, body: { node: 'ab'.repeat(32) } });

/** An agent in this process, so that a test says what time it is. */
async function agentHere(clock = () => 0) {
  const { home, env } = fresh();
  const keyring = await openSecret('identity', 'alice', Buffer.from(SECRET));
  let hasEnded = false;
  const socket = join(runtimeFolder(home, env), 'agent.sock');
  const end = await serveAgent({ socket, keyrings: [keyring], until: 1_000, clock, ended: () => void (hasEnded = true) });
  return { home, env, keyring, socket, hasEnded: () => hasEnded, [Symbol.dispose]: end };
}

test("a keyring with the agent is like one in this process, and its socket is its owner's alone", async () => {
  using agent = await agentHere();
  assert.equal(statSync(agent.socket).mode & 0o777, 0o600);
  const state = await agentState(agent.home, agent.env);
  assert.equal(state?.until, 1_000);
  const held = state?.keyrings[0];
  assert.ok(held !== undefined && held.type === 'identity' && held.name === 'alice');
  assert.deepEqual(held.public, await publicKeys('identity', Buffer.from(SECRET)));
  for (const role of ['bot', 'wallet']) {
    assert.ok(verifyBytes(held.public[role] ?? '', signingBytes('record', record), await held.signer(role).sign('record', record)), role);
  }
  assert.equal(Buffer.from(await held.unseal(seal(held.public['sealing'] ?? '', Buffer.from('hello')))).toString(), 'hello');
});

test('the agent signs nothing that it cannot parse, and nothing that the role may not sign', async () => {
  using agent = await agentHere();
  const held = (await agentState(agent.home, agent.env))?.keyrings[0];
  assert.ok(held);
  await assert.rejects(held.signer('bot').sign('record', 'anything'), (thrown) => isProblem(thrown, 'malformed'));
  await assert.rejects(held.signer('bot').sign('checkpoint', 'anything'), (thrown) => isProblem(thrown, 'refused'));
  await assert.rejects(held.signer('wallet').sign('talk', '{}'), (thrown) => isProblem(thrown, 'refused'));
  await assert.rejects(held.unseal(Buffer.alloc(100)), (thrown) => isProblem(thrown, 'integrity'));
});

test("an account made while the agent runs signs there, and not under another key than the words give", async () => {
  using agent = await agentHere();
  const held = (await agentState(agent.home, agent.env))?.keyrings[0];
  assert.ok(held);
  const key = await held.account(3);
  assert.equal(key, await agent.keyring.account(3));
  assert.ok(verifyBytes(key, signingBytes('record', record), await held.signer(accountRole(3)).sign('record', record)));

  const identity = describeIdentity('alice', held.public);
  addAccount(agent.home, identity, { name: 'swapped', index: 4, key: 'ab'.repeat(32) });
  addAccount(agent.home, identity, { name: 'till', index: 3, key });
  const later = (await agentState(agent.home, agent.env))?.keyrings[0];
  assert.ok(await later?.signer(accountRole(3)).sign('record', record));
  await assert.rejects(later?.signer(accountRole(4)).sign('record', record) ?? Promise.resolve(), (thrown) => isProblem(thrown, 'integrity', 'keystore'));
});

test('an agent with caps signs up to them with every account of its words, and says so without a secret', async () => {
  const { home, env } = fresh();
  const keyring = await openSecret('identity', 'alice', Buffer.from(SECRET));
  const socket = join(runtimeFolder(home, env), 'agent.sock');
  const end = await serveAgent({ socket, keyrings: [keyring], until: 1_000, clock: () => 0, ended: () => undefined, caps: { per_command_stroops: '10', per_day_stroops: '15' } });
  const state = await agentState(home, env);
  const held = state?.keyrings[0];
  assert.ok(held !== undefined && state?.caps.left_stroops === '10');
  const transfer = (account: string, amount: number): string => canonical({ v: 1, grid: 'cd'.repeat(32), chain: `account/${account}`, height: 1, prev: 'cd'.repeat(32), kind: 'transfer@1', time: amount, body: { payers: [{ account, amount_stroops: `${amount}` }], to: 'ab'.repeat(32), memo: '' } });
  const [main, till] = [held.public['wallet'] ?? '', await held.account(7)];
  await held.signer('wallet').sign('record', transfer(main, 10));
  for (const [role, key, amount] of [['wallet', main, 11], [accountRole(7), till, 6]] as const) {
    await assert.rejects(held.signer(role).sign('record', transfer(key, amount)), (thrown) => isProblem(thrown, 'over_limit', 'cap') && !thrown.message.includes(SECRET));
  }
  await held.signer(accountRole(7)).sign('record', transfer(till, 5));
  assert.equal((await agentState(home, env))?.caps.left_stroops, '0');
  await held.signer('bot').sign('record', record);
  end();
});

/** What the agent says to raw bytes. */
async function raw(socket: string, bytes: string): Promise<string> {
  const connection = connect(socket);
  connection.on('error', () => undefined);
  connection.end(bytes);
  return text(connection).catch(() => '');
}

test('nonsense gets an error and the agent serves on', async () => {
  using agent = await agentHere();
  const ops = ['hello\n', '[]\n', 'null\n', '{}\n', '{"op":"export"}\n', '{"op":"sign","type":"identity","name":"alice"}\n',
    '{"op":"sign","type":"identity","name":"alice","role":"__proto__","signed":"record","payload":"{}"}\n', '{"op":"sign","type":"identity","name":"alice","role":"bot","signed":"constructor","payload":"{}"}\n',
    '{"op":"unseal","type":"identity","name":"alice","box":"***"}\n', '{"op":"sign","type":"farm","name":"alice","role":"farm","signed":"record","payload":"{}"}\n'];
  for (const op of ops) {
    const said = await raw(agent.socket, op);
    assert.match(said, /^\{"error":/, op);
    assert.ok(!said.includes(SECRET) && !said.includes(Buffer.from(SECRET).toString('hex')));
  }
  await raw(agent.socket, 'x'.repeat(5 * 1_048_576));
  await raw(agent.socket, '');
  assert.ok(await agentState(agent.home, agent.env));
});

test('at its time it overwrites the keys, takes its socket away and answers no more', async () => {
  let now = 0;
  using agent = await agentHere(() => now);
  const held = (await agentState(agent.home, agent.env))?.keyrings[0];
  now = 1_000;
  await assert.rejects(held?.signer('bot').sign('record', record) ?? Promise.resolve(), (thrown) => isProblem(thrown, 'locked'));
  await poll('the agent to end', () => agent.hasEnded());
  assert.equal(existsSync(agent.socket), false);
  assert.equal(await agentState(agent.home, agent.env), null);
  await assert.rejects(held?.signer('bot').sign('record', record) ?? Promise.resolve(), (thrown) => isProblem(thrown, 'locked'));
  await assert.rejects(agent.keyring.signer('bot').sign('record', record), (thrown) => isProblem(thrown, 'locked'));
});

test('it ends by itself without being asked', async () => {
  let now = 0;
  using agent = await agentHere(() => now);
  now = 1_001;
  await poll('the agent to end', () => agent.hasEnded());
});

test('an agent nobody can reach any more, because its socket is gone, ends', async () => {
  using agent = await agentHere();
  rmSync(agent.socket);
  await poll('the agent to end', () => agent.hasEnded());
});

test('as a process of its own it holds the keys until it is told to forget them', async () => {
  const { home, env } = fresh();
  const keys = await publicKeys('farm', Buffer.from(SECRET));
  const farm = { type: 'farm', name: 'north', public: keys, secret: Buffer.from(SECRET).toString('hex') } as const;
  await startAgent(home, env, [farm], Date.now() + 60_000);
  const held = (await agentState(home, env))?.keyrings[0];
  assert.ok(verifyBytes(keys['farm'] ?? '', signingBytes('record', record), await (held?.signer('farm').sign('record', record) ?? '')));
  // A second one takes the place of the first.
  await startAgent(home, env, [{ ...farm, name: 'south' }], Date.now() + 60_000);
  assert.deepEqual((await agentState(home, env))?.keyrings.map(({ name }) => name), ['south']);
  assert.equal(await stopAgent(home, env), true);
  assert.equal(await agentState(home, env), null);
  assert.equal(await stopAgent(home, env), false);
  await poll('its folder to go', () => readdirSync(env.XDG_RUNTIME_DIR).length === 0);
});

test('the file of a killed agent is in nobody’s way', async () => {
  const { home, env } = fresh();
  const path = join(runtimeFolder(home, env), 'agent.sock');
  writeFileSync(path, '');
  assert.equal(await agentState(home, env), null);
  assert.equal(runtimePath(home, env), join(path, '..'));
});
