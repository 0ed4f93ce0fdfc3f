// What one kind of record brings along, and the state it is carried out on.
import type { JsonObject } from '../base/canonical.js';
import { MAX_RULE_OBJECTS } from '../base/limits.js';
import type { ParsedRecord } from '../bcdb/record.js';
import type { Moment, ReadState, State } from '../bcdb/rulebook.js';
import type { Genesis, SchemaName } from '../schema/types.js';
import type { Occasion, Signers } from './quorum.js';
import { refused } from './refusal.js';

/** A record whose body has the shape of its kind. */
export interface Act<B> {
  readonly record: ParsedRecord;
  readonly body: B;
  /** The chain's name after its first part: key or id; empty on `grid`. */
  readonly subject: string;
  readonly moment: Moment;
  /** Version of the rules that the grid runs: what is of a later one is refused. */
  readonly rules: Version;
  /** What its signers are asked for: which of their keys are valid. */
  readonly occasion: Occasion;
}

/** Versions of the rules. A record that an older release would judge otherwise needs a grid of a later version. */
export type Version = Genesis['rules'];

/** Where money may come from while one record is carried out (see `token.move`). */
export interface Allowance {
  /** What is left of each listed payer's amount. */
  readonly payers: Map<string, bigint>;
  /** The contract whose escrow may be paid out: the record's own, or the one that it names. */
  readonly contract: string | null;
  readonly mints: boolean;
}

/**
 * The rule of one kind. Pure: nothing but state, record and moment; no loop over history.
 * Methods, not function properties, so that rules of all bodies fit in one table.
 */
export interface Rule<B> {
  readonly kind: SchemaName;
  /** First part of the chain it lives on. */
  readonly chain: 'grid' | 'bot' | 'account' | 'farm' | 'node' | 'contract' | 'run' | 'state' | 'meter' | 'certify' | 'document' | 'blueprint' | 'vote' | 'network' | 'recovery';
  /** First version of the rules that knows this kind; left out: 1. */
  readonly since?: Version;
  /** Brings TFT into being: genesis, faucet, mint. */
  readonly mints?: true;
  /** Pays from the escrow of the contract that its body names. Without it only records of a contract's own chain do. */
  readonly settles?: true;
  /**
   * Who must sign, each group by itself; payers are added by the caller. Also the place for checks that need no
   * more than the body: a record that fails here costs no signature check.
   * @throws Problem `refused`
   */
  signers(state: ReadState, act: Act<B>): Signers[];
  /** @throws Problem `refused` */
  apply(state: State, act: Act<B>, allowance: Allowance): void;
}

/** Collects what a rule puts, and counts what it touches; nothing reaches the state below before `commit`. */
export class RuleState implements State {
  readonly #below: State;
  readonly #touched = new Set<string>();
  readonly #put = new Map<string, JsonObject>();

  constructor(below: State) {
    this.#below = below;
  }

  get(id: string): JsonObject | undefined {
    this.#touch(id);
    return this.#put.get(id) ?? this.#below.get(id);
  }

  put(id: string, value: JsonObject): void {
    this.#touch(id);
    this.#put.set(id, value);
  }

  commit(): void {
    for (const [id, value] of this.#put) this.#below.put(id, value);
  }

  #touch(id: string): void {
    this.#touched.add(id);
    if (this.#touched.size > MAX_RULE_OBJECTS) throw refused('bound', `the record would touch more than ${MAX_RULE_OBJECTS} objects`);
  }
}
