// The web gateway as `node join` sets it up.
import { Problem } from '../../src/base/errors.js';
import type { Check } from '../../src/node/driver.js';
import type { Gateway, GatewayConfig, NodeConfig } from '../../src/schema/types.js';
import type { Context } from '../command.js';

/** Flags of the gateway. `gateway` false: `--no-gateway`; true: without a domain. */
export interface GatewayOptions {
  gateway?: string | boolean;
  gatewayHttp?: number;
  gatewayHttps?: number;
}

/**
 * The settings that flags and those before make; undefined: no gateway.
 * @throws Problem `usage`
 */
export function gatewaySettings({ gateway, gatewayHttp, gatewayHttps }: GatewayOptions, before: GatewayConfig | undefined): GatewayConfig | undefined {
  if (gateway === false) return undefined;
  if (gateway === undefined && before === undefined) {
    if (gatewayHttp !== undefined || gatewayHttps !== undefined) throw new Problem('usage', '--gateway-http and --gateway-https are ports of a gateway, and there is none', { hint: 'add --gateway, or --gateway DOMAIN' });
    return undefined;
  }
  const domain = typeof gateway === 'string' ? parseDomain(gateway) : gateway === true ? null : (before?.domain ?? null);
  const http = gatewayHttp ?? before?.http ?? 80;
  const https = gatewayHttps ?? before?.https ?? 443;
  if (http === https) throw new Problem('usage', `one port, ${http}, for HTTP and for TLS`);
  return { domain, http, https };
}

/** Whether the gateway works, and what is announced of it; null where none is wanted. */
export async function gatewayCheck({ home, clock, signal }: Context, node: Pick<NodeConfig, 'runtime' | 'data' | 'address'> & { readonly gateway: GatewayConfig | undefined }): Promise<{ check: Check; announced: Gateway | undefined } | null> {
  const { gateway, ...others } = node;
  if (gateway === undefined) return null;
  const { openGateway } = await import('../../src/node/tools.js');
  const { servedBy } = await import('../../src/market/web.js');
  await using web = openGateway(home, { ...others, gateway }, clock);
  if (web === null) return { check: { name: 'gateway', ok: false, evidence: 'the runtime process isolates nothing: a web name could lead to anything on this machine', remedy: '3bot node join --runtime podman' }, announced: undefined };
  const check = await web.check(signal);
  return { check, announced: check.ok ? servedBy(gateway, node.address) : undefined };
}

/** @throws Problem `usage` */
export function parsePortNumber(text: string): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new Problem('usage', `not a port: ${JSON.stringify(text.slice(0, 50))}`);
  return port;
}

function parseDomain(text: string): string {
  const domain = text.toLowerCase();
  if (domain.length > 200 || !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/.test(domain)) throw new Problem('usage', `not a domain: ${JSON.stringify(text.slice(0, 100))}`, { hint: 'for example farm.example.org, with a DNS entry for *.farm.example.org that leads to this machine' });
  return domain;
}
