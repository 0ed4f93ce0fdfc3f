// The unlock agent's side: holds opened keyrings, signs what it can parse, forgets in time.
import { existsSync, rmSync, rmdirSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { fromBase64, toBase64 } from '../base/bytes.js';
import type { Clock } from '../base/clock.js';
import { Problem, messageOf } from '../base/errors.js';
import { MAX_AGENT_CONNECTIONS } from '../base/limits.js';
import { NO_CAPS, Spending, type Caps } from './caps.js';
import { accountRole, indexOfRole, isAccountRole, maySign, type OpenKeyring } from './keyring.js';
import { readLine, writeLine } from './line.js';
import { checkPayload } from './sane.js';
import type { SignedType } from './signed.js';

/** How often the agent looks at the clock: a timer alone would sleep while a laptop does. */
const LOOK_EVERY_MS = 250;

/** What an agent is started with. */
export interface AgentOptions {
  /** Path of the socket; its folder is ours alone. */
  readonly socket: string;
  readonly keyrings: readonly OpenKeyring[];
  /** What its signatures may cost; nothing stands in their way if left out. */
  readonly caps?: Caps;
  /** When it forgets. */
  readonly until: number;
  readonly clock: Clock;
  /** Called once everything is forgotten and the socket is gone. */
  readonly ended: () => void;
}

function answer(options: AgentOptions, spending: Spending, request: Record<string, unknown>): Promise<object> | object {
  if (request['op'] === 'list') {
    return { until: options.until, caps: spending.state, keyrings: options.keyrings.map(({ type, name, public: keys }) => ({ type, name, public: keys })) };
  }
  const keyring = options.keyrings.find(({ type, name }) => type === request['type'] && name === request['name']);
  if (keyring === undefined) throw new Problem('locked', 'the agent does not hold this keyring', { hint: '3bot unlock' });
  switch (request['op']) {
    case 'sign': {
      const { role, signed, payload } = request;
      if (typeof role !== 'string' || typeof signed !== 'string' || typeof payload !== 'string') throw new Problem('malformed', 'role, signed and payload are texts');
      if (!maySign(keyring.type, role, signed as SignedType)) throw new Problem('refused', `${keyring.type} keys do not sign ${signed.slice(0, 50)} as ${role.slice(0, 50)}`);
      return sign(keyring, spending, { role, signed: signed as SignedType, payload, key: request['key'] });
    }
    case 'account': {
      const role = typeof request['index'] === 'number' ? accountRole(request['index']) : '';
      if (keyring.type !== 'identity' || indexOfRole(role) === undefined) throw new Problem('malformed', 'an account of an identity has an index');
      return keyring.account(indexOfRole(role) as number).then((key) => ({ key }));
    }
    case 'unseal': {
      if (typeof request['box'] !== 'string') throw new Problem('malformed', 'box is a text');
      return keyring.unseal(fromBase64(request['box'])).then((bytes) => ({ bytes: toBase64(bytes) }));
    }
    default:
      throw new Problem('malformed', 'unknown operation');
  }
}

/** @param key what the asker takes for the role's key; an account's is made of the secret when it is asked for */
async function sign(keyring: OpenKeyring, spending: Spending, { role, signed, payload, key }: { role: string; signed: SignedType; payload: string; key: unknown }): Promise<object> {
  const index = indexOfRole(role);
  if (index !== undefined) await keyring.account(index);
  const signer = keyring.signer(role);
  if (key !== undefined && key !== signer.key) throw new Problem('integrity', `the ${role} of ${keyring.name} has another key than was noted`, { reason: 'keystore', hint: '3bot wallet list' });
  checkPayload(signed, payload, signer.key);
  if (signed === 'record') spending.allow(payload, signer.key, isAccountRole(role));
  return { sig: await signer.sign(signed, payload) };
}

/** Serves until the time is over, `lock` is asked, or the function it gives is called. */
export async function serveAgent(options: AgentOptions): Promise<() => void> {
  const { socket: path, keyrings, until, clock, ended } = options;
  const connections = new Set<Socket>();
  const spending = new Spending(options.caps ?? NO_CAPS, clock);
  let hasForgotten = false;
  let hasEnded = false;

  const server: Server = createServer((connection) => {
    connections.add(connection);
    connection.on('close', () => connections.delete(connection)).on('error', () => connection.destroy());
    void serveOne(connection);
  });
  server.maxConnections = MAX_AGENT_CONNECTIONS;

  function forget(): void {
    // Once: by a second time the folder may be that of the next agent.
    if (hasForgotten) return;
    hasForgotten = true;
    clearInterval(looking);
    for (const keyring of keyrings) keyring.forget();
    server.close();
    rmSync(path, { force: true });
    try {
      // Before anybody hears of the end, so that the next agent's folder is not taken from under it.
      rmdirSync(dirname(path));
    } catch {
      // Another socket of this home is still there.
    }
  }
  const timeIsOver = () => clock() >= until;
  // Without its socket nobody can ask it, nor tell it to forget.
  const looking = setInterval(() => (timeIsOver() || !existsSync(path)) && end(), LOOK_EVERY_MS);
  function end(): void {
    if (hasEnded) return;
    hasEnded = true;
    forget();
    for (const connection of connections) connection.destroy();
    ended();
  }

  async function serveOne(connection: Socket): Promise<void> {
    try {
      const request = await readLine(connection);
      if (timeIsOver()) return end();
      if (request['op'] === 'lock') {
        forget();
        connection.end('{"locked":true}\n', end);
        return;
      }
      writeLine(connection, await answer(options, spending, request));
    } catch (thrown) {
      const { code, reason, hint } = thrown instanceof Problem ? thrown : new Problem('failed', messageOf(thrown));
      if (connection.writable) writeLine(connection, { error: { code, message: messageOf(thrown), reason, hint } });
    }
    connection.end();
  }

  await new Promise<void>((resolve, reject) => {
    // The folder keeps others out already; the umask makes the socket itself 0600.
    const umask = process.umask(0o177);
    server.once('error', reject).listen(path, () => resolve());
    process.umask(umask);
  });
  return end;
}
