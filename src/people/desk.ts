// A signer's desk: takes what the mail brings, passes on what is signed or declined, and hands in what is complete.
import { isProblem, messageOf, Problem } from '../base/errors.js';
import { LETTERS_AT_ONCE, MAX_TOLD } from '../base/limits.js';
import type { Expected } from '../bcdb/rulebook.js';
import type { Home } from '../home.js';
import { accountRolesOf } from '../keys/accounts.js';
import type { Keyring } from '../keys/keyring.js';
import { deliver } from '../net/deliver.js';
import { mergeSignatures, openDraft, type SignedFile } from '../net/envelope.js';
import type { Grid } from '../net/grid.js';
import type { MailBodies, MailKind } from '../net/mail/letter.js';
import { dropMail, fetchMail, sendMail, type MailItem, type MailParts } from '../net/mail/mail.js';
import { speakerOf } from '../net/talk.js';
import type { Private } from '../private.js';
import { gridRules } from '../rules/all.js';
import { itemOf } from './inbox.js';
import { kindOf, usableUntil } from './kinds.js';
import { Drafts, type KeptDraft } from './store.js';

/** A letter that changed nothing, and why. */
export interface Unfit {
  readonly from: string | null;
  readonly problem: Problem;
}

/** What a look into the mailbox brought. */
export interface Collected {
  /** Ids of records that are new on the desk, or of which something is. */
  readonly touched: readonly string[];
  readonly unfit: readonly Unfit[];
}

/** Somebody whom a letter did not reach. */
export interface Untold {
  readonly party: string;
  readonly problem: Problem;
}

export interface DeskParts {
  readonly home: Home;
  readonly grid: Grid;
  readonly keyring: Keyring;
  readonly data: Private;
  readonly signal: AbortSignal;
}

/** The desk of an identity on a grid. */
export class Desk {
  readonly drafts: Drafts;
  /** `bot/…` that the identity is, or acts for. */
  readonly me: string;
  /** Its key, hex. */
  readonly bot: string;
  readonly #grid: Grid;
  readonly #mail: MailParts;
  readonly #keys: ReadonlySet<string>;

  constructor({ home, grid, keyring, data, signal }: DeskParts) {
    const me = speakerOf(keyring, grid.reader);
    this.me = me.party;
    this.bot = me.party.slice('bot/'.length);
    this.drafts = new Drafts(data, grid.id, this.bot);
    this.#grid = grid;
    this.#mail = { home, grid, me, signal };
    this.#keys = new Set(['bot', ...accountRolesOf(keyring)].map((role) => keyring.signer(role).key));
  }

