// Votes as people read them: found by their id, with the result as it stands.
import { iso } from '../base/clock.js';
import type { Reader } from '../bcdb/reader.js';
import { findById } from '../market/find.js';
import { read, type VoteObject } from '../rules/objects.js';
import { mayVote, resultOf, type VoteResult } from '../rules/vote.js';
import type { Vote } from '../schema/types.js';

/** A vote with its result as it stands. */
export interface VoteView extends VoteResult {
  readonly id: string;
  readonly question: string;
  readonly text: readonly string[];
  readonly by: string;
  /** Who may vote, in words. */
  readonly electorate: string;
  readonly decides: Vote['decides'];
  readonly ends_at: string;
  /** Whether this bot may vote, and its ballot that counts. */
  readonly may_vote: boolean;
  readonly mine: string | null;
}

/** A vote by its id, or the beginning of one that only one vote has. @throws Problem `not_found`; `usage` where several begin so */
export function findVote(reader: Reader, text: string): VoteObject {
  return findById(reader, 'vote', text, '3bot vote list');
}

/** The votes of a grid, as ids go. */
export function listVotes(reader: Reader, limit: number, bot: string | null, at: number): VoteView[] {
  return reader.objects('vote/', limit).map(({ value }) => viewVote(reader, value as unknown as VoteObject, bot, at));
}

/** @param bot key of who looks, hex; null where nobody is known @param at ms */
export function viewVote(reader: Reader, vote: VoteObject, bot: string | null, at: number): VoteView {
  const { id, question, text, by, electorate, decides, until } = vote;
  return {
    id, question, text, by, decides, ends_at: iso(until),
    electorate: 'bots' in electorate ? `${electorate.bots.length} bots by name` : `every bot with role ${electorate.role} before line ${vote.line}`,
    ...resultOf(vote, read(reader, 'tally', id) ?? { counts: [] }, at),
    may_vote: bot !== null && mayVote(reader, vote, bot),
    mine: bot === null ? null : (read(reader, 'ballot', `${id}/${bot}`)?.option ?? null),
  };
}

/** What wins, in words: `more than 50 % of the ballots`. */
export function decidesText({ of, more_than_ppm }: Vote['decides']): string {
  return `the option with most ballots, if they are more than ${more_than_ppm / 10_000} % of ${of === 'cast' ? 'those cast' : 'all who may vote'}`;
}

/** A vote as lines of text. */
export function voteText(view: VoteView): string {
  const { id, question, text, electorate, ends_at, state, counts, cast, voters, turnout_ppm, ahead, decided, decides, may_vote, mine } = view;
  const result = state === 'closed' ? `closed, ${decided === null ? 'nothing is decided' : `decided: ${decided}`}` : `open until ${ends_at}${ahead === null ? '' : `, ahead: ${ahead}`}`;
  const rows: [string, string][] = [
    ['vote', id], ['question', question], ...text.map((line): [string, string] => ['', line]), ['state', result],
    ...counts.map(({ option, ballots }): [string, string] => ['option', `${option}: ${ballots}`]),
    ['turnout', `${cast} of ${voters}, ${turnout_ppm / 10_000} %`], ['may vote', electorate], ['decides', decidesText(decides)],
    ['your ballot', mine ?? (may_vote ? 'not cast' : 'you have none')],
  ];
  return rows.map(([name, value]) => `${name.padEnd(13)}${value}`).join('\n');
}
