// One JSON line each way over a local socket, bounded in size and time.
import type { Socket } from 'node:net';
import { Problem } from '../base/errors.js';
import { AGENT_TIMEOUT_MS, MAX_AGENT_LINE_BYTES } from '../base/limits.js';

/**
 * The first line that arrives, parsed.
 * @throws Problem `unreachable` when it does not come in time or the other side hangs up; `malformed` when it is too
 * long or no JSON object
 */
export function readLine(socket: Socket): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    // The whole line must be there in time: one byte now and then must not hold the connection.
    const timer = setTimeout(() => fail(new Problem('unreachable', 'no answer in time')), AGENT_TIMEOUT_MS);
    const done = () => {
      clearTimeout(timer);
      socket.off('data', take).off('close', closed).off('error', fail);
    };
    const fail = (error: Error) => {
      done();
      reject(error);
    };
    const closed = () => fail(new Problem('unreachable', 'the other side hung up'));
    const take = (chunk: Buffer) => {
      const end = chunk.indexOf(0x0a);
      chunks.push(end === -1 ? chunk : chunk.subarray(0, end));
      size += chunk.length;
      if (size > MAX_AGENT_LINE_BYTES) return fail(new Problem('malformed', 'the line is too long'));
      if (end === -1) return;
      done();
      try {
        const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
        if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new Error('no object');
        resolve(value as Record<string, unknown>);
      } catch (cause) {
        reject(new Problem('malformed', 'the line is no JSON object', { cause }));
      }
    };
    socket.on('data', take).once('close', closed).once('error', fail);
  });
}

/** An object as one line. */
export function writeLine(socket: Socket, value: object): void {
  socket.write(`${JSON.stringify(value)}\n`);
}
