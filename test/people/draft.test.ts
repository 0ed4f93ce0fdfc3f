import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isProblem, type ProblemCode } from '../../src/base/errors.js';
import { agreementText, durationText, quorumText, resourcesText } from '../../src/market/words.js';
import { saveDraft } from '../../src/people/draft.js';
import { agreementOf, draftAgreement, type Choice } from '../../src/market/terms.js';
import { envelopeText, readEnvelope } from '../../src/net/envelope.js';
import type { Quorum, Signature, TalkRequest } from '../../src/schema/types.js';
import { namedSigner } from '../book.js';
import { gib, HOUR } from '../deal.js';

const folder = mkdtempSync(join(tmpdir(), '3bot-draft-'));
after(() => rmSync(folder, { recursive: true }));
const [ann, ben, wallet] = [namedSigner('ann'), namedSigner('ben'), namedSigner('wallet')];
const PRICES = { cu_stroops: '100000', su_stroops: '50000', nu_stroops: '15000', ipv4_stroops: '40000' };
const REQUEST: TalkRequest = {
  nonce: '11'.repeat(16), consumer: ann.key, payers: [wallet.key, ben.key], resources: gib(4, 4, 100), term_ms: 720 * HOUR, node: null, order: 'web', retention_ms: 0,
  signers: [`bot/${ben.key}`], commit_within_ms: HOUR, firm: true, meter: null,
  workloads: [{ name: 'main', image: `docker.io/library/web@sha256:${'a'.repeat(64)}`, command: ['httpd', '-f'], env: [{ name: 'MODE', value: 'x' }], ports: [{ container: 80, protocol: 'tcp' }], secrets: [] }],
};
const CHOICE: Choice = { farm: { id: 'f'.repeat(40), payout: 'cd'.repeat(32) }, grid: { id: 'ab'.repeat(32), retention_ms: HOUR, rules: 2, heartbeat_ms: HOUR }, node: { key: 'ef'.repeat(32), capacity: gib(8, 16, 500) }, prices: PRICES, discounts: [], notice_ms: 0, fees: [], time: Date.UTC(2026, 0, 1) };
const draft = draftAgreement(REQUEST, CHOICE);
const signed = async (signer: typeof ann): Promise<Signature> => ({ by: signer.key, sig: await signer.sign('record', draft.text) });
const refused = (code: ProblemCode) => (thrown: unknown): boolean => isProblem(thrown, code);

test('a draft file comes back as it was written, and keeps what others signed', async () => {
  const path = join(folder, 'a.json');
  saveDraft(path, draft, [await signed(ann)]);
  const both = saveDraft(path, draft, [await signed(ben)]);
  assert.deepEqual(both.signatures.map(({ by }) => by), [ann.key, ben.key].sort());
  const back = readEnvelope(path);
  assert.equal(back.record.text, draft.text);
  assert.deepEqual(back.signatures, both.signatures);
  assert.deepEqual(Object.keys(JSON.parse(readFileSync(path, 'utf8')) as object), ['payload', 'payloadType', 'signatures'], 'a DSSE envelope');
});

test('a file that is no draft, or was changed, is refused', async () => {
  const path = join(folder, 'b.json');
  const good = envelopeText(draft.text, [await signed(ann)]);
  const envelope = JSON.parse(good) as { payload: string; payloadType: string; signatures: { keyid: string; sig: string }[] };
  const payload = (text: string): string => JSON.stringify({ ...envelope, payload: Buffer.from(text).toString('base64') });
  const cases: [string, string, ProblemCode][] = [
    ['no JSON', 'hello', 'malformed'],
    ['another type', good.replace('record+json', 'talk+json'), 'malformed'],
    ['not canonical', payload(` ${draft.text}`), 'malformed'],
    ['another kind', payload(draft.text.replace('agreement@1', 'transfer@1')), 'malformed'],
    ['a field more', payload(draft.text.replace('"body":{', '"body":{"a":1,')), 'malformed'],
    ['another price', payload(draft.text.replace('"total_stroops":"162000000"', '"total_stroops":"162000001"')), 'integrity'],
    ["another's key", good.replace(ann.key, ben.key), 'integrity'],
  ];
  for (const [title, text, code] of cases) {
    writeFileSync(path, text);
    assert.throws(() => readEnvelope(path), refused(code), title);
  }
  assert.throws(() => readEnvelope(join(folder, 'none.json')), refused('not_found'));
});

