// Farms: who sells, at which prices, to whom for less, on which nodes.
import { chainId } from '../bcdb/record.js';
import type { ReadState, State } from '../bcdb/rulebook.js';
import type { Admit, Deal, Farm, PriceList, Retire } from '../schema/types.js';
import { checkNotLogKey } from './grid.js';
import { checkFree, takeKey, takeName } from './identity.js';
import { read, readGrid, write, type FarmObject } from './objects.js';
import { allOf, resolve, someOf, type Signers } from './quorum.js';
import { demand, short } from './refusal.js';
import type { Act, Rule } from './rule.js';
import { checkPrices } from './token.js';

/**
 * farm@1. The farm key of the body always signs, so nobody can name a key that it does not have. Where owner, keys or
 * payout change, the owner signs too (a new owner as well); the old farm key need not, so that an owner can replace
 * one that was lost or stolen.
 */
export const farm: Rule<Farm> = {
  kind: 'farm@1',
  chain: 'farm',
  signers(state, { body, subject, occasion, rules }) {
    const owner = body.owner.slice('bot/'.length);
    const keys = [body.farm_key, owner, body.sealing_key];
    demand(new Set(keys).size === keys.length && body.farm_key !== body.payout, 'key', 'farm key, sealing key, payout account and owner are different keys');
    checkNotLogKey(state, body.farm_key);
    if (rules >= 2) checkFree(state, body.farm_key, `farm/${subject}`);
    const farmSigns = allOf([body.farm_key, `farm/${subject}`]);
    const allSign = (owners: string[]): Signers[] => [farmSigns, resolve(state, someOf(owners.length, owners), occasion)];
    const before = read(state, 'farm', subject);
    if (before === undefined) {
      demand(subject === chainId(readGrid(state).id, body.by, body.nonce), 'id', `farm ${short(subject)} does not follow from its by and nonce`);
      demand(body.owner === `bot/${body.by}`, 'key', 'a farm is founded by its owner');
      return allSign([body.owner]);
    }
    demand(body.by === before.by && body.nonce === before.nonce, 'id', 'by and nonce of a farm never change');
    const changes = (['owner', 'farm_key', 'sealing_key', 'payout'] as const).some((field) => body[field] !== before[field]);
    return changes ? allSign([...new Set([before.owner, body.owner])]) : [farmSigns];
  },
  apply(state, { body, subject, rules }) {
    const before = read(state, 'farm', subject);
    takeName(state, 'farm', subject, body.name, before?.name);
    if (rules >= 2) takeKey(state, body.farm_key, `farm/${subject}`);
    // The body last: what is added to a copy of parsed JSON costs ten times as much.
    write(state, 'farm', subject, { id: subject, ...askedOf(before), ...body });
  },
};

/** prices@1: what the farm asks from now on. Contracts keep their own. */
export const prices: Rule<PriceList> = {
  kind: 'prices@1',
  chain: 'farm',
  signers(state, { body, subject, rules }) {
    checkPrices(body.prices);
    const { prices: _prices, ...more } = body;
    demand(rules >= 2 || Object.keys(more).length === 0, 'later_release', 'discounts and shares of architects need rules 2');
    const rising = (body.lengths ?? []).every(({ at_least_ms }, i, all) => at_least_ms > (all[i - 1]?.at_least_ms ?? 0));
    demand(rising, 'terms', 'discounts for length stand in the order of the length, each once');
    return [farmSigns(state, subject)];
  },
  apply(state, { body, subject }) {
    const { prices: _prices, lengths: _lengths, dedicated_ppm: _dedicated, architect_ppm: _architect, ...farm } = farmOf(state, subject);
    write(state, 'farm', subject, { ...farm, ...body });
  },
};

/** What prices@1 has said of a farm. */
function askedOf({ prices, lengths, dedicated_ppm, architect_ppm }: Partial<FarmObject> = {}): Pick<FarmObject, keyof PriceList> {
  return {
    prices: prices ?? null,
    ...(lengths === undefined ? {} : { lengths }),
    ...(dedicated_ppm === undefined ? {} : { dedicated_ppm }),
    ...(architect_ppm === undefined ? {} : { architect_ppm }),
  };
}

/** deal@1: what the farm asks one bot, in place of the deal it had. A price is an offer, so the bot need not sign. */
export const deal: Rule<Deal> = {
  kind: 'deal@1',
  chain: 'farm',
  since: 2,
  signers(state, { body, subject }) {
    if (body.prices !== null) checkPrices(body.prices);
    return [farmSigns(state, subject)];
  },
  apply(state, { body, subject }) {
    const { bot, ...terms } = body;
    write(state, 'deal', `${subject}/${bot}`, terms);
  },
};

/** admit@1: the farm sells this node, as soon as the node names the farm. */
export const admit: Rule<Admit> = {
  kind: 'admit@1',
  chain: 'farm',
  signers(state, { subject }) {
    return [farmSigns(state, subject)];
  },
  apply(state, act) {
    setAdmission(state, act, true);
  },
};

/** retire@1: the node takes no new contract; those it has go on. */
export const retire: Rule<Retire> = {
  kind: 'retire@1',
  chain: 'farm',
  signers(state, { subject }) {
    return [farmSigns(state, subject)];
  },
  apply(state, act) {
    const { body, subject } = act;
    demand(read(state, 'admission', `${subject}/${body.node}`)?.admitted === true, 'not_found', `node ${short(body.node)} is not admitted by this farm`);
    setAdmission(state, act, false);
  },
};

/** @throws Problem `refused`, reason `not_found` */
export function farmOf(state: ReadState, id: string): FarmObject {
  const found = read(state, 'farm', id);
  demand(found !== undefined, 'not_found', `no farm ${short(id)} on this grid`);
  return found;
}

/** The farm's own key. @throws Problem `refused`, reason `not_found` */
export function farmSigns(state: ReadState, id: string): Signers {
  return allOf([farmOf(state, id).farm_key, `farm/${id}`]);
}

/** A farm's word counts only for nodes that name it: nobody can take another farm's node off the market. */
function setAdmission(state: State, { body: { node: key }, subject: farmId, moment, rules }: Act<Admit | Retire>, admitted: boolean): void {
  write(state, 'admission', `${farmId}/${key}`, { admitted });
  const node = read(state, 'node', key);
  if (node?.farm === farmId) write(state, 'node', key, { ...node, admitted: admitted ? farmId : null, ...(rules >= 2 ? { since: moment.at } : {}) });
}
