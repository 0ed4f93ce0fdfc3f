import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import type { Flags, Io } from '../../src/cli/io.js';
import { createPrompt } from '../../src/cli/prompt.js';

const FLAGS: Flags = { json: false, quiet: false, yes: false, input: true, color: true, home: undefined, passphraseFile: undefined };
function prompt(terminal: Partial<Io['terminal']>, flags: Partial<Flags>) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const io: Io = { stdin, stdout, stderr, env: {}, terminal: { stdin: true, stdout: true, stderr: true, ...terminal }, passphrase: () => undefined, forgetPassphrase: () => undefined };
  return { ...createPrompt(io, { ...FLAGS, ...flags }, new AbortController().signal), written: () => `${String(stdout.read() ?? '')}${String(stderr.read() ?? '')}` };
}

for (const [what, terminal, flags] of [
  ['stdin is no terminal', { stdin: false }, {}], ['stderr is no terminal', { stderr: false }, {}], ['--no-input was given', {}, { input: false }],
] as const) {
  test(`nothing is asked when ${what}: the flag is named`, async () => {
    const { possible, text, secret, choose, confirm, written } = prompt(terminal, flags);
    assert.equal(possible, false);
    for (const asked of [text('Name?', '--name'), secret('Name?', '--name'), choose('Name?', [{ value: 'a', name: 'a' }], '--name')]) {
      await assert.rejects(asked, (thrown) => isProblem(thrown, 'usage', 'no_input') && thrown.hint === 'give --name');
    }
    await assert.rejects(confirm('Go on?'), (thrown) => isProblem(thrown, 'usage') && thrown.hint === 'give --yes');
    assert.equal(written(), '');
  });
}

test('--yes answers a question without asking', async () => {
  const { confirm, written } = prompt({ stdin: false }, { yes: true });
  await confirm('Go on?');
  assert.equal(written(), '');
});
