// One table: what each kind of draft says in plain words, and what is special about signing it.
import type { JsonObject } from '../base/canonical.js';
import type { Reader } from '../bcdb/reader.js';
import { checkHandover } from '../net/governance.js';
import type { Payload, SchemaName } from '../schema/types.js';
import { certificateWords } from './words/certificate.js';
import { agreementWords, amendWords, endWords, workloadWords } from './words/contract.js';
import { documentWords } from './words/document.js';
import { identityWords, recoverWords } from './words/identity.js';
import { handoverWords, policyWords, witnessesWords } from './words/governance.js';
import { plainWords } from './words/plain.js';
import { accountWords, transferWords } from './words/money.js';

/** A fact of a draft with its name. */
export type Row = readonly [name: string, text: string];

/** What 3bot knows of a kind of draft. */
export interface DraftKind {
  /** Everything that it says, in reading order, from the payload and nothing else: what is signed is what is read. */
  words(payload: Payload): Row[];
  /** Looks into the signer's own copy before it signs. @throws Problem `refused` */
  check?(reader: Reader, payload: Payload): void;
  /** The command that records it once enough have signed, where `sign` does not; such a draft is signed with the home away, too. */
  readonly recordedBy?: string;
}

/** To add a kind: its words in words/<subject>.ts, and its line here. A kind without one is shown field by field. */
const KINDS: { readonly [kind in SchemaName]?: DraftKind } = {
  'agreement@1': { words: agreementWords },
  'amend@1': { words: amendWords },
  'workload@1': { words: workloadWords },
  'end@1': { words: endWords },
  'document@1': { words: documentWords },
  'transfer@1': { words: transferWords },
  'account@1': { words: accountWords },
  'identity@1': { words: identityWords },
  'recover@1': { words: recoverWords },
  'certificate@1': { words: certificateWords },
  'policy@1': { words: policyWords },
  'witnesses@1': { words: witnessesWords },
  'handover@1': { words: handoverWords, check: checkHandover, recordedBy: '3bot grid handover FILE   (in the home folder that takes the grid over)' },
};

/** What is known of a kind of draft, whatever it is. */
export function kindOf({ kind }: Payload): DraftKind {
  return (KINDS as Readonly<Record<string, DraftKind | undefined>>)[kind] ?? { words: plainWords };
}

/** Until when signatures on it can be used, ms; null: as long as nothing else continues its chain. */
export function usableUntil({ body }: Payload): number | null {
  const until = (body as JsonObject)['commit_by'];
  return typeof until === 'number' ? until : null;
}
