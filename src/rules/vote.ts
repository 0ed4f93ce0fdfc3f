// Votes: a question, who may answer it, ballots on the voters' own chains, and a result that is always at hand.
import { iso } from '../base/clock.js';
import { MAX_VOTE_MS } from '../base/limits.js';
import { chainId } from '../bcdb/record.js';
import type { ReadState } from '../bcdb/rulebook.js';
import type { Ballot, Vote } from '../schema/types.js';
import { membersOf } from './members.js';
import { read, readGrid, write, type TallyObject, type VoteObject } from './objects.js';
import { resolve, someOf } from './quorum.js';
import { demand, short } from './refusal.js';
import { countRole, hadRole } from './roles.js';
import type { Rule } from './rule.js';

const PPM = 1_000_000;

/** vote@1: begins a vote; the only record of its chain. Whoever begins one needs no ballot in it. */
export const vote: Rule<Vote> = {
  kind: 'vote@1',
  chain: 'vote',
  since: 2,
  signers(state, { body, record, subject, moment: { at }, occasion }) {
    const { by, nonce, options, electorate, until } = body;
    demand(record.payload.height === 0, 'exists', 'a vote is begun once, and never changed');
    demand(subject === chainId(readGrid(state).id, by, nonce), 'id', `vote ${short(subject)} does not follow from its by and nonce`);
    demand(new Set(options).size === options.length, 'terms', 'an option stands twice');
    demand(!('bots' in electorate) || new Set(electorate.bots).size === electorate.bots.length, 'terms', 'a voter stands twice');
    demand(until > at && until - at <= MAX_VOTE_MS, 'terms', () => `a vote ends in the future, within ${MAX_VOTE_MS / 86_400_000} days`);
    return [resolve(state, someOf(1, [`bot/${by}`]), occasion)];
  },
  apply(state, { body, subject, moment: { at, index } }) {
    const voters = 'bots' in body.electorate ? body.electorate.bots.length : countRole(state, body.electorate.role);
    demand(voters > 0, 'terms', 'nobody could vote: no bot has this role');
    write(state, 'vote', subject, { id: subject, ...body, at, line: index, voters });
    write(state, 'tally', subject, { counts: body.options.map(() => 0) });
  },
};

/** ballot@1: a voter's choice. Until the end a later one takes its place, and counts once. */
export const ballot: Rule<Ballot> = {
  kind: 'ballot@1',
  chain: 'bot',
  since: 2,
  signers(state, { body, subject, moment: { at }, occasion }) {
    const asked = voteOf(state, body.vote);
    demand(at < asked.until, 'deadline', () => `the vote ended at ${iso(asked.until)}, it is ${iso(at)}`);
    demand(asked.options.includes(body.option), 'terms', () => `the options are ${asked.options.join(', ')}`);
    demand(mayVote(state, asked, subject), 'key', `bot ${short(subject)} has no ballot in this vote`);
    return [resolve(state, someOf(1, [`bot/${subject}`]), occasion)];
  },
  apply(state, { body, subject, moment: { at } }) {
    const { options } = voteOf(state, body.vote);
    const id = `${body.vote}/${subject}`;
    const counts = [...(read(state, 'tally', body.vote)?.counts ?? [])];
    const before = read(state, 'ballot', id);
    if (before !== undefined) add(counts, options.indexOf(before.option), -1);
    add(counts, options.indexOf(body.option), 1);
    write(state, 'tally', body.vote, { counts });
    write(state, 'ballot', id, { option: body.option, at });
  },
};

function add(counts: number[], option: number, by: number): void {
  counts[option] = (counts[option] ?? 0) + by;
}

/** @throws Problem `refused`, reason `not_found` */
export function voteOf(state: ReadState, id: string): VoteObject {
  const found = read(state, 'vote', id);
  demand(found !== undefined, 'not_found', `no vote ${short(id)} on this grid`);
  return found;
}

/** Whether a bot (key, hex) is of a vote's electorate, which is as it was when the vote was begun. */
export function mayVote(state: ReadState, { electorate, line }: VoteObject, bot: string): boolean {
  if ('bots' in electorate) return membersOf(electorate.bots, (bots) => bots).has(bot);
  const known = read(state, 'bot', bot);
  return known !== undefined && hadRole(known, electorate.role, line);
}

/** How a vote stands. */
export interface VoteResult {
  readonly state: 'open' | 'closed';
  readonly counts: readonly { readonly option: string; readonly ballots: number }[];
  /** Ballots that count: one a voter. */
  readonly cast: number;
  readonly voters: number;
  /** Cast of voters, in millionths, rounded down. */
  readonly turnout_ppm: number;
  /** The option that wins as it stands; null where none does. It is decided once the vote is closed. */
  readonly ahead: string | null;
  readonly decided: string | null;
}

/**
 * How a vote stands at a moment.
 * @param at ms, not before the newest ballot
 */
export function resultOf({ options, until, voters, decides }: VoteObject, { counts }: TallyObject, at: number): VoteResult {
  const cast = counts.reduce((sum, ballots) => sum + ballots, 0);
  const most = Math.max(...counts);
  const [best, tie] = options.filter((_, i) => counts[i] === most);
  const base = decides.of === 'cast' ? cast : voters;
  const wins = best !== undefined && tie === undefined && most * PPM > base * decides.more_than_ppm;
  const ahead = wins ? best : null;
  const isOpen = at < until;
  return {
    state: isOpen ? 'open' : 'closed',
    counts: options.map((option, i) => ({ option, ballots: counts[i] ?? 0 })),
    cast, voters,
    turnout_ppm: Math.floor((cast * PPM) / voters),
    ahead, decided: isOpen ? null : ahead,
  };
}
