// Documents: texts and files that any number of people sign, version by version; and late signatures on what is signed.
import { chainId } from '../bcdb/record.js';
import type { ReadState } from '../bcdb/rulebook.js';
import type { Endorse, FreeDocument, Quorum } from '../schema/types.js';
import { membersOf } from './members.js';
import { read, readGrid, write } from './objects.js';
import { partiesOf, resolve, someOf, type Occasion, type Signers } from './quorum.js';
import { demand, short } from './refusal.js';
import type { Rule } from './rule.js';

/** document@1: a version of a document. Who was to sign the version before agrees to the next one, whoever that binds. */
export const document: Rule<FreeDocument> = {
  kind: 'document@1',
  chain: 'document',
  since: 2,
  signers(state, { body, subject, occasion }) {
    demand(subject === chainId(readGrid(state).id, body.by, body.nonce), 'id', `document ${short(subject)} does not follow from its by and nonce`);
    demand(body.text.length > 0 || body.documents.length > 0, 'terms', 'a document has a text, or names files');
    demand(new Set(body.documents.map(({ name }) => name)).size === body.documents.length, 'terms', 'two files of a document have the same name');
    const before = read(state, 'document', subject);
    const first = before?.quorum ?? someOf(1, [`bot/${body.by}`]);
    return [quorumSigners(state, first, occasion), quorumSigners(state, body.quorum, occasion)];
  },
  apply(state, { body, record, subject, moment: { at } }) {
    const { by, nonce, title, quorum } = body;
    write(state, 'document', subject, { id: subject, record: record.id, by, nonce, version: record.payload.height + 1, title, quorum, committed_at: at });
  },
};

/** @throws Problem `refused`, reason `quorum`, where not even all could sign, or a record of this grid cannot carry so many */
function quorumSigners(state: ReadState, quorum: Quorum, occasion: Occasion): Signers {
  const signers = resolve(state, quorum, occasion);
  const most = readGrid(state).limits.signatures;
  demand(signers.fewest <= most, 'quorum', () => `a quorum asks for ${signers.fewest} signatures, a record of this grid carries ${most}`);
  return signers;
}

/**
 * endorse@1: a member of the quorum of an agreement or document signs it after it was recorded, on its own chain, so
 * that nobody else's head moves. Once a bot and record; who had signed the record itself says nothing new by it.
 */
export const endorse: Rule<Endorse> = {
  kind: 'endorse@1',
  chain: 'bot',
  since: 2,
  signers(state, { body, subject, occasion }) {
    const quorum = signedQuorum(state, body);
    demand(membersOf(quorum, (signers) => partiesOf(signers, occasion.rules)).has(`bot/${subject}`), 'key', () => `bot ${short(subject)} is not among those whom record ${short(body.record)} names as signers`);
    return [resolve(state, someOf(1, [`bot/${subject}`]), occasion)];
  },
  apply(state, { body: { record, chain }, subject, moment: { at } }) {
    const id = `${record}/${subject}`;
    demand(read(state, 'endorse', id) === undefined, 'exists', `bot ${short(subject)} has endorsed this record before`);
    write(state, 'endorse', id, { bot: subject, chain, at });
  },
};

/** Who was asked to sign a record that a chain is about now. @throws Problem `refused`, reason `not_found` */
function signedQuorum(state: ReadState, { record, chain }: Endorse): Quorum {
  const [type, id = ''] = chain.split('/');
  const document = type === 'document' ? read(state, 'document', id) : undefined;
  const contract = type === 'contract' ? read(state, 'contract', id) : undefined;
  const quorum = document?.quorum ?? contract?.agreement.quorums.commit;
  const signed = document?.record ?? contract?.record;
  demand(quorum !== undefined && signed === record, 'not_found', () => `record ${short(record)} is not the agreement or the newest version that ${short(chain)} holds`);
  return quorum;
}
