// The witnesses of a home folder as people see them; no key is opened.
import { Problem } from '../base/errors.js';
import type { Home } from '../home.js';
import { listKeystores, readKeystore } from '../keys/keystore.js';
import { witnessPath } from '../net/witnesses.js';
import { formatVkey } from '../tlog/note.js';
import { Ledger, witnessKey } from './ledger.js';

/** A log that a witness knows. */
export interface LogShown {
  readonly origin: string;
  readonly vkey: string;
  /** Leaves that were cosigned. */
  readonly size: number;
  readonly cosigned_ms: number | null;
  /** Its home, where an auditing witness gets the lines. */
  readonly url: string | null;
}

/** A witness of this home folder. */
export interface WitnessShown {
  readonly witness: string;
  readonly vkey: string;
  readonly audits: boolean;
  /** Below the address of the bot: its submission prefix. */
  readonly path: string;
  readonly logs: readonly LogShown[];
}

/** @throws Problem `not_found` where there is no such witness, or what it remembers is gone; `integrity` */
export function showWitness(home: Home, name: string): WitnessShown {
  const { public: keys } = readKeystore(home, 'witness', name);
  using ledger = Ledger.open(home.witnessLedger(name));
  return {
    witness: name,
    vkey: formatVkey(witnessKey(ledger.identity, keys['witness'] ?? '')),
    audits: ledger.identity.audits,
    path: witnessPath(name),
    logs: ledger.logs().map(({ origin, vkey, size, cosigned_ms, source }) => ({ origin, vkey, size, cosigned_ms, url: source?.url ?? null })),
  };
}

/** All of them, by name. */
export function listWitnesses(home: Home): WitnessShown[] {
  return listKeystores(home, 'witness').map(({ name, problem }) => {
    if (problem !== undefined) throw new Problem(problem.code, problem.message, { cause: problem, ...(problem.hint === undefined ? {} : { hint: problem.hint }) });
    return showWitness(home, name);
  });
}

/** Its line in a policy. @param url of the bot that serves it */
export function policyLine({ witness, vkey, path }: WitnessShown, url: string): string {
  return `witness ${witness} ${vkey} ${url}${path}`;
}
