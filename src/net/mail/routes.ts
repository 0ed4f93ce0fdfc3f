// Where letters are handed in and fetched.
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Problem } from '../../base/errors.js';
import type { Letter, SignedMailboxRequest } from '../../schema/types.js';
import * as wire from '../wire.js';
import type { PostOffice } from './office.js';

/** Adds the routes of mail. @param config what limits those who post */
export function addMailRoutes(app: FastifyInstance, office: PostOffice | undefined, config: object): void {
  const here = (): PostOffice => {
    if (office === undefined) throw new Problem('not_found', 'this bot keeps no mail', { reason: 'mail' });
    return office;
  };

  app.post('/v1/mail', { config, schema: wire.route('Hands a sealed letter in for a mailbox that is kept here', { querystring: wire.NO_QUERY, body: wire.LETTER_BODY }, wire.answer('mail_kept.1')) }, (request, reply) => here().mail(request.body as Letter, leaving(reply)));

  app.post('/v1/mail/fetch', { config, schema: wire.route('The letters of a mailbox, for whoever signs as its owner; waits for one', { querystring: wire.WAIT_QUERY, body: wire.MAILBOX_BODY }, wire.answer('mail_page.1')) }, (request, reply) => {
    const { wait = '0' } = request.query as { wait?: string };
    return here().mailbox(request.body as SignedMailboxRequest, Number(wait), leaving(reply));
  });
}

/** Aborts when whoever asks goes away; also after the answer, when nothing waits for it. */
function leaving(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}