  /**
   * Takes everything that has come: onto the desk, then out of the mailbox. What there is no room for stays there.
   * @param wait_ms how long to wait for a letter where there is none, at most 30 s
   * @throws Problem `unreachable`, `busy`, `integrity` as `fetchMail`
   */
  async collect(wait_ms = 0): Promise<Collected> {
    const touched = new Set<string>();
    const unfit: Unfit[] = [];
    for (let after = 0, wait = wait_ms, more = true; more; wait = 0) {
      const batch = await fetchMail(this.#mail, { after, wait_ms: wait });
      const done = batch.bad.map(({ id }) => id);
      unfit.push(...batch.bad.map(({ problem }) => ({ from: null, problem })));
      for (const { id, from } of batch.letters.filter(({ kind }) => kind === 'secret')) {
        unfit.push({ from, problem: new Problem('refused', 'the letter brings a secret, which only the node of a contract takes', { reason: 'kind' }) });
        done.push(id);
      }
      for (const letters of together(batch.letters.filter(isAboutDraft))) {
        if (letters[0].kind === 'draft' && !this.drafts.hasRoom(letters[0].stranger)) continue;
        unfit.push(...this.#takeAll(letters, touched));
        done.push(...letters.map(({ id }) => id));
      }
      if (done.length > 0) await dropMail(this.#mail, done);
      ({ next: after, more } = batch);
    }
    return { touched: [...touched], unfit };
  }

  /** Takes letters with signatures on one record as one; where that does not hold, each for itself. @returns those that did not */
  #takeAll(letters: Together, touched: Set<string>): Unfit[] {
    try {
      const record = this.#take(joined(letters));
      if (record !== null) touched.add(record);
      return [];
    } catch (thrown) {
      if (!isProblem(thrown)) throw thrown;
      if (letters.length > 1) return letters.flatMap((letter) => this.#takeAll([letter], touched));
      return [{ from: letters[0].from, problem: thrown }];
    }
  }

  /** @returns id of the record that it is about; null where that is not on the desk (any more) */
  #take(letter: DraftLetter): string | null {
    const at = this.#grid.clock();
    if (letter.kind === 'draft') {
      const draft = openDraft(this.#grid.reader, letter.body, at);
      const { allowed } = this.#expected(draft);
      if (![...this.#keys].some((key) => allowed.has(key))) throw new Problem('refused', 'the draft does not ask for your signature', { reason: 'key' });
      this.drafts.keep(draft, { proposer: letter.from, stranger: letter.stranger }, at);
      return draft.record.id;
    }
    const known = this.drafts.get(letter.body.record);
    if (known === undefined) return null;
    if (letter.kind === 'signatures') {
      const { signatures } = openDraft(this.#grid.reader, { payload: known.record.text, signatures: letter.body.signatures }, at);
      const { allowed } = this.#expected(known);
      this.drafts.change(known.record.id, { signatures, signed: signatures.flatMap(({ by }) => allowed.get(by) ?? []) });
    } else if (new Set(this.#expected(known).allowed.values()).has(letter.from)) {
      this.drafts.change(known.record.id, { declined: [{ party: letter.from, reason: letter.body.reason }] });
    }
    return known.record.id;
  }

  #expected({ record }: SignedFile): Expected {
    return gridRules.expected(this.#grid.reader, record, { at: this.#grid.clock(), index: this.#grid.reader.size });
  }

  /** Sends a draft to everybody else who may sign it. @returns whom it did not reach */
  async propose(draft: SignedFile): Promise<Untold[]> {
    return this.#send(this.#others(draft), draft, 'draft', { payload: draft.record.text, signatures: [...draft.signatures] });
  }

  /** Tells others of a draft on the desk what this bot has signed. Of many signers the proposer alone is told: he commits. */
  async tellSigned(draft: KeptDraft): Promise<Untold[]> {
    const own = draft.signatures.filter(({ by }) => this.#keys.has(by));
    return this.#send(this.#told(draft), draft, 'signatures', { record: draft.record.id, signatures: own });
  }

  /** Tells others that this bot does not sign. */
  async tellDeclined(draft: SignedFile & Partial<KeptDraft>, reason: string): Promise<Untold[]> {
    return this.#send(this.#told(draft), draft, 'declined', { record: draft.record.id, reason });
  }

  /**
   * Records what nobody is missing on any more and this bot has signed: two may have signed last, neither knowing of the other.
   * @returns ids of the records
   */
  async handInComplete(): Promise<string[]> {
    const { reader, clock } = this.#grid;
    const complete = this.drafts.list().filter((draft) => draft.mine === 'signed' && kindOf(draft.record.payload).recordedBy === undefined && itemOf(reader, draft, clock()).state === 'complete');
    for (const { record, signatures } of complete) await deliver(this.#grid, { payload: record.text, signatures: [...signatures] });
    return complete.map(({ record }) => record.id);
  }

  #told(draft: SignedFile & Partial<KeptDraft>): string[] {
    const { proposer } = draft;
    const others = this.#others(draft);
    const all = proposer === undefined || proposer === this.me ? others : [...new Set([proposer, ...others])];
    return all.length <= MAX_TOLD ? all : all.filter((party) => party === proposer);
  }

  /** The bots that a draft names, but this one. Farms sign by their own service, an account's owner is not known by it. */
  #others(draft: SignedFile): string[] {
    return [...new Set(this.#expected(draft).allowed.values())].filter((party) => party.startsWith('bot/') && party !== this.me);
  }

  async #send<K extends MailKind>(parties: readonly string[], { record }: SignedFile, kind: K, body: MailBodies[K]): Promise<Untold[]> {
    const untold: Untold[] = [];
    const expires = usableUntil(record.payload) ?? undefined;
    for (let i = 0; i < parties.length; i += LETTERS_AT_ONCE) {
      await Promise.all(parties.slice(i, i + LETTERS_AT_ONCE).map(async (party) => {
        try {
          await sendMail(this.#mail, party, kind, body, expires);
        } catch (thrown) {
          if (isProblem(thrown, 'interrupted')) throw thrown;
          untold.push({ party, problem: isProblem(thrown) ? thrown : new Problem('failed', messageOf(thrown), { cause: thrown }) });
        }
      }));
    }
    return untold;
  }
}

/** A letter about a record that several sign. */
type DraftLetter = Exclude<MailItem, { readonly kind: 'secret' }>;

function isAboutDraft(letter: MailItem): letter is DraftLetter {
  return letter.kind !== 'secret';
}

/** Letters that are taken as one: several only if they bring signatures on the same record. */
type Together = readonly [DraftLetter, ...DraftLetter[]];

/**
 * Drafts first, then the rest in the order in which it came; thousands of signatures on one record are one look at the
 * book, as long as nobody declines it between them: the newest word of each counts.
 */
function together(letters: readonly DraftLetter[]): Together[] {
  const groups: [DraftLetter, ...DraftLetter[]][] = letters.filter(({ kind }) => kind === 'draft').map((letter) => [letter]);
  const open = new Map<string, DraftLetter[]>();
  for (const letter of letters) {
    if (letter.kind === 'draft') continue;
    const { record } = letter.body;
    const group = letter.kind === 'signatures' ? open.get(record) : undefined;
    if (group !== undefined) {
      group.push(letter);
      continue;
    }
    const begun: [DraftLetter] = [letter];
    groups.push(begun);
    if (letter.kind === 'signatures') open.set(record, begun);
    else open.delete(record);
  }
  return groups;
}

function joined([first, ...more]: Together): DraftLetter {
  if (first.kind !== 'signatures' || more.length === 0) return first;
  const signatures = [first, ...more].flatMap((letter) => (letter.kind === 'signatures' ? letter.body.signatures : []));
  return { ...first, body: { record: first.body.record, signatures: mergeSignatures([], signatures) } };
}
