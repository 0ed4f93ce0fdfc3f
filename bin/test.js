#!/usr/bin/env node
// Runs the compiled tests with node's own runner; arguments choose files by part of their path.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const wanted = process.argv.slice(2);
const files = readdirSync(`${root}dist/test`, { recursive: true })
  // What a test that was moved or removed was compiled to stays behind.
  .filter((file) => file.endsWith('.test.js') && existsSync(`${root}test/${file.slice(0, -2)}ts`) && (wanted.length === 0 || wanted.some((part) => file.includes(part))))
  .map((file) => `dist/test/${file}`)
  .sort();
if (files.length === 0) {
  process.stderr.write(`3bot: error: no test file matches ${wanted.join(' ')}\n`);
  process.exit(1);
}
// Into this folder test/printed.ts puts the name of each command whose --json output it has checked.
const seen = mkdtempSync(join(tmpdir(), '3bot-seen-'));
// Files that wait for processes of their own leave room for a third on two cores.
const done = spawnSync(process.execPath, ['--test', '--test-concurrency=3', '--test-reporter=spec', ...files], { cwd: root, stdio: 'inherit', env: { ...process.env, THREEBOT_TEST_SEEN: seen } });
const unseen = wanted.length > 0 ? [] : readdirSync(`${root}schemas/json`).map((file) => file.slice(0, -'.json'.length).replaceAll('.', ' ')).filter((words) => words !== 'shared' && !existsSync(join(seen, words)));
rmSync(seen, { recursive: true });
if (unseen.length > 0) process.stderr.write(`3bot: error: no test has run these with --json, so nothing holds their schemas true: ${unseen.join(', ')}\n`);
process.exit(unseen.length > 0 ? 1 : done.status ?? 1);
