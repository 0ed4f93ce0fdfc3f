// Tampered receipts, each with the step of an examination that finds it: one table for the code and for the page.
import type { StepName } from '../../src/bcdb/examine.js';
import { formatReceipt, parseReceipt, type Receipt } from '../../src/bcdb/receipt.js';

/** A receipt that does not hold. */
export interface Tampered {
  readonly title: string;
  readonly text: string;
  /** The first step that finds it. */
  readonly found: StepName;
}

/** The same bytes with the lowest bit of one of them turned. */
function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

function flippedText(base64: string, at: number): string {
  return flipped(Buffer.from(base64, 'base64'), at).toString('base64');
}

/** Turns a bit of the signature on line `n` below the checkpoint's text: 0 is the log's, 1 the home's time stamp. */
function resigned(checkpoint: string, n: number, at: number): string {
  const end = checkpoint.lastIndexOf('\n\n') + 2;
  const rows = checkpoint.slice(end).split('\n');
  rows[n] = (rows[n] ?? '').replace(/[^ ]+$/, (sig) => flippedText(sig, at));
  return checkpoint.slice(0, end) + rows.join('\n');
}

/** What can be done to a good receipt with at least one hash in its proof. */
export function tampered(good: string): Tampered[] {
  const receipt = parseReceipt(good);
  const { line, index, proof, checkpoint } = receipt;
  const [signature, ...others] = line.signatures;
  const [hash, ...above] = proof;
  if (signature === undefined || hash === undefined) throw new Error('this receipt has too little to tamper with');
  const [origin = '', size = '', root = ''] = checkpoint.split('\n');
  const after = (change: Partial<Receipt>): string => formatReceipt({ ...receipt, ...change });
  const record = (change: (text: string) => string): string => after({ line: { ...line, payload: change(line.payload) } });
  return [
    { title: 'another first line', text: good.replace('@v1', '@v2'), found: 'file' },
    { title: 'half of the file', text: good.slice(0, good.length / 2), found: 'file' },
    { title: 'a space in the record', text: record((text) => text.replace('{', '{ ')), found: 'record' },
    { title: 'the record of another grid', text: record((text) => text.replace(/"grid":"[0-9a-f]{64}"/, `"grid":"${'0'.repeat(64)}"`)), found: 'grid' },
    { title: 'another word in the record', text: record((text) => text.replace(/"time":1/, '"time":2')), found: 'signatures' },
    { title: 'a turned bit in a signature', text: after({ line: { ...line, signatures: [{ ...signature, sig: flippedText(signature.sig, 10) }, ...others] } }), found: 'signatures' },
    { title: 'another time of intake', text: after({ line: { ...line, at: line.at + 1 } }), found: 'inclusion' },
    { title: 'another line number', text: after({ index: index + 1 }), found: 'inclusion' },
    { title: 'a turned bit in the path', text: after({ proof: [flipped(hash, 5), ...above] }), found: 'inclusion' },
    { title: 'a path that is too short', text: after({ proof: above }), found: 'inclusion' },
    { title: 'the checkpoint of another log', text: after({ checkpoint: checkpoint.replace(origin, `3bot/${'0'.repeat(32)}`) }), found: 'checkpoint' },
    { title: 'a checkpoint of another root', text: after({ checkpoint: checkpoint.replace(root, flippedText(root, 3)) }), found: 'inclusion' },
    { title: 'a checkpoint of another size', text: after({ checkpoint: checkpoint.replace(`\n${size}\n`, `\n${Number(size) * 4}\n`) }), found: 'inclusion' },
    { title: "a turned bit in the log's signature", text: after({ checkpoint: resigned(checkpoint, 0, 20) }), found: 'log' },
    { title: 'a later time stamp', text: after({ checkpoint: resigned(checkpoint, 1, 11) }), found: 'time' },
  ];
}
