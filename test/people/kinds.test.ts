import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json, JsonObject } from '../../src/base/canonical.js';
import { kindOf, usableUntil } from '../../src/people/kinds.js';
import type { Agreement, Payload, SchemaName } from '../../src/schema/types.js';
import { shapeError } from '../../src/schema/validate.js';
import { agreementBody, all, key, market, web } from '../rules/world.js';

const AGREEMENT: Agreement = agreementBody(market(), {
  order: 'web', minimum_stroops: '7', notice_ms: 1_000, retention_ms: 5_000, exec: true, meter: { by: `bot/${key('meter')}`, heartbeat_ms: 3_600_000 },
  discounts: [{ name: 'year', ppm: 100_000 }], documents: [{ name: 'terms.pdf', sha256: 'ab'.repeat(32) }], workloads: [web('web', { command: ['run'], env: [{ name: 'A', value: 'b' }], ports: [{ container: 80, protocol: 'tcp' }] })],
});
const ID = 'c'.repeat(40);

/** A body of each kind that has words of its own; the fields that say nothing which the rest does not say, too. */
const SAMPLES: readonly [kind: SchemaName, chain: string, body: object, implied?: readonly string[]][] = [
  // The contract's id follows from by and nonce; the rules hold by and farm against the roles.
  ['agreement@1', `contract/${ID}`, AGREEMENT, ['by', 'nonce', 'farm']],
  ['workload@1', `contract/${ID}`, { workloads: [web()] }],
  ['end@1', `contract/${ID}`, { reason: 'done' }],
  // The document's id follows from by and nonce; the deadline of every draft is said by draftRows.
  ['document@1', `document/${ID}`, { by: key('alice'), nonce: 'ab'.repeat(16), title: 'Statutes', text: ['one', 'two'], documents: [{ name: 'a.pdf', sha256: 'ab'.repeat(32) }], quorum: all('bot/' + key('a'), 'bot/' + key('b')), commit_by: 5 }, ['by', 'nonce', 'commit_by']],
  ['transfer@1', `account/${key('purse')}`, { payers: [{ account: key('purse'), amount_stroops: '5' }], to: key('bob'), memo: 'rent' }],
  ['account@1', `account/${key('purse')}`, { keys: { threshold: 2, members: [{ of: `account/${key('purse')}`, weight: 1 }, { threshold: 1, members: [{ of: `account/${key('bob')}`, weight: 3 }] }] } }],
  ['identity@1', `bot/${key('alice')}`, { name: 'alice', keys: [{ key: key('alice'), kinds: ['*'], until: null }, { key: key('ci'), kinds: ['end@1', 'talk'], until: 1_800_000_000_000 }], sealing_key: key('box'), endpoint: 'http://alice', roles: ['consumer', 'farmer'], account: key('purse'), recovery: all('bot/' + key('a'), 'bot/' + key('b')) }],
  ['recover@1', `recovery/${key('alice')}`, { keys: [{ key: key('new'), kinds: ['run@1'], until: 1_800_000_000_000 }], sealing_key: key('box'), account: key('purse') }],
  ['policy@1', 'grid', { rules: 2, shares: [{ account: key('treasury'), role: 'grid', share_ppm: 100_000 }, { account: null, role: 'burn', share_ppm: 50_000 }], mint_cap_stroops: '70', mint_period_ms: 60_000 }],
  ['certificate@1', `certify/${key('node')}`, { capacity: { cru: 8, mru_mib: 32_768, sru_mib: 1_024_000, hru_mib: 1, ipv4: 2 }, kind: 'diy', tft_musd: 80, until: 1_800_000_000_000, violation: { period: 672, reason: 'a virtual machine' } }],
  ['witnesses@1', 'grid', { witnesses: ['witness a b', 'quorum a'] }],
  ['handover@1', 'grid', { seen: { size: 3, root: 'ab'.repeat(32) }, log_key: key('log'), clock_key: key('clock') }],
];

const payloadOf = (kind: string, chain: string, body: object): Payload => ({ v: 1, grid: 'ab'.repeat(32), chain, height: 0, prev: null, kind, time: 0, body: body as JsonObject });

/** The same with one value changed, once for each value in it, with the value's path. */
function changes(value: Json, path = ''): [path: string, changed: Json][] {
  if (typeof value === 'string') return [[path, `${value}7`]];
  if (typeof value === 'number') return [[path, value + 1]];
  if (typeof value === 'boolean') return [[path, !value]];
  if (value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item, i) => changes(item, path).map(([where, changed]): [string, Json] => [where, value.with(i, changed)]));
  return Object.entries(value).flatMap(([name, item]) => changes(item as Json, path === '' ? name : `${path}.${name}`).map(([where, changed]): [string, Json] => [where, { ...value, [name]: changed }]));
}

for (const [kind, chain, body, implied = []] of SAMPLES) {
  test(`no value of ${kind} can be changed without its words changing`, () => {
    assert.equal(shapeError(kind, body), null, 'the sample is a body of its kind');
    const said = (changed: object): string => JSON.stringify(kindOf(payloadOf(kind, chain, changed)).words(payloadOf(kind, chain, changed)));
    const silent = changes(body as JsonObject).filter(([, changed]) => said(changed as JsonObject) === said(body)).map(([path]) => path);
    assert.deepEqual([...new Set(silent)], implied);
  });
}

test('a kind without words of its own is shown field by field', () => {
  const payload = payloadOf('unheard@1', 'grid', { name: 'x', list: [{ a: 1 }, { a: 2 }], none: null, empty: [], commit_by: 5 });
  assert.deepEqual(kindOf(payload).words(payload), [['name', 'x'], ['list[0].a', '1'], ['list[1].a', '2'], ['none', 'none'], ['empty', 'none'], ['commit_by', '5']]);
  assert.equal(usableUntil(payload), 5);
});
