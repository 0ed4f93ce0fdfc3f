// Who is meant by what a person types for somebody who signs.
import { Problem } from '../base/errors.js';
import type { ReadState } from '../bcdb/rulebook.js';
import { parseKey } from '../keys/did.js';
import { read } from '../rules/objects.js';

/**
 * A party by name of its bot, `did:key:…`, key in hex, or written out (`bot/…`, `farm/…`, `node/…`, `account/…`).
 * @throws Problem `usage` for what is none of these; `not_found` for a bot or farm that the grid does not know
 */
export function findParty(state: ReadState, text: string): string {
  if (/^((bot|node|account)\/[0-9a-f]{64}|farm\/[0-9a-f]{40})$/.test(text)) return known(state, text, text);
  if (/^[a-z0-9-]{3,50}$/.test(text)) {
    const holder = read(state, 'name', `bot/${text}`)?.holder;
    if (holder === undefined || holder === null) throw new Problem('not_found', `no bot named ${text} on this grid`, { reason: 'party', hint: 'they run 3bot grid join, then 3bot inbox: that puts their identity on the grid' });
    return holder;
  }
  return known(state, `bot/${parseKey(text)}`, text);
}

function known(state: ReadState, party: string, text: string): string {
  if (/^(bot|farm)\//.test(party) && state.get(party) === undefined) {
    throw new Problem('not_found', `${text.slice(0, 80)} is not known on this grid, so it cannot sign here`, { reason: 'party', hint: 'they run 3bot grid join, then 3bot inbox: that puts their identity on the grid' });
  }
  return party;
}
