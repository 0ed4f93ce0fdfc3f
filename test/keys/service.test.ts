import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import type { Flags, Io } from '../../src/cli/io.js';
import { createPrompt } from '../../src/cli/prompt.js';
import { openHome } from '../../src/home.js';
import { ServiceKeys } from '../../src/keys/service.js';
import { createKeyring, openKeyring, type Unlocker } from '../../src/keys/unlock.js';
import { environment, tempHome } from '../script.js';

const CHEAP = { n: 16_384, r: 8, p: 1 };

/** A command's context in a home with an identity, a farm and a node. */
async function unlocker(): Promise<Unlocker> {
  const home = tempHome();
  let passphrase: string | undefined = 'secret';
  const flags: Flags = { json: false, quiet: false, yes: false, input: false, color: false, home, passphraseFile: undefined };
  const terminal = { stdin: false, stdout: false, stderr: false };
  const io: Io = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, terminal, env: environment({ home, passphrase: null }), passphrase: () => passphrase, forgetPassphrase: () => void (passphrase = undefined) };
  const context = { home: openHome(home), io, flags, prompt: createPrompt(io, flags, new AbortController().signal) };
  for (const [type, name] of [['identity', 'alice'], ['farm', 'sunny'], ['node', 'cellar']] as const) await createKeyring(context, type, name, randomBytes(32), CHEAP);
  return context;
}

test('a service opens no identity, though the passphrase is at hand', async () => {
  const context = await unlocker();
  const keys = new ServiceKeys(context);
  assert.equal((await openKeyring(context, 'identity', 'alice')).name, 'alice');
  await assert.rejects(keys.open('identity', 'alice'), /a service opens no identity/);
  await keys.close();
});

test('once closed, what is open signs, and nothing more opens', async () => {
  const context = await unlocker();
  const keys = new ServiceKeys(context);
  const farm = await keys.open('farm', 'sunny');
  await keys.close();
  assert.equal(await keys.open('farm', 'sunny'), farm);
  await farm.signer('farm').sign('talk', '{}');
  await assert.rejects(keys.open('node', 'cellar'), (thrown) => isProblem(thrown, 'locked'));
  assert.equal(context.io.passphrase(), undefined);
  await assert.rejects(openKeyring(context, 'identity', 'alice'), (thrown) => isProblem(thrown, 'locked', 'no_passphrase'));
});
