// The farm's word that it sells a node.
import { MAX_ROWS } from '../base/limits.js';
import { query } from '../bcdb/query.js';
import { parseRecord } from '../bcdb/record.js';
import type { Reader } from '../bcdb/reader.js';
import type { Keyring } from '../keys/keyring.js';
import { appendSigned } from '../net/compose.js';
import type { Grid } from '../net/grid.js';
import { read } from '../rules/objects.js';
import type { Admit } from '../schema/types.js';
import { farmOf } from './farm.js';

/** An admission that is in the book. */
export interface Admission {
  /** Id of the admit@1 record. */
  readonly record: string;
  /** False where the node was admitted before. */
  readonly appended: boolean;
}

/**
 * Admits a node to the farm of a keyring; a node that is admitted already stays so.
 * @param node key, hex; what it announces does not matter here
 * @throws Problem `not_found` where the grid has no such farm; what `append` throws
 */
export async function admitNode(grid: Grid, keyring: Keyring, node: string): Promise<Admission> {
  const { id: farm } = farmOf(grid, keyring);
  const body = (reader: Reader): Admit | null => (admissionOf(reader, farm, node) === undefined ? { node } : null);
  const appended = await appendSigned(grid, { chain: `farm/${farm}`, kind: 'admit@1', body }, [keyring.signer('farm')]);
  const record = appended?.id ?? admissionOf(grid.reader, farm, node);
  if (record === undefined) throw new Error(`node ${node} was admitted and is not in the copy`);
  return { record, appended: appended !== null };
}

/** The record by which a farm admits a node now, if it does. */
export function admissionOf(reader: Reader, farm: string, node: string): string | undefined {
  if (read(reader, 'admission', `${farm}/${node}`)?.admitted !== true) return undefined;
  for (let before: number | undefined; ; ) {
    const { records, next } = query(reader, { chain: `farm/${farm}`, kind: 'admit@1', before, limit: MAX_ROWS });
    const found = records.find(({ payload }) => (parseRecord(payload).payload.body as unknown as Admit).node === node);
    if (found !== undefined || next === null) return found?.id;
    before = next;
  }
}
