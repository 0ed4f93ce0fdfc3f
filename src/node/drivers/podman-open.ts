// A command in a container with an operator at its streams: podman's exec, whose answer becomes a connection.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { OpenCommand, OpenWish, Printed } from '../driver.js';
import type { PodmanApi } from './podman-api.js';
import { FRAME_BYTES, inspect, kill } from './podman-exec.js';

const STDERR = 2;

/** Starts the words in a container. @throws Problem `failed` with podman's words, `unreachable`, `interrupted` */
export async function openInside(api: PodmanApi, container: string, { words, terminal }: OpenWish, signal: AbortSignal): Promise<OpenCommand> {
  const body = { Cmd: words, AttachStdin: true, AttachStdout: true, AttachStderr: true, Tty: terminal !== null, ...(terminal === null ? {} : { Env: ['TERM=xterm-256color'] }) };
  const { Id } = (await api.json({ method: 'POST', path: `/containers/${container}/exec`, body, signal })) as { Id: string };
  const size = terminal === null ? {} : { w: terminal.columns, h: terminal.rows };
  const socket = await api.hijack(`/exec/${Id}/start`, { Detach: false, Tty: terminal !== null, ...size }, signal);
  socket.on('error', () => undefined);
  return {
    output: terminal === null ? unframed(socket) : whole(socket),
    async write(bytes) {
      if (socket.writable && !socket.write(bytes)) await Promise.race([once(socket, 'drain').catch(() => undefined), once(socket, 'close')]);
    },
    end: () => void socket.end(),
    async resize({ columns, rows }) {
      // Just before it starts, or after its end, there is no terminal: podman says 409 or 500, and nobody minds.
      await api.call({ method: 'POST', path: `/exec/${Id}/resize`, query: { w: String(columns), h: String(rows) }, signal, accept: [404, 409, 500] });
    },
    exitCode: async () => (await inspect(api, Id, AbortSignal.timeout(5_000))).ExitCode,
    async [Symbol.asyncDispose]() {
      socket.destroy();
      await kill(api, Id, container).catch(() => undefined);
    },
  };
}

async function* whole(socket: Socket): AsyncGenerator<Printed> {
  for await (const bytes of socket as AsyncIterable<Buffer>) yield { stream: 'stdout', bytes };
}

/** Each part comes behind 8 bytes: stream, three zeros, length (big-endian). A part is given out as far as it is there. */
async function* unframed(socket: Socket): AsyncGenerator<Printed> {
  let rest: Buffer = Buffer.alloc(0);
  let left = 0;
  let stream: Printed['stream'] = 'stdout';
  for await (const bytes of socket as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    while (left > 0 ? rest.length > 0 : rest.length >= FRAME_BYTES) {
      if (left === 0) {
        stream = rest[0] === STDERR ? 'stderr' : 'stdout';
        left = rest.readUInt32BE(4);
        rest = rest.subarray(FRAME_BYTES);
      }
      const part = rest.subarray(0, left);
      left -= part.length;
      rest = rest.subarray(part.length);
      if (part.length > 0) yield { stream, bytes: part };
    }
  }
}