test('in plain words everybody and everything in an agreement is named', () => {
  const body = agreementOf(draft);
  const words = agreementText('the-contract', body).map((row) => row.join(' ')).join('\n');
  const told = [
    'the-contract', `bot/${ann.key}`, `bot/${ben.key}`, `farm/${body.farm}`, body.node, '4 vCPU, 4 GiB memory, 100 GiB SSD', '30 days', '0.0225000 TFT an hour', '16.2000000 TFT in all',
    wallet.key, '8.1000000 TFT', 'cd'.repeat(32), '100 %', 'unmetered', '2026-01-01T01:00:00.000Z', 'web', 'httpd', 'MODE="x"', '80/tcp', 'all 3 named above', 'CU 0.0100000, SU 0.0050000, IPv4 0.0040000 TFT an hour; traffic 0.0015000 TFT a GB', 'wiped at once', '10 minutes',
  ];
  for (const text of told) assert.ok(words.includes(text), `${text} is missing in:\n${words}`);
});

test('a quorum of others is told in full, however many they are', () => {
  const members = Array.from({ length: 40 }, (_, i) => ({ of: `bot/${i.toString(16).padStart(64, '0')}`, weight: 1 }));
  const body = { ...agreementOf(draft), quorums: { ...agreementOf(draft).quorums, end: { threshold: 2, members } } };
  const end = agreementText('c', body).find(([name]) => name === 'end by')?.[1] ?? '';
  assert.ok(end.startsWith('2 of bot/'));
  for (const { of } of members) assert.ok(end.includes(of), of);
});

test('a draft does not take the place of another deal\'s, with its signatures', async () => {
  const path = join(folder, 'other.json');
  saveDraft(path, draft, [await signed(ann)]);
  const other = draftAgreement({ ...REQUEST, nonce: '22'.repeat(16) }, CHOICE);
  assert.throws(() => saveDraft(path, other, []), (thrown) => isProblem(thrown, 'refused', 'draft'));
  assert.equal(readEnvelope(path).signatures.length, 1);
});

test('payers of a draft add up to its total, however it divides', () => {
  for (const term_ms of [HOUR, HOUR + 1, 1_000]) {
    const { payers, total_stroops } = agreementOf(draftAgreement({ ...REQUEST, term_ms }, CHOICE));
    assert.equal(payers.reduce((sum, { amount_stroops }) => sum + BigInt(amount_stroops), 0n), BigInt(total_stroops));
  }
});

for (const [ms, text] of [[720 * HOUR, '30 days'], [90 * 60_000, '1 hour 30 minutes'], [1_000, '1 second'], [500, '500 ms'], [86_400_000 + HOUR + 60_000 + 1_001, '1 day 1 hour 1 minute 1 second 1 ms']] as const) {
  test(`${ms} ms reads ${text}`, () => assert.equal(durationText(ms), text));
}

test('resources that are none read so', () => assert.equal(resourcesText(gib(0, 0, 0)), 'nothing'));

test('a quorum of further signers stands as a group beside consumer and farmer, whom it never replaces', () => {
  const some: Quorum = { threshold: 1, members: [{ of: `bot/${ben.key}`, weight: 1 }, { of: `bot/${'12'.repeat(32)}`, weight: 0 }] };
  const { quorums, roles, farm } = agreementOf(draftAgreement({ ...REQUEST, signers: [`bot/${ben.key}`, `bot/${'12'.repeat(32)}`], commit: some }, CHOICE));
  assert.deepEqual(quorums.commit, { threshold: 3, members: [{ of: `bot/${ann.key}`, weight: 1 }, { of: `farm/${farm}`, weight: 1 }, some] });
  assert.deepEqual(quorums.amend, quorums.commit);
  assert.equal(roles.length, 4);
  assert.match(quorumText(quorums.commit), /^all of .*, \(bot\/[0-9a-f]{64}; if they like also bot\/(12){32}\)$/);
});
