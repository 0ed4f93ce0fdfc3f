// What caddy is told: the whole of its configuration (caddyserver.com/docs/json), from the routes of this moment. Pure.
import type { JsonObject } from '../../base/canonical.js';
import { GATEWAY_DIAL_MS, GATEWAY_DRAIN_MS, GATEWAY_HEADER_MS, GATEWAY_IDLE_MS, MAX_GATEWAY_CONNECTIONS, MAX_GATEWAY_HEADER_BYTES, MAX_GATEWAY_LOG_MIB } from '../../base/limits.js';
import type { Gateway } from '../../schema/types.js';

/** A name and where it leads. */
export interface Route {
  /** In whole, lower case; from records, but of a pattern that caddy reads as nothing but a name. */
  readonly name: string;
  /** IP address and port of the workload; null while it does not run. */
  readonly to: { readonly address: string; readonly port: number } | null;
}

/** What does not change with the routes. */
export interface Listening {
  readonly served: Gateway;
  /** Address of this machine on which it listens. */
  readonly address: string;
  /** Unix socket of the admin interface. */
  readonly socket: string;
  /** Where certificates and log lie. */
  readonly folder: string;
  /** Test only: certificates of caddy's own making, whatever the ports. */
  readonly testCertificates?: true;
}

/** What a request may claim of its sender: caddy sets `X-Forwarded-*` anew by itself, these it would pass on. */
const CLAIMS = ['Forwarded', 'X-Real-Ip', 'X-Client-Ip', 'X-Cluster-Client-Ip', 'True-Client-Ip', 'Cf-Connecting-Ip'];

/** @param routes each name once; their order does not matter */
export function caddyConfig(listening: Listening, routes: readonly Route[]): JsonObject {
  const { served, address, socket, folder, testCertificates } = listening;
  const secure = served.https !== null;
  const listen = `${address.includes(':') ? `[${address}]` : address}:${served.https ?? served.http}`;
  const sorted = [...routes].sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    // A bare unix socket: nothing listens for orders on the network. Nothing is written down; we bring it all again.
    admin: { listen: `unix/${socket}`, origins: ['gateway'], config: { persist: false } },
    storage: { module: 'file_system', root: folder },
    logging: {
      logs: {
        // Without the visitors: their requests are the workload's affair.
        default: { writer: { output: 'file', filename: `${folder}/caddy.log`, roll_size_mb: MAX_GATEWAY_LOG_MIB, roll_keep: 1 }, exclude: ['admin.api', 'http.log'] },
      },
    },
    apps: {
      http: {
        http_port: served.http,
        ...(secure ? { https_port: served.https } : {}),
        grace_period: `${GATEWAY_DRAIN_MS}ms`,
        servers: {
          web: {
            listen: [listen],
            protocols: ['h1', 'h2'],
            read_header_timeout: `${GATEWAY_HEADER_MS}ms`,
            idle_timeout: `${GATEWAY_IDLE_MS}ms`,
            max_header_bytes: MAX_GATEWAY_HEADER_BYTES,
            automatic_https: secure ? {} : { disable: true },
            routes: [...sorted.map(routeOf), { handle: [answer(404, 'no such name here\n')] }],
          },
        },
      },
      ...(testCertificates === true ? { tls: { automation: { policies: [{ issuers: [{ module: 'internal' }] }] } }, pki: { certificate_authorities: { local: { install_trust: false } } } } : {}),
    },
  };
}

function routeOf({ name, to }: Route): JsonObject {
  return { match: [{ host: [name] }], handle: [to === null ? answer(503, 'this does not run now\n') : proxyTo(to)], terminal: true };
}

/** To this one address: no name is looked up, no redirection followed, nothing in a request changes where it goes. */
function proxyTo({ address, port }: NonNullable<Route['to']>): JsonObject {
  return {
    handler: 'reverse_proxy',
    upstreams: [{ dial: `${address.includes(':') ? `[${address}]` : address}:${port}` }],
    headers: { request: { delete: CLAIMS } },
    transport: { protocol: 'http', dial_timeout: `${GATEWAY_DIAL_MS}ms`, max_conns_per_host: MAX_GATEWAY_CONNECTIONS },
  };
}

function answer(status: number, body: string): JsonObject {
  return { handler: 'static_response', status_code: status, headers: { 'Content-Type': ['text/plain; charset=utf-8'] }, body };
}
