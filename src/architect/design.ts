// What a blueprint becomes: the contracts to make and what runs in them, as plain data that knows no grid.
import { canonical } from '../base/canonical.js';
import { sha256Hex } from '../base/hash.js';
import type { Spread } from '../consumer/choose.js';
import type { Announcement, Resources, Workload } from '../schema/types.js';

/** What is to run where. Pure data: the same file with the same values gives the same design, to the last byte of its hash. */
export interface Design {
  /** Name of the order; its contracts are called `NAME/PART`. */
  readonly name: string;
  /** One line for people; empty where the file says nothing. */
  readonly about: string;
  /** In the order of the file; copies of one part follow one another. 1 to 64. */
  readonly parts: readonly Part[];
  /** Whether the workloads of all parts are to be in one private network of the order's own. */
  readonly network: boolean;
  /** Where the bytes of the secrets come from that workloads list; each name once. The bytes are never in a design. */
  readonly secrets: readonly SecretSource[];
  /** What the file says that has no effect here or means something else, by line. */
  readonly notes: readonly Note[];
  /** SHA-256 over all of the above but about and notes, hex. */
  readonly hash: string;
}

/** One contract. */
export interface Part {
  /** Of the contract within the order: `main`; a further copy is `main-2`. No `/`. */
  readonly name: string;
  /** Name of the part in the file: what its copies have in common, and are spread by. */
  readonly group: string;
  /** On what no two of a group may be; null: wherever is best. */
  readonly spread: Spread | null;
  readonly resources: Resources;
  readonly term_ms: number;
  /** Filters, as a person types them to `reserve`; null: any. */
  readonly farm: string | null;
  readonly node: string | null;
  readonly location: string | null;
  readonly runtime: Announcement['runtime'] | null;
  /** As `reserve --dedicated` and `--exec`. */
  readonly dedicated: boolean;
  readonly exec: boolean;
  /** The farm's notice is to be at least so long, ms; null: any. */
  readonly notice_ms: number | null;
  /** How long data is kept afterwards, ms; null: the rule of the grid. */
  readonly retention_ms: number | null;
  /** Images may be named by tags, hashes of secrets are NOT_GIVEN (`consumer/secrets.ts`), and nobody has a place in a network yet. */
  readonly workloads: readonly Workload[];
}

/** A secret, and where whoever applies the design gets it. */
export interface SecretSource {
  /** As workloads list it. */
  readonly name: string;
  /** `file`: a path beside the blueprint; `environment`: a variable of whoever applies; `text`: it stands in the blueprint (a config); `ask`: given by hand. */
  readonly from: { readonly type: 'file'; readonly path: string } | { readonly type: 'environment'; readonly variable: string } | { readonly type: 'text'; readonly text: string } | { readonly type: 'ask'; readonly help: string };
}

/** Where something stands in the file, and what is to be said about it. */
export interface Note {
  /** 1, 2, …; 0 where it is about all of the file. */
  readonly line: number;
  readonly column: number;
  /** `services.web.ports[0]`. */
  readonly field: string;
  readonly text: string;
}

/** Something that cannot be: what is wrong, and what to write instead. */
export interface Fault extends Note {
  /** What is allowed or what to do; empty where the text says it. */
  readonly instead: string;
}

/** Names a design by what it makes, so that two that make the same have the same. */
export function designHash({ name, parts, network, secrets }: Pick<Design, 'name' | 'parts' | 'network' | 'secrets'>): string {
  // A text may hold line breaks, which canonical JSON does not.
  const sources = secrets.map(({ name: secret, from }) => ({ name: secret, from: from.type === 'text' ? { type: from.type, sha256: sha256Hex(from.text) } : from }));
  return sha256Hex(canonical({ name, parts, network, secrets: sources }));
}
