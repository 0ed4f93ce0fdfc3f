// Where the witnesses of this bot are asked: C2SP's `<submission prefix>/add-checkpoint`, the prefix being /witness/<name>.
import type { FastifyInstance } from 'fastify';
import { Problem } from '../base/errors.js';
import { MAX_ADD_CHECKPOINT_BYTES, MAX_POSTS_PER_MINUTE } from '../base/limits.js';
import type { Answer } from '../tlog/witness.js';
import * as wire from './wire.js';

/** Cosigns a checkpoint, or says why not. @param body of the request; hostile */
export interface WitnessHandler {
  addCheckpoint(body: Uint8Array): Promise<Answer>;
}

/** Path of a witness' submission prefix. */
export function witnessPath(name: string): string {
  return `/witness/${name}`;
}

/** Adds the route of all witnesses, which may change while the server runs. */
export function addWitnessRoutes(app: FastifyInstance, witnesses: ReadonlyMap<string, WitnessHandler>): void {
  void app.register(async (scope) => {
    // The specification asks for no media type: whatever comes is bytes.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_ADD_CHECKPOINT_BYTES }, (_request, body, done) => done(null, body));
    const config = { rateLimit: { max: MAX_POSTS_PER_MINUTE, timeWindow: 60_000 } };
    scope.post(`${witnessPath(':name')}/add-checkpoint`, { config, schema: { params: wire.WITNESS, querystring: wire.NO_QUERY } }, async (request, reply) => {
      const { name } = request.params as { name: string };
      const witness = witnesses.get(name);
      if (witness === undefined) throw new Problem('not_found', `no witness ${name} here`, { reason: 'witness' });
      const { status, type, body } = await witness.addCheckpoint(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
      // As bytes: to a text the library would add a charset, which one of the types does not have.
      return reply.code(status).type(type).send(Buffer.from(body));
    });
  });
}
