// A blueprint as a person names it, with its inputs and secrets filled in: by flags, by defaults, by questions on a terminal.
import type { Beside } from '../../src/architect/file/beside.js';
import type { Design, SecretSource } from '../../src/architect/design.js';
import type { Input } from '../../src/architect/file/inputs.js';
import type { Source } from '../../src/architect/open.js';
import type { Origin } from '../../src/architect/plan/revisions.js';
import type { Standing } from '../../src/architect/plan/standing.js';
import { Problem } from '../../src/base/errors.js';
import type { GivenSecret } from '../../src/consumer/secrets.js';
import type { Grid } from '../../src/net/grid.js';
import type { BlueprintRef } from '../../src/schema/types.js';
import type { Context } from '../command.js';
import { openGridOf, renew } from '../handle.js';
import { secretsGiven } from '../secrets.js';
import type { PlanOptions } from './planning.js';

/** The argument of plan and apply. */
export const SOURCE_ARGUMENT = ['<blueprint>', 'a file (a Compose file will do), - for stdin, recipe:NAME, or a published one: ARCHITECT/NAME[@VERSION] or its id'] as const;

/** A design, and where it is from. */
export interface OpenedDesign {
  readonly design: Design;
  readonly origin: Origin;
  readonly blueprint: BlueprintRef | null;
  /** Its name was said, and not only taken over from what was opened. */
  readonly isNamed: boolean;
  /** Where its files lie; null for one that is not a file. */
  readonly beside: Beside | null;
  /** Of flags. */
  readonly given: readonly GivenSecret[];
}

/** Reads a blueprint and all that it asks for. @throws Problem `usage` with every fault of the file by line, or naming the input that is missing */
export async function openDesign(context: Context, named: string, options: PlanOptions): Promise<OpenedDesign> {
  const { besideIn } = await import('../../src/architect/file/beside.js');
  const { designOf, inputsOf } = await import('../../src/architect/file/blueprint.js');
  const { designHash } = await import('../../src/architect/design.js');
  const { noteText } = await import('../../src/architect/file/faults.js');
  const source = await sourceOf(context, named, options.grid);
  const bytes = Buffer.from(source.text);
  const given = await secretsGiven(context, options.secret === undefined ? {} : { secret: options.secret });
  const values = await valuesOf(context, inputsOf(bytes, source.title), options.set ?? []);
  const beside = source.folder === null ? null : besideIn(source.folder);
  const name = options.name ?? source.name ?? '';
  const read = designOf(bytes, { file: source.title, name: name === '' ? 'blueprint' : name, values, beside });
  for (const note of read.notes) context.out.note(noteText(source.title, note));
  // What a person says is stronger than what stands in the file; what a stranger's file says names no order of anybody's.
  const said = options.name ?? (source.blueprint === null ? undefined : name);
  const design = said === undefined ? read : { ...read, name: said, hash: designHash({ ...read, name: said }) };
  if (design.name === 'blueprint' && name === '') throw new Problem('usage', 'this blueprint has no name', { hint: '--name shop, for example' });
  return { design, origin: { from: source.title, inputs: Object.fromEntries(values) }, blueprint: source.blueprint, isNamed: options.name !== undefined, beside, given };
}

/** The book is opened only where a published one is meant. */
export async function sourceOf(context: Context, named: string, grid: string | undefined): Promise<Source> {
  const { openSource } = await import('../../src/architect/open.js');
  const { MAX_BLUEPRINT_BYTES } = await import('../../src/base/limits.js');
  const { readInput, readText } = await import('../files.js');
  let opened: Grid | undefined;
  try {
    return await openSource(named, {
      reader: async () => {
        opened = await openGridOf(context, grid);
        await renew(context, opened);
        return opened.reader;
      },
      file: (path) => readText(path, MAX_BLUEPRINT_BYTES),
      input: () => readInput(context.io, MAX_BLUEPRINT_BYTES),
    });
  } finally {
    await opened?.[Symbol.asyncDispose]();
  }
}

