// What of a line can be looked for: the one place that says which words, tags and values a record has.
import type { Json, JsonObject } from '../../base/canonical.js';
import { MAX_STROOPS } from '../../base/amount.js';
import type { Payload } from '../../schema/types.js';

/** A value as it is compared: amounts exactly, as integers; a number, a text or a truth value is never equal to another. */
export type Value = string | bigint | boolean;

/** A line as the index and a look at the line itself see it. */
export interface Facts {
  readonly index: number;
  /** Record id, hex. */
  readonly id: string;
  /** Home's intake, ms. */
  readonly at: number;
  readonly signers: readonly string[];
  readonly payload: Payload;
}

/** Fields that every index serves; others are added by `3bot bcdb index add`. */
export const FIRST_FIELDS: readonly string[] = ['body.name', 'body.state', 'body.total_stroops'];

const PARTY = /^((bot|account|node|certify|meter)\/[0-9a-f]{64}|(farm|contract|run|blueprint|document|vote|network)\/[0-9a-f]{40})$/;
const KEY = /^[0-9a-f]{64}$/;
const ID = /^[0-9a-f]{40}$/;
/** Keys of a body that name a party by its bare id, and what kind of party. */
const NAMED: Readonly<Record<string, string>> = { node: 'node', account: 'account', payout: 'account', to: 'account', farm: 'farm', bot: 'bot', contract: 'contract', vote: 'vote', network: 'network', blueprint: 'blueprint' };
/** Chains whose id is another party's. */
const BESIDE: Readonly<Record<string, string>> = { run: 'contract', certify: 'node', recovery: 'bot' };
/** Keys of a body whose text is meant for people. */
const FOR_PEOPLE = new Set(['name', 'place', 'region', 'country', 'features', 'reason', 'image', 'memo', 'order', 'model', 'platform', 'command', 'role', 'endpoint', 'title', 'about', 'text', 'question', 'options', 'option']);
const AMOUNT = /^(0|[1-9][0-9]{0,18})$/;

/** The first part of a chain: `contract` of `contract/<id>`. */
export function familyOf(chain: string): string {
  const slash = chain.indexOf('/');
  return slash === -1 ? chain : chain.slice(0, slash);
}

/**
 * Who and what a record concerns: its own chain, and the parties that its body names (`farm/<id>`, `node/<key>`,
 * `account/<key>`, `bot/<key>`, `contract/<id>`), each once. They follow from the record, nobody sets them.
 */
export function tagsOf({ chain, body }: Payload): Set<string> {
  const tags = new Set([chain]);
  const beside = BESIDE[familyOf(chain)];
  if (beside !== undefined) tags.add(`${beside}/${chain.slice(chain.indexOf('/') + 1)}`);
  walk(body as JsonObject, '', (text, key) => {
    if (text.length === 64 || text.length === 40) {
      const party = Object.hasOwn(NAMED, key) ? NAMED[key] : undefined;
      if (party !== undefined && (text.length === 64 ? KEY : ID).test(text)) tags.add(`${party}/${text}`);
    } else if (text.length > 40 && text.length < 73 && PARTY.test(text)) tags.add(text);
  });
  return tags;
}

/** The words of a record that are meant for people, as `wordsOf` makes them. */
export function textOf({ body }: Payload): string[] {
  const words: string[] = [];
  walk(body as JsonObject, '', (text, key) => {
    if (FOR_PEOPLE.has(key)) words.push(...wordsOf(text));
  });
  return words;
}

/** Words of a text: letters and digits in a row, lower case, without marks (`Café-7` has `cafe` and `7`). */
export function wordsOf(text: string): string[] {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/**
 * The values at a path, each once; a path goes through lists (`body.payers.account` is every payer's). Null is no value.
 * @param path `body.x.y`, at least one name below `body`
 */
export function valuesAt({ body }: Pick<Payload, 'body'>, path: string): Set<Value> {
  const names = path.split('.').slice(1);
  const values = new Set<Value>();
  const isAmount = names.at(-1)?.endsWith('_stroops') === true;
  const visit = (value: Json | undefined, depth: number): void => {
    if (Array.isArray(value)) for (const item of value) visit(item, depth);
    else if (depth < names.length) {
      const name = names[depth] ?? '';
      if (value !== null && typeof value === 'object' && Object.hasOwn(value, name)) visit(value[name], depth + 1);
    } else if (typeof value === 'string') values.add(isAmount ? (amountOf(value) ?? value) : value);
    else if (typeof value === 'number') values.add(BigInt(value));
    else if (typeof value === 'boolean') values.add(value);
  };
  visit(body as JsonObject, 0);
  return values;
}

/** An amount of money as an integer, if the text is one. */
export function amountOf(text: string): bigint | undefined {
  if (!AMOUNT.test(text)) return undefined;
  const amount = BigInt(text);
  return amount <= MAX_STROOPS ? amount : undefined;
}

/** Every text below a value, with the name it stands under; lists pass their own name on, and an `id` is called as what it is the id of. */
function walk(value: Json, key: string, visit: (text: string, key: string) => void): void {
  if (typeof value === 'string') visit(value, key);
  else if (Array.isArray(value)) for (const item of value) walk(item, key, visit);
  else if (value !== null && typeof value === 'object') for (const name of Object.keys(value)) walk(value[name] as Json, name === 'id' ? key : name, visit);
}
