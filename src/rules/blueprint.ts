// Blueprints: files that many contracts are made from, version by version, and what their architects get of each.
import { canonical } from '../base/canonical.js';
import { sha256Hex } from '../base/hash.js';
import { MAX_BLUEPRINT_CHARS } from '../base/limits.js';
import { chainId } from '../bcdb/record.js';
import { formatPercent } from '../capacity/percent.js';
import type { ReadState, State } from '../bcdb/rulebook.js';
import type { Agreement, Blueprint, BlueprintRef, Fee, Payee, Withdraw } from '../schema/types.js';
import { PPM } from './agreement.js';
import { read, readGrid, write, type BlueprintObject, type BlueprintVersionObject } from './objects.js';
import { resolve, someOf } from './quorum.js';
import { demand, short } from './refusal.js';
import type { Rule, Version } from './rule.js';

/**
 * The id of an architect's blueprint of this name. It follows from both, so a name is unique for an architect without
 * a list of names, and whoever knows them needs no search.
 * @param grid id @param by key of the architect, hex
 */
export function blueprintId(grid: string, by: string, name: string): string {
  return chainId(grid, by, sha256Hex(canonical({ name })).slice(0, 32));
}

/** blueprint@1: the next version. Those before stay as they are, and may still be used. */
export const blueprint: Rule<Blueprint> = {
  kind: 'blueprint@1',
  chain: 'blueprint',
  since: 2,
  signers(state, { body, subject, occasion }) {
    demand(subject === blueprintId(readGrid(state).id, body.by, body.name), 'id', `blueprint ${short(subject)} does not follow from its by and name`);
    demand(body.text.reduce((sum, line) => sum + line.length + 1, 0) <= MAX_BLUEPRINT_CHARS, 'size', `a blueprint has ${MAX_BLUEPRINT_CHARS} characters at most`);
    demand(new Set(body.fees.map(({ account }) => account)).size === body.fees.length, 'terms', 'an account stands twice among the fees');
    const sum = body.fees.reduce((all, { share_ppm }) => all + share_ppm, 0);
    demand(sum < PPM, 'shares', () => `fees of ${formatPercent(sum)} leave nothing to a farm`);
    return [resolve(state, someOf(1, [`bot/${body.by}`]), occasion)];
  },
  apply(state, { body, record, subject, moment: { at } }) {
    const { by, name, version, about, text, fees } = body;
    const before = read(state, 'blueprint', subject);
    const next = (before?.version ?? 0) + 1;
    demand(version === next, 'exists', `the next version of ${name} is ${next}, not ${version}`);
    write(state, 'blueprint', subject, { id: subject, by, name, about, version, contracts: before?.contracts ?? 0, at });
    write(state, 'blueprint_version', versionId({ id: subject, version }), { record: record.id, about, text, fees, withdrawn: null, at });
  },
};

/** withdraw@1: no new contracts from a version. Those that there are keep it. */
export const withdraw: Rule<Withdraw> = {
  kind: 'withdraw@1',
  chain: 'blueprint',
  since: 2,
  signers(state, { subject, occasion }) {
    const found = read(state, 'blueprint', subject);
    demand(found !== undefined, 'not_found', `no blueprint ${short(subject)} on this grid`);
    return [resolve(state, someOf(1, [`bot/${found.by}`]), occasion)];
  },
  apply(state, { body: { version, reason }, subject, moment: { at } }) {
    const ref = { id: subject, version };
    const found = versionOf(state, ref);
    demand(found.withdrawn === null, 'state', `version ${version} of blueprint ${short(subject)} is withdrawn already`);
    write(state, 'blueprint_version', versionId(ref), { ...found, withdrawn: { at, reason } });
  },
};

/**
 * Notes that a contract is made from a blueprint, and demands that its architects get exactly that version's fees.
 * Without a blueprint there is nothing to note: any farm may leave any architect a share.
 * @throws Problem `refused`, reasons `later_release`, `not_found`, `state`, `shares`
 */
export function useBlueprint(state: State, { blueprint: ref, payees }: Agreement, rules: Version): void {
  demand(rules >= 2 || payees.length <= 4, 'later_release', 'more than four payees need rules 2');
  if (ref === undefined) return;
  demand(rules >= 2, 'later_release', 'a contract made from a blueprint needs rules 2');
  const { fees, withdrawn } = versionOf(state, ref);
  const found = blueprintOf(state, ref.id);
  demand(withdrawn === null, 'state', () => `version ${ref.version} of ${found.name} is withdrawn, and takes no new contracts`);
  demand(canonical(feesIn(payees)) === canonical(fees), 'shares', () => `version ${ref.version} of ${found.name} has other fees than the payees with role architect`);
  write(state, 'blueprint', ref.id, { ...found, contracts: found.contracts + 1 });
}

/** What payees give to architects, in their order. */
export function feesIn(payees: readonly Payee[]): Fee[] {
  return payees.flatMap(({ account, role, share_ppm }) => (role === 'architect' && account !== null ? [{ account, share_ppm }] : []));
}

/** @throws Problem `refused`, reason `not_found` */
export function blueprintOf(state: ReadState, id: string): BlueprintObject {
  const found = read(state, 'blueprint', id);
  demand(found !== undefined, 'not_found', `no blueprint ${short(id)} on this grid`);
  return found;
}

/** @throws Problem `refused`, reason `not_found` */
export function versionOf(state: ReadState, ref: BlueprintRef): BlueprintVersionObject {
  const found = read(state, 'blueprint_version', versionId(ref));
  demand(found !== undefined, 'not_found', `no version ${ref.version} of blueprint ${short(ref.id)} on this grid`);
  return found;
}

function versionId({ id, version }: BlueprintRef): string {
  return `${id}/${version}`;
}
