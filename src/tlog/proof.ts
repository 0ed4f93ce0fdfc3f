// Proofs as files: a leaf's place, the hashes that show it there and the checkpoint (C2SP tlog-proof).
import { Problem } from '../base/errors.js';
import { MAX_PROOF_HASHES, MAX_RECEIPT_BYTES } from '../base/limits.js';

const FIRST_LINE = 'c2sp.org/tlog-proof@v1';
const EXTRA = /^extra ([A-Za-z0-9+/]+={0,2})$/;
const INDEX = /^index (0|[1-9][0-9]{0,15})$/;
const HASH = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** What a proof file holds. */
export interface ProofFile {
  /** Of the application's own meaning; nothing vouches for it but what the application checks. */
  readonly extra?: Buffer;
  /** Place of the leaf, from 0. */
  readonly index: number;
  /** Hashes from the leaf's sibling upwards (RFC 6962 2.1.1), 32 bytes each. */
  readonly proof: readonly Buffer[];
  /** The signed note, as the log gave it. */
  readonly checkpoint: string;
}

function broken(what: string): Problem {
  return new Problem('integrity', `proof: ${what}`, { reason: 'proof' });
}

/** The text of a `.tlog-proof` file. */
export function formatProof({ extra, index, proof, checkpoint }: ProofFile): string {
  const first = extra === undefined ? '' : `extra ${extra.toString('base64')}\n`;
  const hashes = proof.map((hash) => `${hash.toString('base64')}\n`).join('');
  return `${FIRST_LINE}\n${first}index ${index}\n${hashes}\n${checkpoint}`;
}

/**
 * Takes a proof file apart. Checks its form only: whether it holds is for `verifyInclusion` and the note's verifiers.
 * @param text hostile
 * @throws Problem `integrity`, reason `proof`, that names the part that has the wrong form
 */
export function parseProof(text: string): ProofFile {
  if (Buffer.byteLength(text) > MAX_RECEIPT_BYTES) throw broken(`larger than ${MAX_RECEIPT_BYTES} bytes`);
  const end = text.indexOf('\n\n');
  if (end < 0) throw broken('no empty line before the checkpoint');
  const [first, ...rest] = text.slice(0, end).split('\n');
  if (first !== FIRST_LINE) throw broken(`the first line is not ${FIRST_LINE}`);
  const extra = rest[0]?.startsWith('extra ') === true ? parseExtra(rest.shift() ?? '') : undefined;
  const [place = '', ...hashes] = rest;
  const index = Number(INDEX.exec(place)?.[1]);
  if (!Number.isSafeInteger(index)) throw broken('no line "index" with a number');
  if (hashes.length > MAX_PROOF_HASHES || !hashes.every((hash) => HASH.test(hash))) throw broken('not a list of hashes in base64 below the index');
  return { ...(extra === undefined ? {} : { extra }), index, proof: hashes.map((hash) => Buffer.from(hash, 'base64')), checkpoint: text.slice(end + 2) };
}

function parseExtra(line: string): Buffer {
  const [, data = ''] = EXTRA.exec(line) ?? [];
  const bytes = Buffer.from(data, 'base64');
  if (data === '' || bytes.toString('base64') !== data) throw broken('its extra data is not base64 in the one spelling');
  return bytes;
}
