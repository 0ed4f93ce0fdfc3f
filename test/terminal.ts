// Runs 3bot at a real (pseudo) terminal by util-linux's script(1), and types at it.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { assertNoLeak, environment, type RunOptions } from './script.js';

const BINARY = fileURLToPath(new URL('../../bin/3bot.js', import.meta.url));

/** What a session showed, stdout and stderr together as on a screen, and how it ended. */
export interface Session {
  readonly code: number | null;
  readonly screen: string;
}

/**
 * Runs 3bot at a terminal; each answer is typed once its question shows.
 * @param answers pairs of what must show and what is then typed; `\r` is Enter, `\u0003` Ctrl-C
 */
export async function terminal(args: readonly string[], options: RunOptions, answers: readonly (readonly [RegExp, string])[] = []): Promise<Session> {
  const quoted = [process.execPath, BINARY, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command', quoted, '/dev/null'], {
    env: { ...environment(options), TERM: 'xterm', SHELL: '/bin/sh' }, stdio: ['pipe', 'pipe', 'inherit'], timeout: 60_000,
  });
  child.stdin.on('error', () => undefined);
  const left = [...answers];
  let screen = '';
  let seen = 0;
  child.stdout.on('data', (chunk) => {
    screen += String(chunk);
    const match = left[0]?.[0].exec(screen.slice(seen));
    if (match === null || match === undefined) return;
    seen = screen.length;
    child.stdin.write(left.shift()?.[1] ?? '');
  });
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  assertNoLeak(screen);
  return { code, screen };
}