/** Values of inputs; what is missing is asked for on a terminal. */
async function valuesOf(context: Context, inputs: readonly Input[], set: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { fill, wrongWith } = await import('../../src/architect/file/inputs.js');
  const given = new Map(set.map(parseSet));
  const { values, missing } = fill(inputs, given);
  const [first] = missing;
  if (first === undefined) return values;
  if (!context.prompt.possible) throw new Problem('usage', `the input ${first.name} is missing${first.help === '' ? '' : `: ${first.help}`}`, { reason: 'input', hint: missing.map(({ name }) => `--set ${name}=…`).join(' ') });
  const answers = new Map(values);
  for (const input of missing) answers.set(input.name, await answerTo(context, input, wrongWith));
  return answers;
}

/** Asks until the answer is of the input's type; Ctrl-C ends it. */
async function answerTo({ prompt, out }: Context, input: Input, wrongWith: (input: Input, text: string) => string | null): Promise<string> {
  const { name, help, choices } = input;
  const question = `${name}${help === '' ? '' : ` (${help})`}`;
  if (input.type === 'choice') return prompt.choose(question, choices.map((value) => ({ value, name: value })), `--set ${name}=…`);
  for (;;) {
    const text = await prompt.text(question, `--set ${name}=…`);
    const wrong = wrongWith(input, text);
    if (wrong === null) return text;
    out.note(`${name} ${wrong}`);
  }
}

/** `NAME=VALUE`. @throws Problem `usage` */
export function parseSet(text: string): readonly [name: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1) throw new Problem('usage', `not NAME=VALUE: --set ${JSON.stringify(text.slice(0, 100))}`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/**
 * Bytes of a design's secrets, from where the file says they are. Those that every service has already need not be there.
 * @throws Problem `usage` naming the one that is missing
 */
export async function secretBytes(context: Context, { design, beside, given }: OpenedDesign, standing: readonly Standing[]): Promise<GivenSecret[]> {
  const { secretsStanding } = await import('../../src/architect/plan/wish.js');
  const there = secretsStanding(design, standing);
  const known = new Set(design.secrets.map(({ name }) => name));
  const surplus = given.find(({ name }) => !known.has(name));
  if (surplus !== undefined) throw new Problem('usage', `--secret ${surplus.name}: the blueprint has no such secret`, { hint: known.size === 0 ? 'it has none' : `it has ${[...known].join(', ')}` });
  const found = [...given];
  for (const source of design.secrets) {
    if (given.some(({ name }) => name === source.name)) continue;
    const bytes = await bytesOf(context, source, beside, there.has(source.name));
    if (bytes !== null) found.push({ name: source.name, bytes });
  }
  return found;
}

async function bytesOf({ io, prompt }: Context, { name, from }: SecretSource, beside: Beside | null, isThere: boolean): Promise<Buffer | null> {
  const { MAX_SECRET_BYTES } = await import('../../src/base/limits.js');
  const missing = (why: string): Problem => new Problem('usage', `the secret ${name} is missing: ${why}`, { reason: 'secret', hint: `--secret ${name}=@FILE` });
  switch (from.type) {
    case 'text': return Buffer.from(from.text);
    case 'file': {
      if (beside?.look(from.path, MAX_SECRET_BYTES) === 'file') return beside.read(from.path);
      if (isThere) return null;
      throw missing(`there is no file ${from.path} beside the blueprint`);
    }
    case 'environment': {
      const value = io.env[from.variable];
      if (value !== undefined && value !== '') return Buffer.from(value);
      if (isThere) return null;
      throw missing(`the variable ${from.variable} is not set`);
    }
    case 'ask': {
      if (isThere) return null;
      if (!prompt.possible) throw missing(from.help === '' ? 'nobody can be asked here' : from.help);
      return Buffer.from(await prompt.secret(`Secret ${name}${from.help === '' ? '' : ` (${from.help})`}`, `--secret ${name}=@FILE`));
    }
  }
}
