// The other side of the figure of polls: connections that ask the same again and again for two seconds. Requests are
// sent eight at a time on each (HTTP pipelining), so that asking costs less than answering.
import { connect } from 'node:net';

const CONNECTIONS = 32;
const AT_ONCE = 8;
const MS = 2_000;

const [, , port, path] = process.argv;
const request = Buffer.from(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`.repeat(AT_ONCE));
const HEAD = Buffer.from('HTTP/1.1 200');
let answers = 0;
const began = performance.now();
for (let i = 0; i < CONNECTIONS; i += 1) {
  const socket = connect({ port: Number(port), host: '127.0.0.1', localAddress: `127.0.1.${1 + i}` }, () => socket.write(request));
  let open = AT_ONCE;
  socket.on('data', (bytes) => {
    for (let at = bytes.indexOf(HEAD); at >= 0; at = bytes.indexOf(HEAD, at + HEAD.length)) {
      answers += 1;
      open -= 1;
    }
    if (open > 0) return;
    open = AT_ONCE;
    socket.write(request);
  });
}
setTimeout(() => process.send?.({ answers, ms: performance.now() - began }), MS);
