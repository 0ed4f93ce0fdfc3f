// A bot's own mail: sends letters, fetches and drops what has come. Whatever comes is hostile until it was opened and checked.
import { randomBytes } from 'node:crypto';
import { canonical } from '../../base/canonical.js';
import { isProblem, Problem } from '../../base/errors.js';
import { KNOWN_CONTRACTS, MAX_DROPPED, MAX_KNOWN, MAX_LETTER_LIFE_MS, MAX_MADE_KNOWN, MAX_PAGE_LETTERS } from '../../base/limits.js';
import { tagsOf } from '../../bcdb/index/facts.js';
import { query } from '../../bcdb/query.js';
import { parseRecord } from '../../bcdb/record.js';
import type { Reader } from '../../bcdb/reader.js';
import type { Home } from '../../home.js';
import type { Letter, MailboxRequest, MailKept, MailPage } from '../../schema/types.js';
import { Client } from '../client.js';
import type { Grid } from '../grid.js';
import { daemonAnswers, socketPath } from '../lock.js';
import { peerOf, type Speaker } from '../talk.js';
import { letterId, openLetter, sealLetter, type MailBodies, type MailKind, type OpenLetter } from './letter.js';
import { MailOffice, type PostOffice } from './office.js';
import { endpointOf, mailboxOf } from './place.js';

/** Whose mail it is, and where. */
export interface MailParts {
  readonly home: Home;
  readonly grid: Grid;
  readonly me: Speaker;
  readonly signal: AbortSignal;
}

/** A letter as it lies in the own mailbox. */
export type MailItem = OpenLetter & {
  /** Where it stands in the mailbox; later ones have larger numbers. */
  readonly seq: number;
  /** It came into the box for strangers: from somebody this bot has not written to and has no contract with. */
  readonly stranger: boolean;
};

/** A letter that does not hold, or is not for this bot. Nothing of it is to be shown but this. */
export interface BadLetter {
  readonly id: string;
  readonly seq: number;
  readonly problem: Problem;
}

/** What a mailbox gave. */
export interface MailBatch {
  /** In the order in which they came. */
  readonly letters: readonly MailItem[];
  readonly bad: readonly BadLetter[];
  /** What to ask after next. */
  readonly next: number;
  /** There are more at once. */
  readonly more: boolean;
}

/**
 * Seals a letter and hands it to the server that keeps the receiver's mailbox; it is on disk there on return. From now
 * on the receiver is no stranger to this bot's own mailbox.
 * @param to `bot/…`, `farm/…` or `node/…`
 * @param expires ms since 1970, at most 7 days from now; that if left out
 * @returns the letter's id, and whether it went to the receiver's box for strangers
 * @throws Problem `refused`, reason `identity`, where the grid does not know the receiver; `busy`, reason `mailbox`, `sender`
 *   or `server`, where there is no room; `unreachable`; `malformed` where it is too large
 */
export async function sendMail<K extends MailKind>(parts: MailParts, to: string, kind: K, body: MailBodies[K], expires?: number): Promise<MailKept> {
  const { grid, me } = parts;
  const time = grid.clock();
  const latest = time + MAX_LETTER_LIFE_MS;
  const letter = await sealLetter(me, peerOf(grid.reader, to), grid.id, { time, expires: Math.min(expires ?? latest, latest) }, kind, body);
  const kept = await atOffice(parts, to, (office) => handIn(office, letter, parts.signal));
  if (kept.id !== letterId(letter.head)) throw new Problem('integrity', 'the server of the mailbox has taken another letter than was sent', { reason: 'withheld' });
  // Where both mailboxes are at one server, it has seen who wrote to whom.
  if (endpointOf(grid.reader, to) !== endpointOf(grid.reader, me.party)) await ask(parts, { known: [to] }, 0);
  return kept;
}

/** A lost answer is made good by handing the same letter in again: it is not kept twice. */
async function handIn(office: PostOffice, letter: Letter, signal: AbortSignal): Promise<MailKept> {
  try {
    return await office.mail(letter, signal);
  } catch (thrown) {
    if (!isProblem(thrown, 'unreachable')) throw thrown;
  }
  return office.mail(letter, signal);
}

/** What is fetched, and how. */
export interface Fetching {
  /** Letters above this number only; 0 for all, and whoever has a contract with this bot is known there from then on. */
  readonly after?: number;
  /** How long to wait for one where there is none, at most 30 s. */
  readonly wait_ms?: number;
  /** Parties that are no strangers from now on, beside those of the own contracts. */
  readonly known?: readonly string[];
}

