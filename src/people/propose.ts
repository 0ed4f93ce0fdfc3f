// Free documents that are proposed, and quorums as people write them.
import { randomBytes } from 'node:crypto';
import { sha256Hex } from '../base/hash.js';
import { messageOf, Problem } from '../base/errors.js';
import { MAX_QUORUM_DEPTH } from '../base/limits.js';
import { chainId, makeRecord, type ParsedRecord } from '../bcdb/record.js';
import type { Reader } from '../bcdb/reader.js';
import { findById, findParty } from '../market/find.js';
import { nextPayload } from '../net/compose.js';
import { partiesOf } from '../rules/quorum.js';
import { readGrid, type DocumentObject } from '../rules/objects.js';
import type { FreeDocument, Quorum, QuorumFile } from '../schema/types.js';
import { shapeError } from '../schema/validate.js';
import { QUORUM_EXAMPLE } from './form.js';

/**
 * A quorum as JSON. A bot may stand by its name, with or without a weight of its own; without, it is 1.
 * @throws Problem `usage` for what is none; `not_found`; `refused` where nobody could meet it
 */
export function parseQuorum(reader: Reader, text: string): Quorum {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Problem('usage', `this is no quorum: ${messageOf(cause)}`, { cause, hint: QUORUM_EXAMPLE });
  }
  const file = { quorum: named(reader, value, 0) };
  const wrong = shapeError('quorum_file@1', file);
  if (wrong !== null) throw new Problem('usage', `this is no quorum: ${wrong}`, { hint: QUORUM_EXAMPLE });
  const { quorum } = file as QuorumFile;
  partiesOf(quorum, readGrid(reader).rules);
  return quorum;
}

/** Names become parties, wherever a member is named; everything else is left to the schema. */
function named(reader: Reader, value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || !('members' in value) || !Array.isArray(value.members) || depth > MAX_QUORUM_DEPTH) return value;
  const members = value.members.map((member: unknown) => {
    if (typeof member === 'string') return { of: findParty(reader, member), weight: 1 };
    if (typeof member !== 'object' || member === null || !('of' in member) || typeof member.of !== 'string') return named(reader, member, depth + 1);
    return { weight: 1, ...member, of: findParty(reader, member.of) };
  });
  return { ...value, members };
}

/** Everybody of the first list, and if they like those of the second. */
export function quorumOf(required: readonly string[], optional: readonly string[]): Quorum {
  return { threshold: required.length, members: [...required.map((of) => ({ of, weight: 1 })), ...optional.map((of) => ({ of, weight: 0 }))] };
}

/** What a document is to say. */
export interface Proposal extends Pick<FreeDocument, 'title' | 'quorum' | 'commit_by'> {
  readonly text: string;
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

/**
 * A document's first version, by a bot, or the next one of a document.
 * @param grid by id, with its copy
 * @param by key of the bot, hex
 * @param next id of the document that goes on; null begins one
 * @param time ms
 */
export function draftDocument(grid: { readonly id: string; readonly reader: Reader }, by: string, next: string | null, { title, text, files, quorum, commit_by }: Proposal, time: number): ParsedRecord {
  const begun = next === null ? { by, nonce: randomBytes(16).toString('hex') } : beginningOf(grid.reader, next);
  const body: FreeDocument = {
    ...begun, title, quorum, commit_by,
    text: linesOf(text),
    documents: files.map(({ name, bytes }) => ({ name, sha256: sha256Hex(bytes) })),
  };
  return makeRecord(nextPayload(grid, `document/${chainId(grid.id, begun.by, begun.nonce)}`, 'document@1', body, time));
}

/** A text as records hold it: a line an item, tabs as spaces. */
export function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/).map((line) => line.replaceAll('\t', '    '));
}

/** A document by its id, or the beginning of one that only one document has. @throws Problem `not_found`; `usage` where several begin so */
export function findDocument(reader: Reader, text: string): DocumentObject {
  return findById(reader, 'document', text, "3bot bcdb query 'kind = document'");
}

/** Whose nonce makes a document's id: every version repeats them. */
function beginningOf(reader: Reader, id: string): Pick<FreeDocument, 'by' | 'nonce'> {
  const { by, nonce } = findDocument(reader, id);
  return { by, nonce };
}
