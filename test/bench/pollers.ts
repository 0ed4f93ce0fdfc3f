// The other side of the figure of polls: connections that ask the same again and again for two seconds, one
// request after the other on each: a server closes a connection that does not wait for its answer.
import { connect } from 'node:net';

const CONNECTIONS = 128;
const MS = 2_000;

const [, , port, path] = process.argv;
const request = Buffer.from(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
const HEAD = Buffer.from('HTTP/1.1 200');
let answers = 0;
const began = performance.now();
for (let i = 0; i < CONNECTIONS; i += 1) {
  const socket = connect({ port: Number(port), host: '127.0.0.1', localAddress: `127.0.1.${1 + i}` }, () => socket.write(request));
  socket.on('data', (bytes) => {
    if (!bytes.subarray(0, HEAD.length).equals(HEAD)) return; // the rest of an answer
    answers += 1;
    socket.write(request);
  });
}
setTimeout(() => process.send?.({ answers, ms: performance.now() - began }), MS);
