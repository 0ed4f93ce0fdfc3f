// Putting a policy into config.json, and its lists of bots by the names that people know.
import { canonical } from '../../base/canonical.js';
import { Problem } from '../../base/errors.js';
import { updateConfig, type Home } from '../../home.js';
import type { FarmConfig, FarmPolicy } from '../../schema/types.js';
import { contradictions, wholePolicy, type WholePolicy } from './policy.js';

/** Fields that an old config.json must have; all others are left out where they are as if never set. */
const ALWAYS = new Set(['allow_registries', 'allow_consumers', 'deny_consumers', 'max_term_ms']);

/**
 * Makes this the policy of the home folder's farm; the next request is answered by it.
 * @throws Problem `malformed` where it contradicts itself
 */
export function storePolicy(home: Home, policy: WholePolicy): void {
  const [first] = contradictions(policy);
  if (first !== undefined) throw new Problem('malformed', `this policy contradicts itself: ${first}`, { reason: 'policy' });
  const usual = wholePolicy({}) as unknown as Record<string, unknown>;
  const set = Object.fromEntries(Object.entries(policy).filter(([name, value]) => ALWAYS.has(name) || canonical({ value }) !== canonical({ value: usual[name] })));
  updateConfig(home, (config) => {
    if (config.farm === null) throw new Problem('not_found', 'there is no farm here any more', { reason: 'farm' });
    const { id, grid, name, power } = config.farm;
    config.farm = { id, grid, name, ...set, ...(power === undefined ? {} : { power }) } as FarmConfig;
  });
}

/**
 * What somebody wrote into a policy file, with names of bots made keys.
 * @param value any JSON; what is no list of texts stays for the schema to refuse
 * @param keyOf the key of a bot by name, `did:key:…` or key
 */
export function withKeys(value: unknown, keyOf: (text: string) => string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const lists = ['allow_consumers', 'deny_consumers', 'meters'] as const satisfies readonly (keyof FarmPolicy)[];
  const keyed = lists.flatMap((name) => {
    const list = (value as Record<string, unknown>)[name];
    return Array.isArray(list) ? [[name, list.map((one: unknown) => (typeof one === 'string' ? keyOf(one) : one))] as const] : [];
  });
  return { ...value, ...Object.fromEntries(keyed) };
}
