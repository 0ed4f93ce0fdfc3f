// Whether a file is a blueprint that strangers can use: read as they would, with values made up for what has to be given.
import { checkBlueprint } from '../file/blueprint.js';
import { noteText, problemOf } from '../file/faults.js';

/** What a file says of itself, once it can be used. */
export interface Fit {
  readonly about: string;
  /** What has no effect, by line, for its architect. */
  readonly notes: readonly string[];
}

/**
 * Reads a file as whoever uses it would, without what lies beside it.
 * @param file how messages name it
 * @throws Problem `usage`, reason `blueprint`, with all that is wrong, by line
 */
export function fitFile(file: string, text: string, name: string): Fit {
  const { design, faults, notes } = checkBlueprint(Buffer.from(text), { file, name, values: new Map(), beside: null });
  if (design === null) throw problemOf(file, faults);
  return { about: design.about, notes: notes.map((note) => noteText(file, note)) };
}
