// The ports of a service: what others may reach. Which port of the node that is, the node chooses.
import { MAX_WORKLOAD_PORTS } from '../../base/limits.js';
import type { WorkloadPort } from '../../schema/types.js';
import type { Faults, Where } from './faults.js';
import { at, integerOf, knownOnly, listAt, scalarText, shown, textAt } from './read.js';
import type { Scalar, Table } from './tree.js';

/** `[host address:][host port[-to]:]port[-to][/tcp|udp]` */
const SHORT = /^(?:(\[[0-9a-fA-F:.]+\]|[0-9]{1,3}(?:\.[0-9]{1,3}){3}):)?(?:([0-9]{0,5})(?:-([0-9]{1,5}))?:)?([0-9]{1,5})(?:-([0-9]{1,5}))?(?:\/(tcp|udp|sctp))?$/;
const INSTEAD = '"80", "8080:80" or "53:53/udp"';

/** Ports in the order of the file, each once. */
export function portsOf(service: Table, faults: Faults): WorkloadPort[] {
  const ports = new Map<string, WorkloadPort>();
  for (const item of listAt(service, 'ports', faults)?.items ?? []) {
    const found = item.kind === 'scalar' ? shortPorts(item, faults) : item.kind === 'table' ? longPort(item, faults) : faults.refuse(item, 'it is no port', INSTEAD);
    for (const port of found ?? []) ports.set(`${port.container}/${port.protocol}`, port);
    if (ports.size > MAX_WORKLOAD_PORTS) {
      faults.refuse(item, 'there are too many ports', `at most ${MAX_WORKLOAD_PORTS} a service`);
      break;
    }
  }
  return [...ports.values()].slice(0, MAX_WORKLOAD_PORTS);
}

function shortPorts(item: Scalar, faults: Faults): WorkloadPort[] | undefined {
  const text = scalarText(item);
  const [, address, host, , first, last = first, protocol = 'tcp'] = SHORT.exec(text) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (first === undefined || from < 1 || to < from || to > 65_535) return faults.refuse(item, `not a port: ${shown(item)}`, INSTEAD);
  return published(item, { address: address ?? null, host: host ?? null, protocol, from, to }, faults);
}

function longPort(item: Table, faults: Faults): WorkloadPort[] | undefined {
  knownOnly(item, ['target', 'published', 'protocol', 'host_ip', 'mode', 'name', 'app_protocol'], faults);
  const target = at(item, 'target');
  if (target === undefined) return faults.refuse(item, 'the port within the service is missing', 'target: 80');
  const port = integerOf(target, faults, 1, 65_535);
  return port === undefined ? undefined : published(item, { address: textAt(item, 'host_ip', faults) ?? null, host: textAt(item, 'published', faults) ?? null, protocol: textAt(item, 'protocol', faults) ?? 'tcp', from: port, to: port }, faults);
}

interface Said {
  readonly address: string | null;
  readonly host: string | null;
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
}

function published(where: Where, { address, host, protocol, from, to }: Said, faults: Faults): WorkloadPort[] | undefined {
  if (protocol !== 'tcp' && protocol !== 'udp') return faults.refuse(where, `no node publishes ${protocol}`, 'tcp or udp');
  if (address !== null && /^(127\.|\[::1\])/.test(address)) {
    faults.note(where, 'not published: it is for the machine itself alone, and nobody else is there; the other services reach it all the same');
    return [];
  }
  if (host !== null && host !== '' && to === from) faults.note(where, `the node chooses the port under which it is reached, not ${host}: 3bot contract show says which; x-3bot: {web: […]} gives it a name`);
  else if (host !== null && host !== '') faults.note(where, 'the node chooses the ports under which they are reached: 3bot contract show says which');
  return Array.from({ length: Math.min(to - from + 1, MAX_WORKLOAD_PORTS + 1) }, (_, i) => ({ container: from + i, protocol }));
}
