// Health checks side by side: those that hang keep only their own contract waiting.
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { MAX_HEALTH_CHECKS } from '../../../src/base/limits.js';
import type { Driver } from '../../../src/node/driver.js';
import { Checker, type Patient } from '../../../src/node/life/checker.js';

test('a contract all of whose checks hang does not keep another from being seen healthy', { timeout: 20_000 }, async (t) => {
  const stop = new AbortController();
  // Takes connections, and never answers.
  const server = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  t.after(() => {
    stop.abort();
    server.close();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const patient = (contract: string, workload: string, type: 'http' | 'tcp'): Patient => ({
    ref: { contract, workload }, started: 1, known: null, check: { type, port, ...(type === 'http' ? { path: '/' } : {}), start_ms: 0, interval_ms: 1_000, timeout_ms: 60_000, retries: 1 },
  });
  const honest = 'b'.repeat(40);
  const healthy = new Promise<void>((resolve) => {
    const checker: Checker = new Checker({ driver: { address: async () => '127.0.0.1' } as unknown as Driver, clock: Date.now, signal: stop.signal }, () => {
      if (checker.health.get(`${honest}/web`)?.health === 'healthy') resolve();
    });
    checker.watch([...Array.from({ length: 2 * MAX_HEALTH_CHECKS }, (_, i) => patient('a'.repeat(40), `web-${i}`, 'http')), patient(honest, 'web', 'tcp')]);
  });
  await healthy;
});
