import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { invitationText, parseInvitation } from '../../src/market/invitation.js';

const invitation = { v: 1, url: 'http://127.0.0.1:8780', grid: 'a'.repeat(64), farm: 'b'.repeat(40), token: 'c'.repeat(64), expires: 1_800_000_000_000 } as const;

test('an invitation comes back from its text, also with spaces around it', () => {
  assert.deepEqual(parseInvitation(` ${invitationText(invitation)}\n`), invitation);
});

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
for (const [what, text] of [
  ['nothing', ''],
  ['a text cut short', invitationText(invitation).slice(0, -3)],
  ['other words', 'hello there'],
  ['padding', `${invitationText(invitation)}=`],
  ['another version', encode({ ...invitation, v: 2 })],
  ['a field more', encode({ ...invitation, extra: 1 })],
  ['another order of fields', encode(invitation)],
  ['an address that is none', encode({ ...invitation, url: 'file:///etc/passwd' })],
  ['far too much', 'A'.repeat(4_000)],
] as const) {
  test(`${what} is no invitation`, () => {
    assert.throws(() => parseInvitation(text), (thrown) => isProblem(thrown, 'usage'));
  });
}
