// One caddy: a process of its own that outlives the agent, found again and told what to do by its unix socket.
import { spawn } from 'node:child_process';
import { chmod, chown, lstat, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import type { JsonObject } from '../../base/canonical.js';
import { isProblem, messageOf, Problem } from '../../base/errors.js';
import { GATEWAY_TIMEOUT_MS, MAX_RUNTIME_ANSWER_BYTES } from '../../base/limits.js';
import { sha256Hex } from '../../base/hash.js';
import { cleanEnvironment, oneLine, run } from '../children.js';

/** How caddy is got, for every message that misses it. */
const INSTALL_CADDY = 'apt-get install -y caddy';

/** Where a gateway keeps its things; both made when it is started. */
export interface GatewayPlaces {
  /** At most 108 bytes (unix(7)); alone in its folder, which is caddy's. */
  readonly socket: string;
  /** Certificates and log. Losing it: certificates are asked for again. */
  readonly folder: string;
}

/** The places of a home folder's gateway. As root caddy is another user, who cannot reach into the home folder. */
export function gatewayPlaces(home: string, data: string): GatewayPlaces {
  const uid = process.getuid?.() ?? 0;
  const name = `3bot-gateway-${sha256Hex(home).slice(0, 12)}`;
  if (uid === 0) return { socket: `/run/${name}/admin.sock`, folder: `/var/lib/${name}` };
  const runtime = process.env['XDG_RUNTIME_DIR'];
  return { socket: join(runtime !== undefined && runtime.length < 60 ? runtime : `/tmp/3bot-${uid}`, name, 'admin.sock'), folder: join(data, 'gateway') };
}

/** A caddy, whether it runs or not. Whoever starts it and goes leaves it running. */
export class Caddy implements AsyncDisposable {
  readonly #places: GatewayPlaces;
  readonly #pool: Pool;

  constructor(places: GatewayPlaces) {
    this.#places = places;
    this.#pool = new Pool('http://gateway', { socketPath: places.socket, connections: 1 });
  }

  /**
   * The configuration it has, or null where none runs.
   * @throws Problem `unreachable` when it does not answer in time, `interrupted`
   */
  async config(signal: AbortSignal): Promise<unknown> {
    try {
      return JSON.parse(await this.#call('GET', '/config/', undefined, signal)) as unknown;
    } catch (error) {
      if (isProblem(error, 'unreachable', 'no_socket')) return null;
      throw error;
    }
  }

  /**
   * Gives it another configuration, whole; requests under way are finished under the old one. Starts it where none runs.
   * @throws Problem `failed` with caddy's own words, `unreachable`, `interrupted`
   */
  async load(config: JsonObject, signal: AbortSignal): Promise<void> {
    try {
      await this.#call('POST', '/load', config, signal);
    } catch (error) {
      if (!isProblem(error, 'unreachable', 'no_socket')) throw error;
      await this.#start(config, signal);
    }
  }

  /** Ends it; what does not run is fine. */
  async stop(signal: AbortSignal): Promise<void> {
    try {
      await this.#call('POST', '/stop', undefined, signal);
    } catch (error) {
      if (!isProblem(error, 'unreachable', 'no_socket') && !isProblem(error, 'unreachable', 'broken')) throw error;
    }
    await this.#until(async () => (await this.config(signal).catch(() => ({}))) === null, signal, 'caddy does not end');
    await rm(this.#places.socket, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
  }

  async #start(config: JsonObject, signal: AbortSignal): Promise<void> {
    const { socket, folder } = this.#places;
    const [program, ...args] = await asCaddy([dirname(socket), folder], signal);
    await rm(socket, { force: true });
    const words = join(folder, 'start.log');
    // A file, not a pipe: what is written to a pipe after we are gone would end it.
    await using log = await open(words, 'w', 0o600);
    const env = { PATH: cleanEnvironment()['PATH'], HOME: folder };
    const child = spawn(program, [...args, 'run', '--config', '-'], { cwd: folder, env, detached: true, stdio: ['pipe', log.fd, log.fd] });
    let ended: string | null = null;
    child.once('error', (error) => (ended = messageOf(error)));
    child.once('exit', (code) => (ended ??= `it ended with ${code}`));
    child.stdin?.once('error', () => undefined).end(JSON.stringify(config));
    // One that cannot have its ports answers first and is gone then.
    const answers = (): Promise<boolean> => this.config(signal).then((has) => has !== null, () => false);
    await this.#until(async () => ended !== null || (await answers()), signal, 'caddy does not start');
    child.unref();
    if (ended === null) return await chmod(socket, 0o600);
    const said = (await readFile(words, 'utf8')).trim().split('\n').at(-1) ?? '';
    throw new Problem('failed', `caddy does not start: ${oneLine(said) || ended}`, { reason: 'gateway' });
  }

  async #until(done: () => Promise<boolean>, signal: AbortSignal, otherwise: string): Promise<void> {
    const deadline = Date.now() + GATEWAY_TIMEOUT_MS;
    while (!(await done())) {
      if (signal.aborted) throw new Problem('interrupted', 'stopped while waiting for caddy');
      if (Date.now() > deadline) throw new Problem('unreachable', `${otherwise} within ${GATEWAY_TIMEOUT_MS / 1_000} s`, { reason: 'timeout' });
      await delay(20);
    }
  }

  async #call(method: 'GET' | 'POST', path: string, body: JsonObject | undefined, signal: AbortSignal): Promise<string> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(GATEWAY_TIMEOUT_MS)]);
    try {
      const answer = await this.#pool.request({ method, path, signal: limit, ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }) });
      const parts: Buffer[] = [];
      let size = 0;
      for await (const part of answer.body as AsyncIterable<Buffer>) {
        size += part.length;
        if (size > MAX_RUNTIME_ANSWER_BYTES) throw new Problem('failed', 'caddy gave an answer without end');
        parts.push(part);
      }
      const text = Buffer.concat(parts).toString('utf8');
      if (answer.statusCode >= 400) throw new Problem('failed', `caddy: ${oneLine(text) || `status ${answer.statusCode}`}`, { reason: 'gateway' });
      return text;
    } catch (error) {
      if (error instanceof Problem) throw error;
      if (signal.aborted) throw new Problem('interrupted', 'stopped while asking caddy');
      if (limit.aborted) throw new Problem('unreachable', `caddy took longer than ${GATEWAY_TIMEOUT_MS / 1_000} s`, { reason: 'timeout' });
      const code = (error as NodeJS.ErrnoException).code ?? '';
      throw new Problem('unreachable', `caddy does not answer: ${messageOf(error)}`, { reason: ['ENOENT', 'ECONNREFUSED'].includes(code) ? 'no_socket' : 'broken', cause: error });
    }
  }
}

