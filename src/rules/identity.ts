// Identities: who is who on this grid, and under which name.
import type { State } from '../bcdb/rulebook.js';
import type { Identity } from '../schema/types.js';
import { checkNotLogKey } from './grid.js';
import { read, write } from './objects.js';
import { allOf } from './quorum.js';
import { demand } from './refusal.js';
import { noteRoles } from './roles.js';
import type { Rule } from './rule.js';

/** identity@1: a bot says who it is, and later that something about it has changed. */
export const identity: Rule<Identity> = {
  kind: 'identity@1',
  chain: 'bot',
  signers(state, { body, subject }) {
    const [key, more] = body.keys;
    demand(key !== undefined && more === undefined && key.key === subject && key.kinds.length === 1 && key.kinds[0] === '*' && key.until === null, 'later_release', "an identity's keys are its own key for all kinds; others are not yet part of these rules");
    demand(body.recovery === null, 'later_release', 'recovery is not yet part of these rules');
    demand(body.sealing_key !== subject, 'key', 'the sealing key is the signing key; use another');
    demand(new Set(body.roles).size === body.roles.length, 'terms', 'a role stands twice');
    checkNotLogKey(state, subject);
    return [allOf([subject, `bot/${subject}`])];
  },
  apply(state, { body, subject, moment, rules }) {
    const before = read(state, 'bot', subject);
    takeName(state, 'bot', subject, body.name, before?.name);
    const roles = rules >= 2 ? { role_lines: noteRoles(state, before, body.roles, moment.index) } : {};
    write(state, 'bot', subject, { key: subject, ...body, ...roles });
  },
};

/**
 * Gives a name to its new holder, and frees the one it had.
 * @throws Problem `refused`, reason `name`, where another holds it
 */
export function takeName(state: State, type: 'bot' | 'farm', id: string, name: string, before: string | undefined): void {
  if (name === before) return;
  const holder = read(state, 'name', `${type}/${name}`)?.holder ?? null;
  demand(holder === null, 'name', `the name ${name} is taken by another ${type} on this grid`);
  if (before !== undefined) write(state, 'name', `${type}/${before}`, { holder: null });
  write(state, 'name', `${type}/${name}`, { holder: `${type}/${id}` });
}
