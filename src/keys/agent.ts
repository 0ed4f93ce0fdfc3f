// The unlock agent's callers: start it, ask it, end it. Its keyrings look like any other.
import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { fromBase64, toBase64 } from '../base/bytes.js';
import { Problem, isProblem, type ProblemCode } from '../base/errors.js';
import type { Environment } from '../cli/io.js';
import { runtimeFolder, runtimePath, type Home } from '../home.js';
import { accountRoles } from './accounts.js';
import { NO_CAPS, type Caps, type CapState } from './caps.js';
import { accountRole, publicOf, type Keyring, type KeyringType } from './keyring.js';
import { readLine, writeLine } from './line.js';

/** What the agent's process reads from its stdin. */
export interface AgentStart {
  readonly socket: string;
  readonly until: number;
  readonly caps: Caps;
  readonly keyrings: readonly { readonly type: KeyringType; readonly name: string; readonly public: Readonly<Record<string, string>>; readonly secret: string }[];
}

/** What a running agent holds, and until when. */
export interface AgentState {
  readonly until: number;
  readonly caps: CapState;
  readonly keyrings: readonly Keyring[];
}

const SOCKET = 'agent.sock';

/** One question, one answer; null when no agent runs. */
async function ask(home: Home, env: Environment, request: object): Promise<Record<string, unknown> | null> {
  const path = join(runtimePath(home, env), SOCKET);
  if (!existsSync(path)) return null;
  // Refuses a folder in which somebody else could have put the socket.
  runtimeFolder(home, env);
  const socket = connect(path);
  try {
    const connected = await new Promise<boolean>((resolve, reject) => {
      socket.once('connect', () => resolve(true)).once('error', (error: NodeJS.ErrnoException) => {
        // The file of an agent that was killed, or one that ended just now.
        if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false);
        else reject(error);
      });
    });
    if (!connected) return null;
    writeLine(socket, request);
    let reply: Record<string, unknown>;
    try {
      reply = await readLine(socket);
    } catch (thrown) {
      // Its time was over just now: it takes its socket away before it hangs up.
      if (isProblem(thrown, 'unreachable') && !existsSync(path)) return null;
      throw thrown;
    }
    const error = reply['error'] as { code: ProblemCode; message: string; reason?: string; hint?: string } | undefined;
    if (error !== undefined) {
      throw new Problem(error.code, error.message, { ...(error.reason === undefined ? {} : { reason: error.reason }), ...(error.hint === undefined ? {} : { hint: error.hint }) });
    }
    return reply;
  } finally {
    socket.destroy();
  }
}

function agentKeyring(home: Home, env: Environment, held: { type: KeyringType; name: string; public: Record<string, string> }): Keyring {
  const request = async (question: object): Promise<Record<string, unknown>> => {
    const reply = await ask(home, env, { ...question, type: held.type, name: held.name });
    if (reply === null) throw new Problem('locked', 'the unlock agent has ended', { hint: '3bot unlock' });
    return reply;
  };
  const keys: Record<string, string> = { ...held.public, ...(held.type === 'identity' ? accountRoles(home, held.public['bot']) : {}) };
  return {
    ...held,
    public: keys,
    signer(role) {
      const key = publicOf({ ...held, public: keys }, role);
      return { key, sign: async (signed, payload) => String((await request({ op: 'sign', role, key, signed, payload }))['sig']) };
    },
    account: async (index) => (keys[accountRole(index)] = String((await request({ op: 'account', index }))['key'])),
    unseal: async (box) => fromBase64(String((await request({ op: 'unseal', box: toBase64(box) }))['bytes'])),
  };
}

/** The agent of a home, or null when none runs. @throws Problem `locked` when its folder is not ours alone */
export async function agentState(home: Home, env: Environment): Promise<AgentState | null> {
  const reply = await ask(home, env, { op: 'list' });
  if (reply === null) return null;
  const held = reply['keyrings'] as { type: KeyringType; name: string; public: Record<string, string> }[];
  // An agent of an older release knows no caps.
  const caps = (reply['caps'] as CapState | undefined) ?? { ...NO_CAPS, left_stroops: null };
  return { until: Number(reply['until']), caps, keyrings: held.map((one) => agentKeyring(home, env, one)) };
}

/** Ends the agent: when this returns, its keys are overwritten. False when none ran. */
export async function stopAgent(home: Home, env: Environment): Promise<boolean> {
  return (await ask(home, env, { op: 'lock' })) !== null;
}

/**
 * Starts the agent as a process of its own, in place of one that runs; returns when it listens.
 * @param keyrings their secrets go to it over a pipe
 * @param until when it forgets, ms since 1970
 * @param caps what its signatures may cost
 */
export async function startAgent(home: Home, env: Environment, keyrings: AgentStart['keyrings'], until: number, caps: Caps = NO_CAPS): Promise<void> {
  await stopAgent(home, env);
  const socket = join(runtimeFolder(home, env), SOCKET);
  rmSync(socket, { force: true });
  const main = fileURLToPath(new URL('./agent-main.js', import.meta.url));
  // Its own session, so that closing the terminal does not end it; an empty environment, for it needs none.
  const child = spawn(process.execPath, [main], { detached: true, cwd: '/', env: {}, stdio: ['pipe', 'pipe', 'ignore'] });
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  child.stdin.on('error', () => undefined);
  const start: AgentStart = { socket, until, caps, keyrings };
  child.stdin.end(JSON.stringify(start));
  const said = (await Promise.race([text(child.stdout), failed])).trim();
  if (said !== 'ready') throw new Problem('failed', `the unlock agent did not start${said === '' ? '' : `: ${said}`}`);
  child.unref();
}
