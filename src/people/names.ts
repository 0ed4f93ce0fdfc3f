// Ids as people read them. What is signed says ids alone; whose they are is this grid's word, and stands apart, in brackets.
import { addressOf } from '../keys/did.js';
import type { ReadState } from '../bcdb/rulebook.js';
import { read } from '../rules/objects.js';
import type { Row } from './kinds.js';

/** Rows that hold somebody's own words: nothing in them is put otherwise. */
const VERBATIM: ReadonlySet<string> = new Set(['', 'title', 'text', 'file', 'document', 'reason', 'memo', 'order', 'workload']);
const IDS = /\b(?:(bot|farm)\/|account[ /])([0-9a-f]{64}|[0-9a-f]{40})\b/g;
const SHORT_DIGITS = 8;

/**
 * A row with the ids in it as people read them: `bot/c23e300e… (alice, says this grid)`, an account as its `G…`.
 * A bot or farm that the book has no name for keeps its id in full: half an id says nothing about whose it is.
 */
export function namedRow(state: ReadState, [name, text]: Row): Row {
  return VERBATIM.has(name) ? [name, text] : [name, namedText(state, text)];
}

/** A party, or a text of 3bot's own making with parties in it, likewise. */
function namedText(state: ReadState, text: string): string {
  return text.replace(IDS, (whole, type: 'bot' | 'farm' | undefined, id: string) => {
    if (type === undefined) return id.length === 64 ? `account ${addressOf(id)}` : whole;
    const name = read(state, type, id)?.name;
    return name === undefined ? whole : `${type}/${id.slice(0, SHORT_DIGITS)}… (${name}, says this grid)`;
  });
}
