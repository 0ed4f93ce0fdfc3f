// What a farmer has decided about selling: config.json's part of it with every default filled in, and what is wrong with it.
import { Problem } from '../../base/errors.js';
import { MAX_RETENTION_MS, NOTICE_MS } from '../../base/limits.js';
import type { FarmConfig, FarmPolicy } from '../../schema/types.js';
import { shapeError } from '../../schema/validate.js';

/** The policy as it stands in config.json; what is left out there is what it always was. */
export type Policy = Omit<FarmConfig, 'id' | 'grid' | 'name' | 'power'>;
/** The same with nothing left out. */
export type WholePolicy = Required<Policy>;

/** All of a price, in millionths. */
export const ALL_PPM = 1_000_000;
/** How long a farm sells that has said nothing: a year. */
const DEFAULT_MAX_TERM_MS = 366 * 24 * 3_600_000;

/** A policy with its defaults, in the order in which people read it. */
export function wholePolicy(policy: FarmPolicy): WholePolicy {
  return {
    allow_consumers: policy.allow_consumers ?? null,
    deny_consumers: policy.deny_consumers ?? [],
    allow_images: policy.allow_images ?? null,
    deny_images: policy.deny_images ?? [],
    allow_registries: policy.allow_registries ?? [],
    min_term_ms: policy.min_term_ms ?? 1_000,
    max_term_ms: policy.max_term_ms ?? DEFAULT_MAX_TERM_MS,
    min_total_stroops: policy.min_total_stroops ?? '0',
    max_share_ppm: policy.max_share_ppm ?? ALL_PPM,
    utilisation: policy.utilisation ?? { of: 'farm', steps: [] },
    floor_ppm: policy.floor_ppm ?? ALL_PPM,
    ceiling_ppm: policy.ceiling_ppm ?? ALL_PPM,
    notice_ms: policy.notice_ms ?? NOTICE_MS,
    max_retention_ms: policy.max_retention_ms ?? MAX_RETENTION_MS,
    meters: policy.meters ?? [],
    script: policy.script ?? null,
  };
}

/** The policy within a farm's config. */
export function policyOf({ id: _id, grid: _grid, name: _name, power: _power, ...policy }: FarmConfig): WholePolicy {
  return wholePolicy(policy);
}

/**
 * A policy that somebody has written, checked.
 * @param value whatever was in the file
 * @throws Problem `malformed` where it does not have the shape of farm_policy@1, or contradicts itself
 */
export function checkedPolicy(value: unknown): WholePolicy {
  const wrong = shapeError('farm_policy@1', value);
  if (wrong !== null) throw new Problem('malformed', `not a policy: ${wrong}`, { reason: 'policy', hint: '3bot farm policy show --json prints one' });
  const policy = wholePolicy(value as FarmPolicy);
  const [first] = contradictions(policy);
  if (first !== undefined) throw new Problem('malformed', `this policy contradicts itself: ${first}`, { reason: 'policy' });
  return policy;
}

/** What no buyer could ever meet, or says two things at once; a line each. */
export function contradictions({ min_term_ms, max_term_ms, allow_consumers, deny_consumers, allow_images, utilisation: { steps }, script }: WholePolicy): string[] {
  const both = (allow_consumers ?? []).filter((key) => deny_consumers.includes(key));
  const from = steps.map(({ from_ppm }) => from_ppm);
  return [
    ...(min_term_ms > max_term_ms ? ['the shortest term is longer than the longest'] : []),
    ...(allow_consumers?.length === 0 ? ['nobody is on the list of those it sells to'] : []),
    ...(allow_images?.length === 0 ? ['no image is on the list of those that may run'] : []),
    ...both.map((key) => `${key.slice(0, 16)}… is both allowed and denied`),
    ...(from.some((ppm, i) => i > 0 && ppm <= (from[i - 1] ?? 0)) ? ['the steps of the price do not rise'] : []),
    ...(script !== null && !(script.run[0] ?? '').startsWith('/') ? ['the script is not named by an absolute path'] : []),
  ];
}
