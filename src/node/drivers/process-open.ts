// A command beside a workload of the driver `process`, with an operator at its streams.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { OpenCommand, Printed } from '../driver.js';
import type { ProcessSpec } from './process-files.js';

/** Starts the words in the workload's folder with its environment, in a group of their own. What cannot be started ends with 126 or 127. */
export function openBeside({ folder, env }: Pick<ProcessSpec, 'folder' | 'env'>, [program = '', ...args]: readonly string[]): OpenCommand {
  const child = spawn(program, args, { cwd: folder, env, detached: true, stdio: 'pipe' });
  const ended = new Promise<number>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EACCES' ? 126 : 127));
    child.once('exit', (code, name) => resolve(code ?? 128 + (name === null ? 0 : constants.signals[name])));
  });
  // It may end before it has read all.
  child.stdin.on('error', () => undefined);
  return {
    output: merged(child.stdout, child.stderr),
    async write(bytes) {
      if (!child.stdin.writable || child.stdin.write(bytes)) return;
      await Promise.race([once(child.stdin, 'drain').catch(() => undefined), once(child.stdin, 'close'), ended]);
    },
    end: () => void child.stdin.end(),
    resize: async () => undefined,
    exitCode: () => ended,
    async [Symbol.asyncDispose]() {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // Nobody is left in its group.
      }
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
      await ended;
    },
  };
}

type Stream = AsyncIterable<Buffer>;

/** Two streams as one, each part as it comes. */
async function* merged(stdout: Stream, stderr: Stream): AsyncGenerator<Printed> {
  const sources = ([['stdout', stdout], ['stderr', stderr]] as const).map(([stream, from]) => ({ stream, from: from[Symbol.asyncIterator]() }));
  const next = async (source: (typeof sources)[number]) => ({ source, part: await source.from.next() });
  const waiting = new Map(sources.map((source) => [source, next(source)]));
  while (waiting.size > 0) {
    const { source, part } = await Promise.race(waiting.values());
    if (part.done === true) waiting.delete(source);
    else {
      waiting.set(source, next(source));
      yield { stream: source.stream, bytes: part.value };
    }
  }
}
