// Words to look for: all must be in a record's text; one that ends with * stands for its beginnings.
import { wordsOf } from '../index/facts.js';

/** A word to look for. */
export interface Pattern {
  readonly word: string;
  /** Words that begin so. */
  readonly open: boolean;
}

/** Shorter beginnings are in too many words. */
const MIN_OPEN = 3;

/** The words of a question, `nginx ghent*`; none where a word is left open too early or there is no word. */
export function patternsOf(text: string): Pattern[] {
  const patterns = text.split(/\s+/).flatMap((part) => {
    const words = wordsOf(part);
    return words.map((word, i) => ({ word, open: part.endsWith('*') && i === words.length - 1 }));
  });
  return patterns.some(({ word, open }) => open && word.length < MIN_OPEN) ? [] : patterns;
}

/** All of them for FTS5: every word quoted, so that nothing in it means anything else. */
export function ftsOf(patterns: readonly Pattern[]): string {
  return patterns.map(({ word, open }) => `"${word}"${open ? '*' : ''}`).join(' AND ');
}
