// State roots: the log's word on what its lines make, so that an object can be proven to those who carry no copy.
import { MIN_STATE_ROOT_MS } from '../base/limits.js';
import type { StateRoot } from '../schema/types.js';
import { read, readGrid, write } from './objects.js';
import { allOf } from './quorum.js';
import { demand } from './refusal.js';
import type { Rule } from './rule.js';

/** state@1: the root of the state that the first lines made. Whether it is right no rule can know: auditors fold and compare. */
export const stateRoot: Rule<StateRoot> = {
  kind: 'state@1',
  chain: 'state',
  signers(state, { body, subject, moment }) {
    demand(subject === readGrid(state).log_key, 'key', "a state root stands on the chain of the log's own key");
    demand(Number.isInteger(Math.log2(body.buckets)), 'state_root', `${body.buckets} buckets; their number is a power of two`);
    demand(body.size <= moment.index, 'state_root', () => `the state of ${body.size} lines, and there are ${moment.index}`);
    return [allOf([subject, `log/${subject}`])];
  },
  apply(state, { body: { size, root }, subject, moment: { at, index } }) {
    const before = read(state, 'state', subject);
    if (before !== undefined) {
      // So a book that nothing else is written to does not grow, and any other at most doubles.
      demand(size > before.line + 1, 'state_root', () => `nothing but the state root of line ${before.line} came since line ${before.line - 1}`);
      demand(at >= before.at + MIN_STATE_ROOT_MS, 'state_root', () => `the state root of line ${before.line} is less than ${MIN_STATE_ROOT_MS / 1000} s old`);
    }
    write(state, 'state', subject, { size, root, line: index, at });
  },
};
