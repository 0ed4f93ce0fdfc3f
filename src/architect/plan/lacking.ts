// Which secrets a plan cannot do without: a node keeps those that the services of its contracts list, and no others.
import type { Plan } from './plan.js';
import type { Standing } from './standing.js';

/** A secret that a service would wait for. */
export interface Lacking {
  readonly part: string;
  readonly secret: string;
  /** One of that name was given, and is another. */
  readonly isOther: boolean;
}

/**
 * Secrets that neither stand with the contract that is to have them nor are given: those of earlier, which nodes have
 * wiped, and those of a part that goes to another node.
 * @param given hash of what is given, hex, by the secret's name
 */
export function secretsLacking({ parts }: Pick<Plan, 'parts'>, standing: readonly Pick<Standing, 'contract'>[], given: ReadonlyMap<string, string>): Lacking[] {
  return parts.flatMap(({ part, action, contract, wanted }) => {
    const stays = action === 'change' || action === 'keep' ? standing.find((one) => one.contract.id === contract) : undefined;
    const there = new Set(stays?.contract.workloads.flatMap(({ secrets }) => secrets.map(({ sha256 }) => sha256)));
    const listed = new Map(wanted?.workloads.flatMap(({ secrets }) => secrets.map(({ name, sha256 }) => [name, sha256] as const)));
    return [...listed].flatMap(([secret, sha256]) => {
      const bytes = given.get(secret);
      return (bytes === undefined ? there.has(sha256) : bytes === sha256) ? [] : [{ part, secret, isOther: bytes !== undefined }];
    });
  });
}
