import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { inspect } from 'node:util';
import { test } from 'node:test';
import { processIo } from '../../src/cli/io.js';

test('the passphrase leaves the environment when it is read, so that no child process gets it', () => {
  process.env['THREEBOT_PASSPHRASE'] = 'hunter2';
  const io = processIo();
  assert.equal(io.passphrase(), 'hunter2');
  assert.equal(process.env['THREEBOT_PASSPHRASE'], undefined);
  assert.equal(io.env['THREEBOT_PASSPHRASE'], undefined);
  assert.doesNotMatch(execFileSync('env', { encoding: 'utf8' }), /hunter2/);
  assert.doesNotMatch(inspect({ env: io.env, passphrase: io.passphrase }), /hunter2/);
});
