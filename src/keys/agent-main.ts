// The unlock agent's process. Everything it needs comes over stdin: nothing secret is in its arguments or environment.
import { text } from 'node:stream/consumers';
import { systemClock } from '../base/clock.js';
import { messageOf } from '../base/errors.js';
import { serveAgent } from './agent-server.js';
import type { AgentStart } from './agent.js';
import { openSecret } from './keyring.js';

try {
  const start = JSON.parse(await text(process.stdin)) as AgentStart;
  const keyrings = await Promise.all(start.keyrings.map(({ type, name, public: keys, secret }) => openSecret(type, name, Buffer.from(secret, 'hex'), keys)));
  const end = await serveAgent({
    socket: start.socket,
    keyrings,
    until: start.until,
    caps: start.caps,
    clock: systemClock,
    ended: () => process.exit(0),
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, end);
  process.stdout.end('ready\n');
} catch (thrown) {
  process.stdout.end(`${messageOf(thrown)}\n`);
  process.exitCode = 1;
}
