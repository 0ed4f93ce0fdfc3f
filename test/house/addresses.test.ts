// Wherever a Stellar address is shown it is said whose money stands behind it.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const SAYS = /ADDRESS_NOTE|GRID_MONEY|identityText|not Stellar's/;
/** Shows one only to say what went wrong. */
const IN_A_PROBLEM = ['farm/claim.ts'];

test("a command that shows an address says that its TFT is the grid's, not Stellar's", () => {
  const files = readdirSync('commands', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts') && !IN_A_PROBLEM.includes(name));
  const showing = files.filter((name) => /addressOf\(|identityText\(/.test(readFileSync(join('commands', name), 'utf8')));
  assert.deepEqual(showing.filter((name) => !SAYS.test(readFileSync(join('commands', name), 'utf8'))), []);
  assert.ok(showing.length >= 10, showing.join(', '));
});
