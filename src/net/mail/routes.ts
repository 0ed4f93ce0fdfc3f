// Where letters are handed in and fetched.
import type { FastifyInstance, FastifyRequest } from 'fastify';
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

  app.post('/v1/mail', { config, schema: { querystring: wire.NO_QUERY, body: wire.LETTER_BODY } }, (request) => here().mail(request.body as Letter, leaving(request)));

  app.post('/v1/mail/fetch', { config, schema: { querystring: wire.WAIT_QUERY, body: wire.MAILBOX_BODY } }, (request) => {
    const { wait = '0' } = request.query as { wait?: string };
    return here().mailbox(request.body as SignedMailboxRequest, Number(wait), leaving(request));
  });
}

/** Aborts when whoever asks goes away. */
function leaving(request: FastifyRequest): AbortSignal {
  const gone = new AbortController();
  request.raw.socket.once('close', () => gone.abort());
  return gone.signal;
}
