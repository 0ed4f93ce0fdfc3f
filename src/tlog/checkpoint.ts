// The text of a checkpoint: which log, how many leaves, which root (C2SP tlog-checkpoint). Its signatures are the note's.
import { Problem } from '../base/errors.js';

/** What a checkpoint says. */
export interface Point {
  /** Names the log; no newline. */
  readonly origin: string;
  /** Leaves, below 2^53. */
  readonly size: number;
  /** Root of the tree, 32 bytes. */
  readonly root: Uint8Array;
}

/** A checkpoint's text, read. */
export interface CheckpointText extends Point {
  readonly root: Buffer;
  /** Lines after the third. Nobody vouches for what they say, and logs are advised to write none. */
  readonly extensions: readonly string[];
}

const SIZE = /^(0|[1-9][0-9]{0,15})$/;
const ROOT = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** The text that is signed: origin, size and root in base64, a line each; no extension lines. */
export function checkpointText({ origin, size, root }: Point): string {
  return `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`;
}

/**
 * Reads the text of any log's checkpoint; extension lines are given as they are.
 * @param text hostile
 * @throws Problem `integrity`, reason `checkpoint`, where it is none or its size is above 2^53 - 1
 */
export function parseCheckpointText(text: string): CheckpointText {
  const [origin = '', digits = '', root = '', ...rest] = text.split('\n');
  const extensions = rest.slice(0, -1);
  const size = SIZE.test(digits) ? Number(digits) : NaN;
  const fits = origin !== '' && Number.isSafeInteger(size) && ROOT.test(root) && rest.at(-1) === '' && extensions.every((line) => line !== '');
  if (!fits) throw new Problem('integrity', 'checkpoint: not an origin, a size and a root, a line each', { reason: 'checkpoint' });
  return { origin, size, root: Buffer.from(root, 'base64'), extensions };
}
