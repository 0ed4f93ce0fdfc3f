// Quorums as people write them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Reader } from '../../src/bcdb/reader.js';
import { isProblem } from '../../src/base/errors.js';
import { QUORUM_EXAMPLE } from '../../src/people/form.js';
import { parseQuorum } from '../../src/people/propose.js';
import { identityOf, key, market } from '../rules/world.js';

const world = market({ rules: 2 });
for (const name of ['ann', 'ben', 'carl', 'dora', 'emil']) world.submit(identityOf(name));
// Nothing but objects is read.
const reader = world as unknown as Reader;
const member = (name: string, weight = 1): object => ({ of: `bot/${key(name)}`, weight });

test('a member is a name, and counts once unless it is said', () => {
  assert.deepEqual(parseQuorum(reader, QUORUM_EXAMPLE), { threshold: 2, members: [member('ann'), member('ben', 2), { threshold: 1, members: [member('dora'), member('emil')] }, member('carl', 0)] });
  assert.deepEqual(parseQuorum(reader, '{"threshold": 1, "members": [{"of": "ann"}]}'), { threshold: 1, members: [member('ann')] });
});

for (const text of ['', 'ann, ben', '["ann"]', '{"threshold": 1}', '{"members": ["ann"]}', '{"threshold": 1, "members": [7]}', '{"threshold": 1, "members": [{"of": "ann", "weight": "2"}]}', '{"threshold": 1, "members": [{"who": "ann"}]}']) {
  test(`what is no quorum is answered with an example: ${text}`, () => {
    assert.throws(() => parseQuorum(reader, text), (thrown) => isProblem(thrown, 'usage') && thrown.hint === QUORUM_EXAMPLE);
  });
}
