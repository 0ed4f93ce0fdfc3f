// A blueprint's file, looked at as a whole before it is published.
import { messageOf, Problem } from '../../src/base/errors.js';

/** What publishing needs of a file. */
export interface Parsed {
  readonly about: string;
}

/**
 * Reads a file as whoever uses it would.
 * @throws Problem `usage` with every fault, by line
 */
export async function parsedFile(file: string, text: string, _name: string): Promise<Parsed> {
  const { parse } = await import('yaml');
  try {
    const root = parse(text) as { 'x-3bot'?: { about?: string } } | null;
    return { about: root?.['x-3bot']?.about ?? '' };
  } catch (cause) {
    throw new Problem('usage', `${file}: ${messageOf(cause)}`, { reason: 'blueprint', cause });
  }
}
