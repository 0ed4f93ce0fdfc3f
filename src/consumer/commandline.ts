// A command line as a person types it, in words.
import { Problem } from '../base/errors.js';

/**
 * Splits a command into words: at spaces, but not within '…' or "…"; a backslash takes the next character as it is
 * (outside '…'). A text that begins with `[` is a JSON list of words. No shell is involved, here or on the node.
 * @param flag names it in errors
 * @throws Problem `usage` where a quote does not end, or nothing is left
 */
export function splitWords(text: string, flag = '--command'): string[] {
  if (text.trimStart().startsWith('[')) return jsonWords(text, flag);
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < text.length; i += 1) {
    const letter = text[i] ?? '';
    if (letter === '\\' && quote !== "'") word = (word ?? '') + (text[(i += 1)] ?? '');
    else if (quote !== '') {
      if (letter === quote) quote = '';
      else word = (word ?? '') + letter;
    } else if (letter === '"' || letter === "'") {
      quote = letter;
      word ??= '';
    } else if (/\s/.test(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + letter;
  }
  if (quote !== '') throw new Problem('usage', `a ${quote} in ${flag} has no end`);
  if (word !== undefined) words.push(word);
  if (words.length === 0) throw new Problem('usage', `${flag} is empty`);
  return words;
}

function jsonWords(text: string, flag: string): string[] {
  const hint = `for example ${flag} '["httpd", "-f"]'`;
  let words: unknown;
  try {
    words = JSON.parse(text);
  } catch (cause) {
    throw new Problem('usage', `${flag} begins like a JSON list and is none`, { cause, hint });
  }
  if (!Array.isArray(words) || words.length === 0 || !words.every((word) => typeof word === 'string')) throw new Problem('usage', `${flag} is no list of words`, { hint });
  return words as string[];
}
