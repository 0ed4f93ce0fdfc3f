// Large answers that nobody reads are bounded together.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import Fastify from 'fastify';
import { isProblem } from '../../src/base/errors.js';
import { MIN_COUNTED_BYTES } from '../../src/base/limits.js';
import { Budget } from '../../src/net/answers.js';
import { countAnswers } from '../../src/net/held.js';
import { until } from './homes.js';

/** More than the system's own buffers take from a server whose client does not read. */
const LARGE = 16 * 1_048_576;

test('a large answer counts until it was read or its reader is gone; when too many wait, the next is busy', async () => {
  const buffered = new Budget(LARGE);
  const app = Fastify();
  app.setErrorHandler((thrown, _request, reply) => reply.code(isProblem(thrown, 'busy', 'buffered') ? 503 : 500).send('no'));
  countAnswers(app, buffered);
  app.get('/large', (_request, reply) => reply.type('text/plain').send('x'.repeat(LARGE)));
  app.get('/small', (_request, reply) => reply.type('text/plain').send('x'.repeat(MIN_COUNTED_BYTES - 1)));
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  try {
    const idle = connect(port, '127.0.0.1');
    idle.pause();
    await once(idle, 'connect');
    idle.write('GET /large HTTP/1.1\r\nhost: x\r\n\r\n');
    await until(() => buffered.used === LARGE);
    assert.equal((await fetch(`http://127.0.0.1:${port}/large`)).status, 503);
    assert.equal((await fetch(`http://127.0.0.1:${port}/small`)).status, 200);
    idle.destroy();
    await until(() => buffered.used === 0);
    const read = await fetch(`http://127.0.0.1:${port}/large`);
    assert.equal((await read.text()).length, LARGE);
    await until(() => buffered.used === 0);
  } finally {
    app.server.closeAllConnections();
    await app.close();
  }
});