/**
 * Letters of the own mailbox, opened and checked, in the order in which they came. They stay there until they are dropped or expire.
 * Signatures in drafts are not checked yet: `openDraft` does, once it is known who may sign.
 * @throws Problem `unreachable`, `busy`; `integrity` where the server gives letters out of order or twice
 */
export async function fetchMail(parts: MailParts, { after = 0, wait_ms = 0, known: also = [] }: Fetching = {}): Promise<MailBatch> {
  // Who cannot open letters would take them for broken, and drop them.
  if (parts.me.answer_to !== undefined) throw new Problem('refused', 'letters to this bot are sealed to a key that is not in this home folder', { reason: 'key', hint: 'read them where the identity is, or ask for the draft as a file' });
  const { grid, me } = parts;
  const known = after === 0 ? [...new Set([...acquaintances(grid.reader, me), ...also])] : [];
  for (let i = MAX_MADE_KNOWN; i < known.length; i += MAX_MADE_KNOWN) await ask(parts, { known: known.slice(i, i + MAX_MADE_KNOWN) }, 0);
  const page = await ask(parts, { after, limit: MAX_PAGE_LETTERS, known: known.slice(0, MAX_MADE_KNOWN) }, wait_ms);
  checkOrder(page, after);
  // Who wrote, and what about, may have been recorded while this bot waited.
  if (wait_ms > 0 && page.letters.length > 0) await grid.refresh();
  const letters: MailItem[] = [];
  const bad: BadLetter[] = [];
  for (const { seq, stranger, letter } of page.letters) {
    try {
      letters.push({ ...(await openLetter(letter, grid.reader, me, grid.id, grid.clock())), seq, stranger });
    } catch (thrown) {
      if (!isProblem(thrown)) throw thrown;
      bad.push({ id: letterId(letter.head), seq, problem: thrown });
    }
  }
  return { letters, bad, next: page.letters.at(-1)?.seq ?? after, more: page.more };
}

/** Who stands in the newest contracts that this bot has signed. */
function acquaintances(reader: Reader, { party, signer }: Speaker): string[] {
  const parties = new Set<string>();
  for (const { payload } of query(reader, { kind: 'agreement@1', signer: signer.key, limit: KNOWN_CONTRACTS }).records) {
    for (const tag of tagsOf(parseRecord(payload).payload)) if (/^(bot|farm|node)\//.test(tag) && tag !== party) parties.add(tag);
  }
  return [...parties].slice(0, MAX_KNOWN);
}

function checkOrder({ letters }: MailPage, after: number): void {
  const ids = new Set<string>();
  let before = after;
  for (const { seq, letter } of letters) {
    if (seq <= before || ids.has(letterId(letter.head))) throw new Problem('integrity', 'the server of the mailbox gives letters twice or out of order', { reason: 'withheld' });
    before = seq;
    ids.add(letterId(letter.head));
  }
}

/** Drops letters from the own mailbox, by id; such as are not there (any more) are passed over. @throws Problem `unreachable`, `busy` */
export async function dropMail(parts: MailParts, ids: readonly string[]): Promise<void> {
  for (let i = 0; i < ids.length; i += MAX_DROPPED) await ask(parts, { drop: ids.slice(i, i + MAX_DROPPED) }, 0);
}

type Wish = Partial<Pick<MailboxRequest, 'after' | 'limit'>> & { readonly drop?: readonly string[]; readonly known?: readonly string[] };

async function ask(parts: MailParts, { drop = [], known = [], after = 0, limit = 0 }: Wish, wait_ms: number): Promise<MailPage> {
  const { grid, me, signal } = parts;
  const request: MailboxRequest = { v: 1, grid: grid.id, of: me.party, drop: [...drop], known: [...known], after, limit, time: grid.clock(), nonce: randomBytes(16).toString('hex'), by: me.signer.key };
  const sig = await me.signer.sign('mailbox', canonical(request));
  return atOffice(parts, me.party, (office) => office.mailbox({ request, sig }, wait_ms, signal));
}

/** Works with whoever keeps a party's mailbox: where it says, else the bot that this grid was joined from, else this home. */
async function atOffice<T>({ home, grid }: MailParts, party: string, work: (office: PostOffice) => Promise<T>): Promise<T> {
  const { url } = mailboxOf(grid, party);
  const here = new Map([[grid.id, grid]]);
  await using office: PostOffice & AsyncDisposable =
    url !== null ? new Client({ url })
    : (await daemonAnswers(home)) ? new Client({ socket: socketPath(home) })
    : new MailOffice({ grids: here, path: home.mail, clock: grid.clock, isPrivate: true });
  return await work(office);
}
