#!/usr/bin/env node
// Makes a fresh clone ready: checks what the native modules need, installs what is missing, builds what is stale.
// Plain JavaScript without dependencies, because it runs before there are any.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const buildOnly = process.argv.includes('--build-only');

/** @param isTalkative its words are shown only where it fails */
function run(command, args, isTalkative = false) {
  // The conversation belongs on stderr: stdout is for the result of what comes after.
  const done = spawnSync(command, args, { cwd: root, stdio: ['ignore', isTalkative ? 'pipe' : 2, isTalkative ? 'pipe' : 2], maxBuffer: 64 * 1_048_576 });
  if (isTalkative && done.status !== 0) process.stderr.write(`${done.stdout}${done.stderr}`);
  if (done.error) fail(`cannot run ${command}: ${done.error.message}`);
  if (done.status !== 0) fail(`${command} ${args.join(' ')} ended with ${done.status ?? done.signal}`);
}

function fail(message, hint) {
  process.stderr.write(`3bot: error: ${message}\n${hint ? `3bot: hint: ${hint}\n` : ''}`);
  process.exit(1);
}

function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 12)) fail(`needs Node.js 20.12 or newer, this is ${process.versions.node}`);

/** Whether every package of the lock file is there in its version; optional ones are for other machines. */
function isInstalled() {
  const there = join(root, 'node_modules', '.package-lock.json');
  // An install that was broken off leaves the packages without what is compiled last.
  if (!existsSync(there) || !existsSync(join(root, 'node_modules', 'better-sqlite3', 'build', 'Release', 'better_sqlite3.node'))) return false;
  const packagesOf = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;
  const installed = packagesOf(there);
  return Object.entries(packagesOf(join(root, 'package-lock.json'))).every(
    ([path, entry]) => path === '' || entry.optional || installed[path]?.version === entry.version,
  );
}

if (!buildOnly && !isInstalled()) {
  const missing = ['python3', 'make', 'g++'].filter((tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).error);
  if (missing.length > 0) fail(`better-sqlite3 is compiled here and needs ${missing.join(', ')}`, 'apt-get install -y python3 make g++');
  const headers = join(process.execPath, '..', '..');
  // Where Node came with its headers they are used; without them node-gyp would download them.
  if (existsSync(join(headers, 'include', 'node', 'node.h'))) process.env.npm_config_nodedir ??= headers;
  process.stderr.write('3bot: installing packages (once, about a minute)\n');
  run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts']);
  // Only this one package's install script is wanted; ours would run this file again.
  run('npm', ['rebuild', 'better-sqlite3', '--foreground-scripts', '--loglevel=error'], true);
}

const stamp = join(root, 'dist', '.tsbuildinfo');
const sources = ['src', 'commands', 'schemas', 'test', 'tsconfig.json', 'package-lock.json'].map((name) => join(root, name));
if (!existsSync(stamp) || sources.some((path) => newest(path) > statSync(stamp).mtimeMs)) {
  if (!existsSync(join(root, 'node_modules', 'typescript'))) {
    if (buildOnly) process.exit(0);
    fail('typescript is not installed', 'npm ci');
  }
  process.stderr.write('3bot: building\n');
  run(process.execPath, ['src/schema/generate.mjs']);
  run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.']);
  run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'src/explorer/page']);
  run(process.execPath, ['src/explorer/page/build.mjs']);
}
