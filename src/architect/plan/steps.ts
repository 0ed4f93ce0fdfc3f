// What a plan has done, one thing after the other. Each step looks in the book first: done twice, it is done once.
import type { PartPlan, Plan } from './plan.js';

/** One thing to do; `parts` and `part` are names of the plan's parts. */
export type Step =
  | { readonly do: 'network' }
  /** Contracts for all of these, or for none. */
  | { readonly do: 'order'; readonly parts: readonly string[] }
  | { readonly do: 'amend' | 'workloads' | 'secrets' | 'wait'; readonly part: string }
  | { readonly do: 'end'; readonly part: string; readonly contract: string };

/**
 * In this order: what may be refused (the network, all orders together, amendments by their farms) before anything that
 * runs is touched; then services part by part, each waited for before the next, which may depend on it; and only when all
 * of it works what is no longer wanted ends.
 */
export function stepsOf({ network, parts }: Plan): Step[] {
  const ordered = parts.filter(isOrdered);
  const changed = parts.filter(({ action }) => action === 'change');
  return [
    ...(network?.make === true ? [{ do: 'network' } as const] : []),
    ...(ordered.length === 0 ? [] : [{ do: 'order', parts: ordered.map(({ part }) => part) } as const]),
    ...ordered.filter(hasSecrets).map(({ part }) => ({ do: 'secrets', part }) as const),
    ...changed.filter(({ fields }) => fields.length > 0).map(({ part }) => ({ do: 'amend', part }) as const),
    ...parts.flatMap((one) => servicesOf(one)),
    ...parts.flatMap(({ part, contract, action }) => (contract !== null && (action === 'end' || action === 'replace') ? [{ do: 'end', part, contract } as const] : [])),
  ];
}

/** Whether a contract is ordered for it. */
export function isOrdered({ action }: PartPlan): boolean {
  return action === 'add' || action === 'replace';
}

function servicesOf(one: PartPlan): Step[] {
  const { part, action, services } = one;
  if (action === 'keep' || action === 'end') return [];
  const replaced = action === 'change' && services.some(({ change }) => change !== 'keep');
  return [...(replaced ? [{ do: 'workloads', part } as const, ...(hasSecrets(one) ? [{ do: 'secrets', part } as const] : [])] : []), { do: 'wait', part }];
}

function hasSecrets({ wanted }: PartPlan): boolean {
  return wanted?.workloads.some(({ secrets }) => secrets.length > 0) === true;
}
