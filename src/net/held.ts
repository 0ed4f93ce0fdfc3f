// Answers that are sent in one go wait in memory for whoever asked: those of some size count in the server's budget.
import type { FastifyInstance } from 'fastify';
import { Problem } from '../base/errors.js';
import { MIN_COUNTED_BYTES } from '../base/limits.js';
import type { Budget } from './answers.js';

/** Counts every large answer until it was read, or its reader is gone; with the budget full it is `busy` instead. Streams count their own pieces. */
export function countAnswers(app: FastifyInstance, buffered: Budget): void {
  app.addHook('onSend', (_request, reply, payload: unknown, done) => {
    const bytes = typeof payload === 'string' ? Buffer.byteLength(payload) : Buffer.isBuffer(payload) ? payload.length : 0;
    if (bytes < MIN_COUNTED_BYTES) return done(null, payload);
    if (buffered.isFull) return done(new Problem('busy', 'too many answers wait for their readers here', { reason: 'buffered', hint: 'try again in a moment' }));
    const share = buffered.share();
    share.hold(bytes);
    reply.raw.once('close', () => share[Symbol.dispose]());
    done(null, payload);
  });
}
