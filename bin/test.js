#!/usr/bin/env node
// Runs the compiled tests with node's own runner; arguments choose files by part of their path.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
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
const done = spawnSync(process.execPath, ['--test', '--test-concurrency=2', '--test-reporter=spec', ...files], { cwd: root, stdio: 'inherit' });
process.exit(done.status ?? 1);
