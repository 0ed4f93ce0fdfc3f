import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { bot, botJson, startBot, tempHome } from '../script.js';

interface Item {
  readonly record: string;
  readonly state: string;
  readonly missing: string[];
  readonly stranger: boolean;
  readonly declined: { readonly name: string; readonly reason: string }[];
}
interface Said {
  readonly record: string;
  readonly state: string;
  readonly missing: string[];
}

test('three people who are never there together sign a document, and the last commits it; they decline, endorse and vote', async () => {
  const [ann, ben, carl] = [0, 1, 2].map(() => ({ home: tempHome() })) as [{ home: string }, { home: string }, { home: string }];
  const rules = join(dirname(ann.home), 'rules.txt');
  writeFileSync(rules, 'We share the field.\nNobody sells his part.\n');
  await botJson(['identity', 'create', '--name', 'ann'], ann);
  const { id } = await botJson<{ id: string }>(['grid', 'create', 'valley', '--dev'], ann);
  // Somebody serves the grid and its mailboxes; of the three, one at a time is there.
  await using running = startBot(['serve', '--listen', '127.0.0.1:0', '--json'], ann);
  const [line] = await running.until(/^\{.*\}$/m);
  const { url } = JSON.parse(line) as { url: string };
  for (const [name, home] of [['ben', ben], ['carl', carl]] as const) {
    await botJson(['identity', 'create', '--name', name], home);
    await botJson(['grid', 'join', url, '--genesis', id], home);
    assert.deepEqual(await botJson(['inbox'], home), [], 'that also puts the identity on the grid');
  }

  const proposed = await botJson<Said>(['propose', '--title', 'Rules', '--text-file', rules, '--signer', 'ben', '--signer', 'carl', '--yes'], ann);
  assert.deepEqual([proposed.state, proposed.missing.length], ['signed', 2]);

  const [waits] = await botJson<Item[]>(['inbox'], ben);
  assert.deepEqual([waits?.record, waits?.state, waits?.missing.length, waits?.stranger], [proposed.record, 'waiting', 2, true]);
  const dry = await bot(['sign', proposed.record.slice(0, 12), '--dry-run'], ben);
  assert.match(dry.stdout, /^title\tRules$[^]*^\tNobody sells his part\.$[^]*^your signature\tcan be used until 20.*$[^]*^signed\tbot\/[0-9a-f]{8}… \(ann, says this grid\)$[^]*^missing\t.*\(ben, /m);
  const { shown, signed } = await botJson<{ shown: { name: string; text: string }[]; signed: string[] }>(['sign', proposed.record, '--dry-run'], ben);
  assert.equal(shown.find(({ name }) => name === 'title')?.text, 'Rules');
  assert.match(shown.find(({ name }) => name === 'signed by')?.text ?? '', new RegExp(`all of ${signed[0]}`), 'what is signed, with no name that is not in it');
  const second = await bot(['sign', proposed.record.slice(0, 12), '--yes', '--json'], ben);
  assert.match(second.stderr, /Nobody sells his part\.[^]*can be used until 20/);
  assert.deepEqual([second.json<Said>().state, second.json<Said>().missing.length], ['signed', 1]);

  const last = await botJson<Said>(['sign', proposed.record.slice(0, 12), '--yes'], carl);
  assert.deepEqual([last.state, last.missing], ['committed', []]);
  const late = await bot(['sign', proposed.record.slice(0, 12), '--yes', '--json'], ben);
  assert.equal(late.json<Said>().state, 'committed');
  assert.match(late.stderr, /in the book already/);

  // The next version shows what has changed; somebody declines, and the proposer hears of it. What is over was told once.
  const [{ chain } = { chain: '' }] = await botJson<{ chain: string }[]>(['bcdb', 'query', 'kind = document'], carl);
  writeFileSync(rules, 'We share the field.\nNobody sells his part, or lends it.\n');
  const next = await bot(['propose', '--title', 'Rules', '--text-file', rules, '--signer', 'ann', '--signer', 'carl', '--next', chain.slice('document/'.length), '--yes', '--json'], ben);
  assert.match(next.stderr, /changed since you last looked:[^]* - Nobody sells his part\.\n[^]* \+ Nobody sells his part, or lends it\./);
  const { record } = next.json<Said>();
  assert.match((await bot(['endorse', record, '--yes'], ben)).stderr, /is a draft, and not in the book yet\n.*3bot sign/);
  assert.deepEqual((await botJson<{ not_told: string[] }>(['decline', record.slice(0, 12), '--reason', 'lending is fine'], carl)).not_told, []);
  const heard = await botJson<Item[]>(['inbox'], ben);
  assert.deepEqual(heard.map(({ state, stranger }) => [state, stranger]), [['signed', false], ['committed', true]], 'strangers come last');
  assert.deepEqual(heard[0]?.declined.map(({ name, reason }) => [name, reason]), [['carl', 'lending is fine']]);

  // Who was optional signs later, on a chain of his own, once.
  const optional = await botJson<Said>(['propose', '--title', 'Thanks', '--text-file', rules, '--optional', 'carl', '--yes'], ann);
  assert.equal(optional.state, 'committed', 'nobody has to wait for who is optional');
  await botJson(['endorse', optional.record, '--yes'], carl);
  assert.equal((await bot(['endorse', optional.record, '--yes'], ann)).code, 3, 'her signature is on it');

  const { id: vote } = await botJson<{ id: string }>(['vote', 'create', 'Shall we?', '--voter', 'ann', '--voter', 'ben', '--for', '1h'], ben);
  assert.match((await bot(['vote', 'show', vote.slice(0, 8)], ann)).stdout, /^question\tShall we\?\n[^]*^state\topen$/m, 'a pipe has more than the id');
  const { cast, ahead, mine } = await botJson<{ cast: number; ahead: string; mine: string }>(['vote', 'cast', vote, 'yes'], ben);
  assert.deepEqual([cast, ahead, mine], [1, 'yes', 'yes']);
  assert.deepEqual((await botJson<{ id: string }[]>(['vote', 'list'], ben)).map(({ id }) => id), [vote]);
  assert.equal((await botJson<{ cast: number }>(['vote', 'show', vote], ben)).cast, 1);
});
