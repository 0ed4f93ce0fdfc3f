// Schemas of requests: parameters and queries here, bodies from schemas/. Nothing is coerced, filled in or left out.
import { readdirSync, readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { MAX_QUERY_CHARS, MAX_ROWS } from '../base/limits.js';

export const HASH = { type: 'string', pattern: '^[0-9a-f]{64}$' };
export const NUMBER = { type: 'string', pattern: '^(0|[1-9][0-9]{0,14})$' };
export const LIMIT = { type: 'string', pattern: '^([1-9][0-9]{0,2}|1000)$', description: `1 to ${MAX_ROWS}` };
/** Part of an id. The longest id of an object, `meter/KEY/KEY`, has 135 characters. */
export const TEXT = { type: 'string', minLength: 1, maxLength: 200 };

/** An object with these fields and no others. */
export function strict(properties: object, required: readonly string[] = []): object {
  return { type: 'object', additionalProperties: false, required, properties };
}

/** Parts of a path. */
export const GRID = strict({ grid: HASH }, ['grid']);
export const GRID_AND_RECORD = strict({ grid: HASH, id: { type: 'string', pattern: '^[0-9a-f]{6,64}$' } }, ['grid', 'id']);
export const GRID_AND_TILE = strict({ grid: HASH, '*': TEXT }, ['grid', '*']);
export const GRID_AND_OBJECT = strict({ grid: HASH, '*': TEXT }, ['grid', '*']);

/** Queries. A query is text: numbers stay text until they have fitted. */
export const LINES_QUERY = strict({ from: NUMBER, limit: LIMIT, wait: NUMBER, pending: { enum: ['true', 'false'] } }, ['from']);
export const WITNESS = strict({ name: { type: 'string', pattern: '^[a-z0-9-]{3,50}$' } }, ['name']);
export const OBJECTS_QUERY = strict({ prefix: TEXT, after: TEXT, limit: LIMIT }, ['prefix']);
export const QUERY_QUERY = strict({ q: { type: 'string', maxLength: MAX_QUERY_CHARS }, limit: LIMIT, after: TEXT });
export const STATE_QUERY = strict({ from: NUMBER });
export const WAIT_QUERY = strict({ wait: NUMBER });
export const NO_QUERY = strict({});

/** Bodies. */
export const QUERY_BODY = { $ref: 'query.1.json#' };
export const SUBMIT_BODY = { $ref: 'submit.1.json#' };
export const SEALED_BODY = { $ref: 'sealed.1.json#' };
export const LETTER_BODY = { $ref: 'letter.1.json#' };
export const MAILBOX_BODY = { $ref: 'mailbox_signed.1.json#' };
export const EMPTY_BODY = strict({});

/** Answers. */
export const answer = (name: string): object => ({ $ref: `${name}.json#` });
export const RECORD_ANSWER = { $ref: 'found.1.json#/properties/records/items' };
export const OBJECT_ANSWER = strict({ id: TEXT, value: { type: 'object', additionalProperties: true } }, ['id', 'value']);
export const OBJECTS_ANSWER = strict({ objects: { type: 'array', maxItems: MAX_ROWS, items: OBJECT_ANSWER }, next: { anyOf: [{ type: 'null' }, TEXT] } }, ['objects', 'next']);
const COUNT_ANSWER = strict({ count: { type: 'integer', minimum: 0 }, next: { anyOf: [{ type: 'null' }, TEXT] } }, ['count', 'next']);
/** By what was asked for: records, a count, or how it would be answered. */
export const QUERY_ANSWER = { anyOf: [answer('found.1'), COUNT_ANSWER, { type: 'object', additionalProperties: true }] };
export const EMPTY_ANSWER = strict({});

/** An answer that is text of some type. */
export function textAnswer(type: string, description: string): object {
  return { description, content: { [type]: { schema: { type: 'string' } } } };
}

/** What a route says of itself: a summary, what it takes, what it answers. */
export function route(summary: string, takes: Readonly<Record<string, object>>, answered: object): Record<string, unknown> {
  return { summary, ...takes, response: { 200: answered } };
}

/** Makes schemas/*.json known to a server. */
export function addSchemas(app: FastifyInstance): void {
  const folder = new URL('../../../schemas/', import.meta.url);
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) app.addSchema(JSON.parse(readFileSync(new URL(file, folder), 'utf8')));
}
