// The other side of the HTTP figure: a process of its own with many clients, each sending one request after another.
// Told by IPC: { url, requests }, the bodies of each client's requests; sends them when told to go, answers with the time taken.
import { once } from 'node:events';
import { Client } from 'undici';

interface Work {
  readonly url: string;
  readonly path: string;
  /** Bodies by client. */
  readonly requests: readonly (readonly string[])[];
}

const [work] = (await once(process, 'message')) as [Work];
// An address each, as clients have; the server counts what one address sends.
const clients = work.requests.map((_, i) => new Client(work.url, { localAddress: `127.0.1.${i + 1}` }));
const headers = { 'content-type': 'application/json' };
process.send?.('ready');
await once(process, 'message');

const start = performance.now();
let refused = 0;
await Promise.all(clients.map(async (client, i) => {
  for (const body of work.requests[i] ?? []) {
    const answer = await client.request({ method: 'POST', path: work.path, headers, body });
    const text = await answer.body.text();
    if (answer.statusCode !== 200 || text.includes('"status"')) refused += 1;
  }
}));
process.send?.({ ms: performance.now() - start, refused });
await Promise.all(clients.map((client) => client.close()));
process.disconnect();
