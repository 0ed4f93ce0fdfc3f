import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { Problem, type ProblemCode } from '../../src/base/errors.js';
import { MAX_ANSWER_BYTES } from '../../src/base/limits.js';
import { Client } from '../../src/net/client.js';
import { answerOf, problemFrom, STATUSES } from '../../src/net/problems.js';

const GRID = 'ab'.repeat(32);

/** A server of our own making, that answers as it likes. */
async function serving(answer: RequestListener): Promise<{ client: Client; server: Server } & AsyncDisposable> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new Client({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  return {
    client,
    server,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      server.closeAllConnections();
      server.close();
    },
  };
}

test('a Problem comes back over the wire as the same Problem, but for those that would be about us', () => {
  const ours: Partial<Record<ProblemCode, ProblemCode>> = { usage: 'malformed', interrupted: 'unreachable', locked: 'failed' };
  for (const code of Object.keys(STATUSES) as ProblemCode[]) {
    const answer = answerOf(new Problem(code, 'why', { reason: 'word', hint: 'do this' }));
    assert.equal(answer.status, STATUSES[code]);
    const back = problemFrom(JSON.parse(JSON.stringify(answer)));
    assert.deepEqual([back?.code, back?.message, back?.reason, back?.hint], [ours[code] ?? code, 'why', 'word', 'do this']);
  }
});

test('a problem with a code of another release is a failure', () => {
  assert.equal(problemFrom({ ...answerOf(new Problem('refused', 'x')), code: '__proto__' })?.code, 'failed');
  assert.equal(problemFrom({ code: 'refused' }), undefined);
});

test('whatever a stranger answers that is no 3bot is unreachable, and never more than the bound is read', async (t) => {
  const cases: [string, RequestListener, RegExp][] = [
    ['another page', (_, answer) => answer.end('<html>'), /no JSON/],
    ['another status', (_, answer) => answer.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), /status 302/],
    ['JSON of another shape', (_, answer) => answer.end('{"ok":true}'), /does not have its shape/],
    ['an error page', (_, answer) => answer.writeHead(500).end('{"code":"integrity"}'), /status 500/],
    ['a connection that breaks', (_, answer) => { answer.write('{'); answer.socket?.destroy(); }, /cannot be reached/],
    ['an answer without end', (_, answer) => { answer.write('['); const more = (): void => { while (!answer.destroyed && answer.write('1'.repeat(65_536))); }; answer.on('drain', more); more(); }, new RegExp(`more than ${MAX_ANSWER_BYTES} bytes`)],
  ];
  for (const [what, answer, expected] of cases) {
    await t.test(what, async () => {
      await using served = await serving(answer);
      await assert.rejects(served.client.grids(), (thrown) => thrown instanceof Problem && thrown.code === 'unreachable' && expected.test(thrown.message));
    });
  }
});

test('lines of a wrong shape are not handed on', async (t) => {
  const line = JSON.stringify({ payload: '{}', signatures: [], at: 1 });
  const cases: [string, string][] = [
    ['nothing at all', ''],
    ['no trailer', `${line}\n`],
    ['a line that is none', `{"payload":1}\n{"checkpoint":"","consistency":[]}\n`],
    ['more after the trailer', `{"checkpoint":"","consistency":[]}\n${line}\n`],
    ['a proof without end', JSON.stringify({ checkpoint: '', consistency: Array.from({ length: 65 }, () => `${'A'.repeat(43)}=`) })],
  ];
  for (const [what, text] of cases) {
    await t.test(what, async () => {
      await using served = await serving((_, answer) => answer.end(text));
      await assert.rejects(served.client.lines(GRID, 0), { code: 'unreachable', reason: 'nonsense' });
    });
  }
});

test('verdicts must be as many as the records', async () => {
  await using served = await serving((_, answer) => answer.end('{"outcomes":[]}'));
  await assert.rejects(served.client.submit(GRID, [{ payload: '{}', signatures: [] }]), { code: 'unreachable', reason: 'nonsense' });
});

test('an interruption ends a request with its own reason', async () => {
  const stop = new AbortController();
  await using served = await serving(() => stop.abort(new Problem('interrupted', 'stopped')));
  await assert.rejects(served.client.grids(stop.signal), { code: 'interrupted' });
});

test('nobody there: the address and what to try are named', async () => {
  await using client = new Client({ url: 'http://127.0.0.1:9' });
  await assert.rejects(client.health(), (thrown) => thrown instanceof Problem && thrown.code === 'unreachable' && /127\.0\.0\.1:9 .*ECONNREFUSED/.test(thrown.message) && thrown.hint !== undefined);
});
