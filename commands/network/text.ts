// A private network as lines of text.
import type { NetworkShown } from '../../src/consumer/networks.js';

/** Rows `what  value`, devices and contracts one a line. */
export function networkText({ id, name, subnet, devices, contracts }: NetworkShown): string {
  const rows: [string, string][] = [
    ['network', id], ['name', name], ['subnet', subnet],
    ...devices.map((device): [string, string] => ['device', `${device.address.padEnd(16)}${device.name}`]),
    ...contracts.map(({ contract, node, endpoint, addresses }): [string, string] => ['contract', `${addresses.join(' ').padEnd(16)}${contract.slice(0, 12)} on node ${node.slice(0, 12)}, ${endpoint === null ? 'which only calls others' : `reached at ${endpoint}`}`]),
  ];
  if (devices.length + contracts.length === 0) rows.push(['', 'nobody is in it yet']);
  const silent = contracts.filter(({ endpoint }) => endpoint === null).length;
  if (silent > 1 || (silent > 0 && devices.length > 0)) rows.push(['note', 'two that only call others do not reach each other: buy on a node with an address']);
  return rows.map(([what, value]) => `${what.padEnd(10)}${value}`).join('\n');
}