/**
 * The words that start caddy, and its folders made: as root it becomes the user caddy of the package, who may bind low
 * ports and nothing else that root may.
 * @throws Problem `unreachable` where caddy or its user is missing
 */
async function asCaddy(folders: readonly string[], signal: AbortSignal): Promise<[string, ...string[]]> {
  const missing = (): Problem => new Problem('unreachable', 'caddy is not installed, or has no user of its own here', { reason: 'missing', hint: INSTALL_CADDY });
  await run('caddy', ['version'], signal).catch((error: unknown) => {
    throw isProblem(error, 'unreachable', 'missing') ? missing() : error;
  });
  const own = process.getuid?.() ?? 0;
  const ids = own === 0 ? await Promise.all([run('id', ['-u', 'caddy'], signal), run('id', ['-g', 'caddy'], signal)]).catch(() => { throw missing(); }) : null;
  const [uid, gid] = ids === null ? [own, process.getgid?.() ?? 0] : ids.map((id) => Number(id.trim()));
  for (const folder of folders) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (ids !== null) await chown(folder, uid ?? 0, gid ?? 0);
    const { uid: owner, mode } = await lstat(folder);
    // Whoever can write there could tell it where to send visitors.
    if (owner !== uid || (mode & 0o077) !== 0) throw new Problem('unreachable', `a folder of the gateway is open to others: ${folder}`, { hint: `chmod 700 ${folder}` });
  }
  if (ids === null) return ['caddy'];
  const rights = '-all,+net_bind_service';
  return ['setpriv', '--reuid', String(uid), '--regid', String(gid), '--clear-groups', '--no-new-privs', '--bounding-set', rights, '--inh-caps', rights, '--ambient-caps', rights, 'caddy'];
}
