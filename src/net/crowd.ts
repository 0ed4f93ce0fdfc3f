// The HTTP server below the routes: how many connections there may be, of whom, and for how long; and the way past the
// routes for the one request that comes by the thousand.
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIPv6, type Socket } from 'node:net';
import { CONNECTIONS_SHARE_OF_ONE, CONNECTION_IDLE_MS, KEEP_ALIVE_MS, MAX_CONNECTIONS, MAX_HEAD_BYTES, SPARE_FILES } from '../base/limits.js';
import type { Polls } from './polls.js';
import type { ServerParts } from './server.js';

/**
 * A server that many may crowd: polls of followers go to `polls`, all else to `handler`. A connection that does not
 * send its request in time is closed; one above the limits, or that asks again before it is answered, at once.
 * @param requestTimeout for the head and for the whole of a request, ms
 */
export function crowdServer(handler: (request: IncomingMessage, response: ServerResponse) => void, polls: Polls, { maxConnections = connectionLimit() }: Pick<ServerParts, 'maxConnections'>, requestTimeout: number): Server {
  const server = createServer({ maxHeaderSize: MAX_HEAD_BYTES, requestTimeout, headersTimeout: requestTimeout, connectionsCheckingInterval: Math.min(1_000, requestTimeout), keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    // Pipelined: it would wait here for the answer before it, and nothing bounds how many do.
    if (response.socket === null) return void request.socket.destroy();
    if (!polls.take(request, response, () => handler(request, response))) handler(request, response);
  });
  server.setTimeout(CONNECTION_IDLE_MS);
  server.maxConnections = maxConnections;
  shareOut(server, Math.max(1, Math.floor(maxConnections * CONNECTIONS_SHARE_OF_ONE)));
  return server;
}

/** Closes what one address opens beyond its share. Unix sockets have no address: whoever can open one owns the home folder. */
function shareOut(server: Server, most: number): void {
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    if (socket.remoteAddress === undefined) return;
    const place = placeOf(socket.remoteAddress);
    const count = (open.get(place) ?? 0) + 1;
    if (count > most) return void socket.destroy();
    open.set(place, count);
    socket.once('close', () => {
      const left = (open.get(place) ?? 1) - 1;
      if (left === 0) open.delete(place);
      else open.set(place, left);
    });
  });
}

/**
 * What an address counts as: an IPv4 address as itself, also where it is written as IPv6; an IPv6 address as its /64,
 * which is the least that one customer has (RFC 6177).
 * @param address as Node writes it
 */
export function placeOf(address: string): string {
  const mapped = /^::ffff:([0-9]+(?:\.[0-9]+){3})$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [front = [], back = []] = address.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const zeros = Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0');
  return `${[...front, ...zeros, ...back].slice(0, 4).join(':')}::/64`;
}

/** Connections that this process may have: Node raises the soft limit on open files to the hard one when it starts. */
function connectionLimit(): number {
  try {
    const files = Number(/^Max open files +([0-9]+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? Infinity);
    return Math.max(SPARE_FILES, Math.min(MAX_CONNECTIONS, files - SPARE_FILES));
  } catch {
    return MAX_CONNECTIONS; // not Linux
  }
}
