// Free documents in plain words.
import { quorumText } from '../../market/words.js';
import type { FreeDocument, Payload } from '../../schema/types.js';
import type { Row } from '../kinds.js';

/** document@1 */
export function documentWords({ chain, height, body }: Payload): Row[] {
  const { title, text, documents, quorum } = body as unknown as FreeDocument;
  return [
    ['document', `${chain.slice(chain.indexOf('/') + 1)}, version ${height + 1}`],
    ['title', title],
    ...text.map((line, i): Row => [i === 0 ? 'text' : '', line]),
    ...documents.map(({ name, sha256 }): Row => ['file', `${name}, SHA-256 ${sha256}`]),
    ['signed by', quorumText(quorum)],
  ];
}
