// The README's screens are one session; here it is run, word for word, and its answers have the shapes shown.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { bot, tempHome } from '../script.js';
import { GRID_MS } from './here.js';

const README = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

interface Turn {
  readonly command: string;
  readonly answer: string[];
}

function turnsOf(lines: readonly string[]): Turn[] {
  const turns: Turn[] = [];
  for (const line of lines) {
    if (line.startsWith('$ ')) turns.push({ command: line.slice(2), answer: [] });
    else turns.at(-1)?.answer.push(line);
  }
  return turns;
}

/** A line without what differs from run to run: ids, addresses, numbers, times, folders, the width of columns. */
function shapeOf(line: string): string {
  return line
    .replaceAll(/\/\S*\/3bot-dev-\w+/g, 'FOLDER')
    .replaceAll(/\b[0-9a-f]{8,}\b/g, 'ID')
    .replaceAll(/\bG[A-Z2-7]{55}\b/g, 'ADDRESS')
    .replaceAll(/did:key:\w+/g, 'DID')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/\d+(\.\d+)?/g, 'N')
    .replaceAll(/ +/g, ' ')
    .trimEnd();
}

/** A port that nobody listens at. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

test("the README's sessions hold, line for line, and dev run gives the command's exit code", async () => {
  // Blocks further down go on where the first one ended.
  const blocks = [...README.matchAll(/```console\n([^`]*)```/g)].map(([, block = '']) => block.trimEnd());
  const shown = turnsOf(blocks.join('\n').replaceAll('127.0.0.1:7447', `127.0.0.1:${await freePort()}`).split('\n'));
  assert.ok(shown.length >= 5, 'the README has no session');
  const home = tempHome();
  const script = join(dirname(home), 'session.sh');
  // At a pseudo terminal, as a person sees it.
  writeFileSync(script, [...shown.flatMap(({ command }) => [`echo '$ ${command.replaceAll("'", "'\\''")}'`, `{ ${command}\n} || exit 1`]), 'exit 7', ''].join('\n'));
  const run = await bot(['dev', 'run', '--', 'script', '--quiet', '--return', '--command', `sh ${script}`, '/dev/null'], { home, env: { TMPDIR: dirname(home), NO_COLOR: '1', TERM: 'xterm', SHELL: '/bin/sh' }, timeoutMs: 2 * GRID_MS });
  const seen = turnsOf(run.stdout.replaceAll('\r', '').trimEnd().split('\n'));
  for (const [i, { command, answer }] of shown.entries()) assert.deepEqual(seen[i]?.answer.map(shapeOf), answer.map(shapeOf), command);
  assert.equal(run.code, 7, run.stderr);
});
