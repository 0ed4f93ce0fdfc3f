// Which contract its buyer means, and which contracts a bot has.
import { isProblem, Problem } from '../base/errors.js';
import { MAX_ROWS } from '../base/limits.js';
import { query } from '../bcdb/query.js';
import type { Objects } from '../bcdb/rulebook.js';
import type { Reader } from '../bcdb/reader.js';
import { findById } from '../market/find.js';
import type { ContractObject } from '../rules/objects.js';
import { viewOf } from '../rules/view.js';

/** Whose contracts have names, and when. */
export interface Asking {
  /** Key of the bot, hex. */
  readonly bot: string;
  /** Time of asking, ms since 1970. */
  readonly at: number;
}

/**
 * A contract by id, by the beginning of one (4 digits or more) that only one contract has, or else by its name: `web`, or
 * `web/2` of an order of several.
 * @param asking whose contracts in force a name may mean; without it there are no names
 * @throws Problem `not_found`; `usage` where several begin so or have that name, and, reason `order`, where it is the name
 *   of an order of several
 */
export function findContract(reader: Objects, text: string): ContractObject;
export function findContract(reader: Reader, text: string, asking: Asking | undefined): ContractObject;
export function findContract(reader: Objects | Reader, text: string, asking?: Asking): ContractObject {
  const isId = /^[0-9a-f]{4,40}$/i.test(text);
  if (asking === undefined && !isId) throw new Problem('usage', `not a contract id: ${shown(text)}`, { hint: '3bot contract list' });
  try {
    if (isId) return findById(reader, 'contract', text, '3bot contract list');
  } catch (thrown) {
    if (asking === undefined || !isProblem(thrown, 'not_found')) throw thrown;
  }
  return contractNamed(reader as Reader, text, asking as Asking);
}

/** The bot's contract in force with this name. */
function contractNamed(reader: Reader, name: string, { bot, at }: Asking): ContractObject {
  const found: ContractObject[] = [];
  const parts: string[] = [];
  for (const contract of contractsOf(reader, bot)) {
    const { order } = contract.agreement;
    const isPart = order?.startsWith(`${name}/`) === true;
    if ((order !== name && !isPart) || viewOf(reader, contract, at).state === 'ended') continue;
    if (isPart) parts.unshift(order);
    else found.push(contract);
  }
  const [only, ...more] = found;
  if (only === undefined && parts.length > 0) throw new Problem('usage', `${shown(name)} is an order of ${parts.length} contracts, and one is meant here`, { reason: 'order', hint: `one of them: ${parts.slice(0, 5).join(', ')}${parts.length > 5 ? ', …' : ''}` });
  if (only === undefined) throw new Problem('not_found', `no contract ${shown(name)}: neither an id on this grid nor the name of one of yours in force`, { reason: 'contract', hint: '3bot contract list' });
  if (more.length > 0) throw new Problem('usage', `${found.length} contracts of yours are named ${shown(name)}`, { hint: `give its id: ${found.slice(0, 5).map(({ id }) => id.slice(0, 12)).join(', ')}` });
  return only;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}

/** The contracts that a bot has signed, newest first. */
export function* contractsOf(reader: Reader, bot: string): IterableIterator<ContractObject> {
  for (let before: number | undefined; ; ) {
    const page = query(reader, { signer: bot, kind: 'agreement@1', before, limit: MAX_ROWS });
    for (const { payload } of page.records) {
      const { chain } = JSON.parse(payload) as { chain: string };
      const contract = reader.get(chain);
      if (contract !== undefined) yield contract as unknown as ContractObject;
    }
    if (page.next === null) return;
    before = page.next;
  }
}
