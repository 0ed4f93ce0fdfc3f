// Publishing: from a file to a version in the book, and taking a version out of use.
import { canonical } from '../../base/canonical.js';
import { isProblem, Problem } from '../../base/errors.js';
import { MAX_BLUEPRINT_CHARS } from '../../base/limits.js';
import type { Keyring } from '../../keys/keyring.js';
import { appendSigned } from '../../net/compose.js';
import type { Grid } from '../../net/grid.js';
import { blueprintId } from '../../rules/blueprint.js';
import { actsFor } from '../../rules/identity.js';
import { read, type BlueprintObject } from '../../rules/objects.js';
import type { Blueprint, BlueprintRef } from '../../schema/types.js';
import { isTelling } from '../file/environment.js';

/** What a version says, beside its number and its architect. */
export type Publication = Pick<Blueprint, 'name' | 'about' | 'text' | 'fees'>;

/** Longest line that a record holds, in characters. */
const MAX_LINE = 2_000;

/**
 * A file as a record holds it: line by line, without line ends.
 * @throws Problem `usage` that names the line
 */
export function blueprintLines(text: string): string[] {
  if (text.length > MAX_BLUEPRINT_CHARS) throw unfit(`it has ${text.length} characters, a blueprint has ${MAX_BLUEPRINT_CHARS} at most`);
  const lines = text.replaceAll('\r\n', '\n').replace(/\n$/, '').split('\n');
  for (const [i, line] of lines.entries()) {
    if (line.length > MAX_LINE) throw unfit(`line ${i + 1} has ${line.length} characters, ${MAX_LINE} are possible`);
    try {
      canonical(line);
    } catch (thrown) {
      if (!isProblem(thrown)) throw thrown;
      throw unfit(`line ${i + 1}: ${line.includes('\t') ? 'it has a tab; indent with spaces' : thrown.message}`);
    }
  }
  return lines;
}

/** The file that a version holds. */
export function fileOf({ text }: Pick<Blueprint, 'text'>): string {
  return `${text.join('\n')}\n`;
}

function unfit(why: string): Problem {
  return new Problem('usage', `this file cannot be published: ${why}`, { reason: 'blueprint' });
}

/** What stands in the book now. */
export interface Outcome {
  readonly blueprint: BlueprintObject;
  readonly ref: BlueprintRef;
  /** False: the newest version said the same already. */
  readonly isNew: boolean;
}

/**
 * Publishes the next version; what the newest says already is not said again.
 * @throws Problem what `append` throws
 */
export async function publish(grid: Grid, keyring: Keyring, publication: Publication): Promise<Outcome> {
  const by = actsFor(grid.reader, keyring.signer('bot').key);
  const id = blueprintId(grid.id, by, publication.name);
  const body = (): Blueprint | null => {
    const newest = read(grid.reader, 'blueprint', id)?.version ?? 0;
    const said = read(grid.reader, 'blueprint_version', `${id}/${newest}`);
    const { about, text, fees } = publication;
    if (said !== undefined && said.withdrawn === null && canonical({ about, text, fees }) === canonical({ about: said.about, text: said.text, fees: said.fees })) return null;
    return { by, ...publication, version: newest + 1 };
  };
  const appended = await appendSigned(grid, { chain: `blueprint/${id}`, kind: 'blueprint@1', body }, [keyring.signer('bot')]);
  const blueprint = read(grid.reader, 'blueprint', id);
  if (blueprint === undefined) throw new Error(`blueprint ${id} is not in the copy`);
  return { blueprint, ref: { id, version: blueprint.version }, isNew: appended !== null };
}

/**
 * Takes a version out of use; one that is withdrawn already is left as it is.
 * @throws Problem `refused` where it is somebody else's; what `append` throws
 */
export async function withdraw(grid: Grid, keyring: Keyring, { id, version }: BlueprintRef, reason: string): Promise<void> {
  const body = (): object | null => (read(grid.reader, 'blueprint_version', `${id}/${version}`)?.withdrawn === null ? { version, reason } : null);
  await appendSigned(grid, { chain: `blueprint/${id}`, kind: 'withdraw@1', body }, [keyring.signer('bot')]);
}

/**
 * Demands that no variable that looks like a secret has its value in the file: an input's is not there, nor is what the
 * name of a file stands for.
 * @param lines of the file
 * @param allowed names that are public all the same
 * @throws Problem `usage`, reason `secret`, that names line and variable
 */
export function demandNothingSecret(lines: readonly string[], allowed: ReadonlySet<string>): void {
  for (const [i, line] of lines.entries()) {
    const [, name = '', rest = ''] = /^[\s-]*["']?([A-Z_][A-Z0-9_]*)["']?\s*[:=]\s*(.*)$/.exec(line) ?? [];
    const value = rest.replace(/\s+#.*$/, '').replace(/^["']|["']$/g, '');
    if (name === '' || value.includes('${') || allowed.has(name) || !isTelling(name, value)) continue;
    throw new Problem('usage', `line ${i + 1}: ${name} looks like a secret, and everybody could read its value for ever`, { reason: 'secret', hint: `make it an input of type secret, or say --public ${name}` });
  }
}
