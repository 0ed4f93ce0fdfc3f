// Health checks against servers that a tenant might write.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import type { AddressInfo } from 'node:net';
import type { Driver } from '../../../src/node/driver.js';
import { checkOnce } from '../../../src/node/life/checks.js';
import type { HealthCheck } from '../../../src/schema/types.js';

describe('a check by HTTP is over', () => {
  const table: readonly (readonly [title: string, said: string, expected: RegExp | null])[] = [
    ['with an answer', 'HTTP/1.1 204 No Content\r\n\r\n', null],
    ['with a redirection, which is not followed', 'HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n', null],
    ['with an answer without end', `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(100_000)}`, null],
    ['with a refusal', 'HTTP/1.1 503 Not Now\r\n\r\n', /answers 503/],
    ['when the other end changes the protocol', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n', /without an answer|hang up/],
    ['when the other end says nonsense', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', /./],
    ['after its time when nothing comes', '', /no answer within 300 ms/],
    ['after its time when promises come', 'HTTP/1.1 103 Early Hints\r\n\r\n', /no answer within 300 ms/],
  ];
  for (const [title, said, expected] of table) {
    test(title, { timeout: 20_000 }, async () => {
      const server = createServer((socket) => socket.on('error', () => undefined).once('data', () => void socket.write(said))).listen(0, '127.0.0.1');
      await once(server, 'listening');
      try {
        const check: HealthCheck = { type: 'http', port: (server.address() as AddressInfo).port, path: '/', start_ms: 0, interval_ms: 1_000, timeout_ms: 300, retries: 1 };
        const finding = await checkOnce({} as Driver, { contract: 'c'.repeat(40), workload: 'web' }, '127.0.0.1', check, AbortSignal.timeout(10_000));
        if (expected === null) assert.equal(finding, null);
        else assert.match(finding ?? 'healthy', expected);
      } finally {
        server.close();
      }
    });
  }
});
