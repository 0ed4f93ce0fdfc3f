// Whether a file is a blueprint that strangers can use: read as they would, with values made up for what has to be given.
import { inputsOf, readBlueprint } from './blueprint.js';
import { noteText, problemOf } from './faults.js';
import { wrongWith, type Input } from './inputs.js';

/** What a file says of itself, once it can be used. */
export interface Fit {
  readonly about: string;
  /** What has no effect, by line, for its architect. */
  readonly notes: readonly string[];
}

/** A value of each type; of those the first that an input takes. */
const SAMPLES: Readonly<Record<Input['type'], readonly string[]>> = {
  string: ['sample', 'sample.example', '1', 'docker.io/library/sample:1'], integer: ['1'], boolean: ['true'], size: ['1GiB'], duration: ['1h'], choice: [], secret: [],
};

/**
 * Reads a file as whoever uses it would, without what lies beside it.
 * @param file how messages name it
 * @throws Problem `usage`, reason `blueprint`, with all that is wrong, by line
 */
export function fitFile(file: string, text: string, name: string): Fit {
  const bytes = Buffer.from(text);
  const inputs = inputsOf(bytes, file);
  const values = new Map(inputs.filter(({ type }) => type !== 'secret').map((input) => [input.name, sampleOf(input)]));
  const { design, faults, notes } = readBlueprint(bytes, { file, name, values, beside: null });
  if (design === null) throw problemOf(file, faults);
  return { about: design.about, notes: notes.map((note) => noteText(file, note)) };
}

function sampleOf(input: Input): string {
  if (input.default !== null) return input.default;
  const lowest = input.min === null ? [] : [input.type === 'integer' ? String(input.min) : 'x'.repeat(input.min)];
  return [...input.choices, ...lowest, ...SAMPLES[input.type]].find((text) => wrongWith(input, text) === null) ?? '';
}
