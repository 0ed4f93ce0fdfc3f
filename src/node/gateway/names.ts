// Which web names the contracts of this node have, and why a workload cannot have its own. Pure.
import type { ReadState } from '../../bcdb/rulebook.js';
import { webHolders, webNames, wholeName } from '../../market/web.js';
import { read, type ContractObject } from '../../rules/objects.js';
import { short } from '../../rules/refusal.js';
import type { NodeConfig, Workload } from '../../schema/types.js';
import type { Desired } from '../plan/desired.js';
import type { Served } from './gateway.js';

/** Why this node does not give a workload the web names that it wants, or null. */
export function webRefusal({ gateway, runtime }: Pick<NodeConfig, 'gateway' | 'runtime'>, holders: ReadonlyMap<string, string>, { id, workloads }: Pick<ContractObject, 'id' | 'workloads'>, { name: workload, web = [] }: Workload): string | null {
  if (web.length === 0) return null;
  if (gateway === undefined || runtime === 'process') return 'this node has no web gateway';
  const own = webNames(workloads, gateway.domain);
  for (const { host } of web) {
    const whole = wholeName(host, gateway.domain);
    if ('refusal' in whole) return whole.refusal;
    const holder = holders.get(whole.name);
    if (holder !== undefined && holder !== id) return `the name ${whole.name} belongs to contract ${short(holder)}, which came first`;
    const same = own.filter(({ name }) => name === whole.name);
    if (same.length > 1) return `${same[0]?.workload ?? workload} and ${same[1]?.workload ?? workload} want the same name ${whole.name}`;
  }
  return null;
}

/** What the gateway has to serve: the names of contracts that are held and not over, as far as they have them. */
export function servedNames(state: ReadState, { gateway }: Pick<NodeConfig, 'gateway'>, wanted: readonly Desired[]): Served[] {
  if (gateway === undefined) return [];
  const { domain } = gateway;
  const inForce = wanted.filter(({ phase }) => phase !== 'over' && phase !== 'unknown');
  const holders = webHolders(state, inForce.map(({ contract }) => contract), domain);
  return inForce.filter(({ held }) => held).flatMap(({ contract, phase }): Served[] => {
    const names = webNames(read(state, 'contract', contract)?.workloads ?? [], domain);
    // Were a name given twice, it is refused, and the first of the two is what still runs.
    const own = names.filter(({ name }, i) => holders.get(name) === contract && names.findIndex((one) => one.name === name) === i);
    return own.length === 0 ? [] : [{ contract, names: own, leads: phase !== 'paused' }];
  });
}
