// Ten thousand clients in one process of their own, from many addresses of this machine; says over IPC what they saw.
//
//   half-open  connect and say nothing        slow  send half a head        follow  a long poll each
import { createHash } from 'node:crypto';
import { connect } from 'node:net';

/** What the clients have seen so far. */
export interface Seen {
  readonly open: number;
  readonly closed: number;
  readonly answered: number;
  /** Hashes of the different answers. */
  readonly answers: readonly string[];
}

const [, , mode, count, port, path, addresses] = process.argv;
if (mode !== undefined) crowd(mode, Number(count), Number(port), path ?? '/', Number(addresses));

function crowd(mode: string, count: number, port: number, path: string, addresses: number): void {
  let [open, closed, answered, started] = [0, 0, 0, 0];
  const answers = new Set<string>();
  const say = (): void => void process.send?.({ open, closed, answered, answers: [...answers] } satisfies Seen);
  setInterval(say, 50);
  process.once('disconnect', () => process.exit());
  const start = (): void => {
    if (started === count) return;
    const localAddress = `127.0.0.${2 + (started % addresses)}`;
    started += 1;
    let text = '';
    const socket = connect({ port, host: '127.0.0.1', localAddress }, () => {
      open += 1;
      if (mode === 'slow') socket.write('GET /v1/health HTTP/1.1\r\nhost: x\r\nx-slow: ');
      if (mode === 'follow') socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
      start();
    });
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1'); // lengths are of bytes
      const end = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: ([0-9]+)/i.exec(text)?.[1] ?? Infinity);
      // A poll that came just after the news is answered in chunks.
      if (end < 0 || (text.length < end + 4 + length && !text.endsWith('\r\n0\r\n\r\n'))) return;
      answered += 1;
      answers.add(createHash('sha256').update((text.match(/^\{.*\}/gm) ?? []).join('\n')).digest('hex'));
      text = '';
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      closed += 1;
      start();
    });
  };
  // Some connections under way at a time: more would overrun the queue of the one who accepts.
  for (let i = 0; i < 50; i += 1) start();
}
