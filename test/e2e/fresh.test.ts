// On a machine where nothing was set up yet, commands say at once what to do next, and make nothing.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { bot, tempHome } from '../script.js';

for (const [args, code, next] of [
  [[], 0, /3bot identity create/],
  [['reserve', '--cpu', '4', '--sru', '100'], 5, /3bot: hint: 3bot identity create/],
  [['node', 'watch'], 2, /3bot: hint: 3bot node join/],
  [['status'], 0, /3bot identity create/],
  [['explore'], 5, /3bot: hint: 3bot identity create/],
  [['serve'], 5, /3bot: hint: 3bot identity create/],
] as const) {
  test(`3bot ${args.join(' ')} exits ${code} with the next step`.replace('  ', ' '), async () => {
    const home = tempHome();
    const run = await bot(args, { home, passphrase: null });
    assert.equal(run.code, code, run.stderr);
    assert.match(run.stdout + run.stderr, next);
    assert.equal(existsSync(home), false, 'it made something');
  });
}
