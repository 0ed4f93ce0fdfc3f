// The API as an OpenAPI document, made of what every route says of itself: what is served is what is written down.
import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema } from 'fastify';
import * as wire from './wire.js';

/** Where the document is. */
const PATH = '/v1/openapi.json';

/** Lets every route that is added from now on into the document, and serves that. @param version of this program */
export async function addOpenApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: '3bot', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
        description: 'What a bot that serves answers: the books of its grids, and the market in them. Every copy answers reads, and forwards records to the home of the grid. Amounts are decimal strings; nothing is coerced, unknown parameters are refused.',
      },
      // Relative: the same document whatever address it is fetched from.
      servers: [{ url: '/' }],
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, i) => (typeof json.$id === 'string' ? json.$id.replace(/\.json$/, '') : `schema-${i}`) },
    transform: ({ schema, url }) => documented(schema ?? {}, url),
  });
  app.get(PATH, { schema: { summary: 'This document', querystring: wire.NO_QUERY, response: { 200: { type: 'object', additionalProperties: true } } } }, () => app.swagger());
}

/** A route as the document has it: those under /v1, with the problem answer that each may give. OpenAPI has names for all parts of a path. */
function documented(schema: FastifySchema, url: string): { schema: FastifySchema; url: string } {
  if (!url.startsWith('/v1/')) return { schema: { ...schema, hide: true }, url };
  const params = schema.params === undefined ? {} : { params: JSON.parse(JSON.stringify(schema.params).replaceAll('"*"', '"path"')) as object };
  return { schema: { ...schema, ...params, response: { ...(schema.response as object | undefined), default: PROBLEM } }, url: url.replace('*', ':path') };
}

const PROBLEM = { description: 'a problem (RFC 9457)', content: { 'application/problem+json': { schema: { $ref: 'problem.1.json#' } } } };
