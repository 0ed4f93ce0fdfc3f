// A design for one grid and one buyer: farms and nodes found, images by digest, hashes of secrets filled in.
import { canonical, type Json } from '../../base/canonical.js';
import { Problem } from '../../base/errors.js';
import { sha256Hex } from '../../base/hash.js';
import { MAX_COMMIT_OF_TWO_MS } from '../../base/limits.js';
import { chainId } from '../../bcdb/record.js';
import type { Reader } from '../../bcdb/reader.js';
import { resolveImages, type Resolved } from '../../consumer/images.js';
import { networksOf, takenAddresses } from '../../consumer/networks.js';
import { NOT_GIVEN, type GivenSecret, type Salting } from '../../consumer/secrets.js';
import { findFarm, findNode } from '../../market/find.js';
import { secretHash } from '../../market/secret.js';
import { readGrid } from '../../rules/objects.js';
import { checkWorkloads } from '../../rules/workload.js';
import type { BlueprintRef, Workload } from '../../schema/types.js';
import type { Design, Part } from '../design.js';
import type { NetworkWish, PartWish, Plan } from './plan.js';
import type { Standing } from './standing.js';

/** What making wishes needs. */
export interface WishParts {
  readonly reader: Reader;
  readonly standing: readonly Standing[];
  /** Bytes of the secrets that were given now; of others the hash stays that stands in the book. */
  readonly given: readonly GivenSecret[];
  readonly salting: Salting;
  /** The published version that it is made from; null: of nobody. */
  readonly blueprint: BlueprintRef | null;
  readonly signal: AbortSignal;
  /** Told what a tag stands for. */
  readonly onNote: (note: string) => void;
}

/**
 * What is wanted of each part.
 * @throws Problem `not_found` for a farm or node; `usage`, reason `secret`, for one that is not given and does not stand
 *   anywhere; those of `resolveImages`
 */
export async function wishesOf(design: Design, parts: WishParts): Promise<PartWish[]> {
  const hashes = new Map(parts.given.map((one) => [one.name, secretHash(parts.salting(one).salt, one.bytes)]));
  const found = new Map<string, Promise<Resolved>>();
  const wishes: PartWish[] = [];
  for (const part of design.parts) {
    const key = canonical(part.workloads.map(({ image, registry }) => ({ image, login: registry?.secret ?? null })) as Json);
    const { platforms, notes, workloads } = await look(found, key, () => resolveImages(part.workloads, parts.given, parts.signal));
    for (const note of notes) parts.onNote(note);
    const named = part.workloads.map((workload, i) => withSecrets({ ...workload, image: workloads[i]?.image ?? workload.image }, part, hashes, parts.standing));
    checkWorkloads(named, readGrid(parts.reader).rules);
    wishes.push(wishOf(parts, part, named, platforms));
  }
  return wishes;
}

/** Copies of a part have the same images: each is looked up once. */
async function look(found: Map<string, Promise<Resolved>>, key: string, resolve: () => Promise<Resolved>): Promise<Resolved> {
  const known = found.get(key);
  if (known !== undefined) return { ...(await known), notes: [] };
  const resolving = resolve();
  found.set(key, resolving);
  return resolving;
}

function wishOf({ reader, blueprint }: WishParts, part: Part, workloads: readonly Workload[], platforms: readonly string[] | null): PartWish {
  const { name, group, spread, resources, term_ms, farm, node, location, runtime, dedicated, exec, notice_ms, retention_ms } = part;
  return {
    name, group, spread,
    wanted: {
      resources, term_ms, location, runtime, workloads, retention_ms, signers: [], order: null, commit_within_ms: MAX_COMMIT_OF_TWO_MS,
      farm: farm === null ? null : findFarm(reader, farm).id, node: node === null ? null : findNode(reader, node).key,
      ...(platforms === null ? {} : { platforms }), ...(dedicated ? { dedicated: true as const } : {}), ...(exec ? { exec: true as const } : {}), ...(notice_ms === null ? {} : { notice_ms }), ...(blueprint === null ? {} : { blueprint }),
    },
  };
}

/** What a plan made before was to become, to be wanted again; addresses are given anew. */
export function wishesIn({ parts }: Plan): PartWish[] {
  return parts.flatMap(({ part, group, spread, wanted }) => {
    if (wanted === null) return [];
    const workloads = wanted.workloads.map(({ network: _, ...workload }) => workload);
    return [{ name: part, group: group ?? part, spread, wanted: { ...wanted, order: null, workloads } }];
  });
}

/** A secret that nobody gives is the one that the service has. */
function withSecrets(workload: Workload, part: Part, hashes: ReadonlyMap<string, string>, standing: readonly Standing[]): Workload {
  const stands = standing.find((one) => one.part === part.name)?.contract.workloads.find(({ name }) => name === workload.name);
  const secrets = workload.secrets.map((secret) => {
    const sha256 = hashes.get(secret.name) ?? stands?.secrets.find(({ name }) => name === secret.name)?.sha256 ?? secret.sha256;
    if (sha256 === NOT_GIVEN) throw new Problem('usage', `the secret ${secret.name} of service ${workload.name} is missing`, { reason: 'secret', hint: `--secret ${secret.name}=@FILE` });
    return { ...secret, sha256 };
  });
  return { ...workload, secrets };
}

/** Which names of secrets stand with every service that lists them, so that nobody need be asked for them again. */
export function secretsStanding(design: Design, standing: readonly Standing[]): Set<string> {
  const missing = new Set<string>();
  const listed = new Set<string>();
  for (const part of design.parts) {
    const now = standing.find((one) => one.part === part.name)?.contract.workloads ?? [];
    for (const { name: service, secrets } of part.workloads) {
      for (const { name } of secrets) {
        listed.add(name);
        if (now.find((one) => one.name === service)?.secrets.some((one) => one.name === name) !== true) missing.add(name);
      }
    }
  }
  return new Set([...listed].filter((name) => !missing.has(name)));
}

/**
 * The private network of a blueprint: the buyer's of that name, else one to be made, whose id and addresses follow from
 * the name, so that whoever makes it after a break makes the same.
 * @param bot key, hex
 */
export function networkFor(reader: Reader, bot: string, blueprint: string, at: number): NetworkWish {
  const name = /^[a-z0-9-]{3,50}$/.test(blueprint) ? blueprint : `net-${sha256Hex(blueprint).slice(0, 12)}`;
  const there = networksOf(reader, bot).find((one) => one.name === name);
  if (there !== undefined) return { id: there.id, name, subnet: there.subnet, make: false, taken: takenAddresses(reader, there, at) };
  const nonce = networkNonce(name);
  return { id: chainId(reader.grid ?? '', bot, nonce), name, subnet: `10.${Number.parseInt(nonce.slice(0, 2), 16)}.0.0/16`, make: true, taken: [] };
}

/** 32 hex digits. */
export function networkNonce(name: string): string {
  return sha256Hex(canonical({ blueprint: name })).slice(0, 32);
}
