// The 24 words in a file that a person names: the one place where they leave the keystore.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Problem, messageOf } from '../base/errors.js';
import { createFile } from '../home.js';
import { secretOf, wordsOf } from './words.js';

/** Demands that the words file can be made: before anything else is. @throws Problem `usage` */
export function checkWordsFile(path: string): void {
  if (existsSync(path)) throw new Problem('usage', `${path} exists already and is not overwritten`, { hint: 'give another --words-file' });
  if (!existsSync(dirname(resolve(path)))) throw new Problem('usage', `there is no folder ${dirname(resolve(path))}`, { hint: 'make it, or give another --words-file' });
}

/** Writes the 24 words of a secret: a new file, 0600. */
export function writeWords(path: string, secret: Uint8Array): void {
  checkWordsFile(path);
  createFile(resolve(path), `${wordsOf(secret)}\n`);
}

/** The secret of the 24 words in a file. @throws Problem `usage` when it cannot be read or the words are wrong */
export function readWords(path: string): Buffer {
  let text: string;
  try {
    if (statSync(path).size > 4_096) throw new Problem('usage', `${path} is too large to hold 24 words`);
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    throw new Problem('usage', `cannot read the words: ${messageOf(cause)}`, { cause });
  }
  return secretOf(text);
}
