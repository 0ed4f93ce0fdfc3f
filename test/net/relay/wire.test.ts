import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { WebSocketServer } from 'ws';
import { isProblem } from '../../../src/base/errors.js';
import { dial } from '../../../src/net/relay/wire.js';

test('a connection ends with its signal, before it is open and for as long as it lasts', async () => {
  // It takes calls and says nothing.
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, path: '/v1/relay' });
  await once(server, 'listening');
  const relay = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  try {
    await assert.rejects(dial(relay, AbortSignal.abort()), (thrown) => isProblem(thrown, 'interrupted'));
    const stop = new AbortController();
    using wire = await dial(relay, stop.signal);
    const next = wire.next();
    stop.abort();
    assert.equal(await next, null);
  } finally {
    for (const client of server.clients) client.terminate();
    await new Promise((resolve) => server.close(resolve));
  }
});
