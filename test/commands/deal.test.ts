// A buyer's sessions with the real binary, against a farm that answers over real sockets and a node that this test plays.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { Market } from '../deal.js';
import { bot, botJson, poll, tempHome } from '../script.js';
import { terminal } from '../terminal.js';

const IMAGE = `docker.io/library/web@sha256:${'a'.repeat(64)}`;
const home = tempHome();
const files = dirname(home);
let market: Market;

interface Reserved { contract: string; farm: string; node: string; state: string; price_per_hour: string; total: string; escrow: string; expires_at: string; receipt: string; workloads: { name: string; state: string; url: string | null }[]; draft?: string; missing?: string[] }
interface Shown { id: string; state: string; reason: string | null; escrow: string; billed: string; refunded: string; workloads: { name: string; state: string; reason: string | null; exit_code: number | null; url: string | null }[] }

before(async () => {
  market = await Market.open();
  await botJson(['identity', 'create', '--name', 'ann'], { home });
});
after(async () => market[Symbol.asyncDispose]());

/** Plays the node: says `held`, and of each workload `running` on port 40000, as soon as a contract is there. */
async function playNode(name: string, then: 'running' | 'failed' = 'running'): Promise<string> {
  const id = await poll('a contract', () => market.grid.reader.objects('contract/', 100).find(({ value }) => (value['agreement'] as { order: string | null }).order === name)?.value['id'] as string | undefined);
  await market.run(id, {});
  const { workloads } = market.grid.reader.get(`contract/${id}`) as unknown as { workloads: { name: string; ports: { container: number }[] }[] };
  for (const { name: workload, ports } of workloads) {
    await market.run(id, then === 'failed' ? { workload, state: 'failed', reason: 'no such image' } : { workload, state: 'running', ports: ports.map(({ container }) => ({ container, host: 40_000 })) });
  }
  return id;
}

test('on a fresh machine reserve and quote say at once what to do next', async () => {
  const fresh = tempHome();
  for (const words of [['reserve', '--cpu', '4', '--sru', '100'], ['quote', '--cpu', '4']]) {
    const none = await bot(words, { home: fresh, passphrase: null });
    assert.equal(none.code, 5);
    assert.match(none.stderr, /hint: 3bot identity create/);
    const noGrid = await bot(words, { home, passphrase: null });
    assert.equal(noGrid.code, 5);
    assert.match(noGrid.stderr, /hint: 3bot grid join URL/);
    assert.equal(noGrid.stdout, '');
  }
});

test('a buyer joins, is known on the grid by the first command that needs it, and gets exact quotes', async () => {
  await botJson(['grid', 'join', market.url], { home });
  await botJson(['wallet', 'faucet'], { home });
  const quote = await botJson<{ offers: { farm: string; node: string; price_per_hour: string; total: string }[]; declined: unknown[]; considered: number; excluded: unknown[]; notes: string[] }>(['quote', '--cpu', '4', '--sru', '100'], { home });
  assert.deepEqual(quote.offers.map(({ farm, node, price_per_hour, total }) => [farm, node, price_per_hour, total]), [[market.farm, market.node.key, '0.0225000', '16.2000000']]);
  assert.deepEqual([quote.declined, quote.considered, quote.excluded], [[], 1, []]);
  for (const told of [/1 GiB per vCPU/, /farmer's word/, /declared by a person, not measured/, /not Stellar's/, /root on the node/]) assert.ok(quote.notes.some((note) => told.test(note)), String(told));
  const piped = await bot(['quote', '--cru', '4', '--ssd', '100', '--quiet'], { home });
  assert.equal(piped.stdout.split('\t').slice(0, 4).join(' '), `sunny ${market.node.key} 0.0225000 16.2000000`);
  assert.equal(piped.stderr, '');
});

test('a quote explains its price line by line, and a whole node is one price for all it has', async () => {
  const piped = await bot(['quote', '--cpu', '4', '--sru', '100', '--explain'], { home });
  const lines = new Map(piped.stdout.trimEnd().split('\n').map((line) => line.split('\t') as [string, string]));
  assert.deepEqual([lines.get('an hour'), lines.get('the term'), lines.get('total')], ['1/50 + 1/400 + 0 = 9/400 = 0.0225 TFT an hour', '9/400 × 720 hours = 81/5 = 16.2 TFT', '16.2000000 TFT, rounded up once, to 0.0000001 TFT']);
  const { offers } = await botJson<{ offers: { total: string; explanation: { steps: { step: string; exact: string }[]; total: string } }[] }>(['quote', '--dedicated', '--for', '1h', '--explain'], { home });
  // 8 cores, 16 GiB and 500 GiB: 4 CU and 2.5 SU, 0.0525 TFT an hour, half of it.
  assert.deepEqual(offers.map(({ total, explanation }) => [total, explanation.total, explanation.steps.at(-1)?.step, explanation.steps.at(-1)?.exact]), [['0.0262500', '0.0262500', 'dedicated', '21/800']]);
  const none = await bot(['quote', '--cpu', '1', '--architect', 'ann', '--architect-share', '15%'], { home });
  assert.equal(none.code, 5);
  assert.match(none.stderr, /1 whose farm leaves less to architects/);
});

test('a price that the buyer names is met or refused with the least that would do, and the journal remembers answers', async () => {
  const dear = await bot(['quote', '--cpu', '4', '--sru', '100', '--max-price', '0.02', '--json'], { home });
  assert.equal(dear.code, 3, dear.stderr);
  assert.match(dear.stderr, /takes 0\.0225000 TFT an hour at least/);
  const { offers } = await botJson<{ offers: unknown[] }>(['quote', '--cpu', '4', '--sru', '100', '--max-price', '0.0225', '--cheapest'], { home });
  assert.equal(offers.length, 1);
  const [farm] = await botJson<{ farm: string; farm_name: string; node: null; answered: number; refused: object; penalty_ppm: number }[]>(['journal'], { home });
  assert.deepEqual([farm?.farm, farm?.farm_name, farm?.node, farm?.refused, farm?.penalty_ppm], [market.farm, 'sunny', null, { price: 1 }, 0]);
  assert.match((await terminal(['journal'], { home })).screen, /sunny .* 1 price .*its price/);
  for (const args of [[], ['nobody', '--all']]) assert.equal((await bot(['journal', 'forget', ...args], { home })).code, 2);
  assert.deepEqual(await botJson(['journal', 'forget', 'sunny'], { home }), { farm: market.farm });
  assert.deepEqual(await botJson(['journal'], { home }), []);
});

test('what nobody sells exits 5 with counted reasons, in JSON too', async () => {
  const run = await bot(['quote', '--cpu', '400', '--json'], { home });
  assert.equal(run.code, 5);
  assert.deepEqual(run.json<{ excluded: unknown }>().excluded, [{ reason: 'cpu', count: 1 }]);
  assert.match(run.stderr, /"code":"nothing_fits"/);
  assert.equal((await bot(['reserve', '--cpu', '400'], { home })).code, 5);
});

test('above the limit nothing is spent, and the flag is named', async () => {
  const words = ['reserve', '--cpu', '4', '--sru', '100', '--for', '90d'];
  const over = await bot(words, { home });
  assert.equal(over.code, 3);
  assert.match(over.stderr, /give --max-total 48\.6/);
  assert.equal((await bot([...words, '--max-total', '48.5'], { home })).code, 3);
  assert.equal((await botJson<{ balance: string }>(['wallet', 'show'], { home })).balance, '1000.0000000');
});

test('a dry run shows the agreement and changes nothing', async () => {
  const dry = await botJson<{ contract: null; total: string; agreement: { total_stroops: string } }>(['reserve', '--cpu', '4', '--sru', '100', '--dry-run'], { home });
  assert.equal(dry.contract, null);
  assert.equal(dry.agreement.total_stroops, '162000000');
  assert.deepEqual(await botJson(['contract', 'list'], { home }), []);
});

let web = '';
test('reserve waits until the node holds it; stdout in a pipe is the id alone', async () => {
  const [run] = await Promise.all([bot(['reserve', '--cpu', '4', '--sru', '100', '--name', 'web'], { home }), playNode('web')]);
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stdout, /^[0-9a-f]{40}\n$/);
  web = run.stdout.trim();
  for (const told of [/1 GiB per vCPU/, /farmer's word/, /root on the node/]) assert.match(run.stderr, told);
});

test('the same name again is the same contract, with all fields that scripts rely on', async () => {
  const again = await botJson<Reserved>(['reserve', '--cpu', '4', '--sru', '100', '--name', 'web'], { home });
  assert.equal(again.contract, web);
  assert.deepEqual([again.farm, again.node, again.state, again.price_per_hour, again.escrow, again.workloads], [market.farm, market.node.key, 'held', '0.0225000', '16.2000000', []]);
  assert.equal(again.expires_at, new Date(again.expires_at).toISOString());
  assert.equal(again.receipt, join(home, 'receipts', `${web}.tlog-proof`));
  assert.ok(existsSync(again.receipt));
  const receipt = await botJson<{ record: string }>(['receipt', 'verify', again.receipt], { home });
  assert.ok(receipt);
  assert.equal((await botJson<{ escrowed: string }>(['wallet', 'show'], { home })).escrowed, '16.2000000');
});

test('deploy runs a workload on the contract, and show says where it is reached', async () => {
  assert.equal((await botJson<{ id: string }>(['contract', 'show', 'web'], { home })).id, web);
  const deploying = botJson<Shown>(['deploy', web.slice(0, 12), '--image', IMAGE, '--port', '80', '--env', 'A=b c', '--command', 'httpd -f'], { home });
  await poll('the workload', () => ((market.grid.reader.get(`contract/${web}`)?.['workloads'] as unknown[] | undefined)?.length ?? 0) > 0);
  await market.run(web, { workload: 'main', state: 'running', ports: [{ container: 80, host: 40_001 }] });
  const done = await deploying;
  assert.equal(done.state, 'ready');
  const shown = await botJson<Shown>(['contract', 'show', web], { home });
  assert.equal(shown.state, 'active');
  assert.deepEqual(shown.workloads.map(({ name, state, reason, exit_code, url }) => [name, state, reason, exit_code, url]), [['main', 'running', null, null, 'http://127.0.0.1:40001']]);
});

test('cancel settles: used and returned make the escrow, to the last unit', async () => {
  const ended = await botJson<Shown>(['contract', 'cancel', web], { home });
  assert.equal(ended.state, 'ended');
  assert.equal(ended.reason, 'cancelled');
  assert.equal(ended.escrow, '0.0000000');
  const stroops = (tft: string): bigint => BigInt(tft.replace('.', ''));
  assert.equal(stroops(ended.billed) + stroops(ended.refunded), 162_000_000n);
  assert.equal((await bot(['contract', 'cancel', web], { home })).code, 0);

  const { history, complete } = await botJson<{ history: { kind: string; what: string; by: string[]; amount: string | null; record: string }[]; complete: boolean }>(['contract', 'show', web, '--history'], { home });
  assert.deepEqual(history.map(({ kind, amount }) => [kind, amount]), [['agreement@1', '16.2000000'], ['run@1', null], ['workload@1', null], ['run@1', null], ['end@1', '-16.2000000']]);
  assert.deepEqual(history.map(({ by }) => by.map((name) => name.replace(/ .*/, '')).sort()), [['account', 'bot', 'farm'], ['node'], ['bot'], ['node'], ['bot']]);
  for (const [i, said] of [/^agreed: 4 vCPU.* for 30 days$/, /^the node holds it/, /^to run from now on: main$/, /^main running$/, /^ended, cancelled; .* TFT returned$/].entries()) assert.match(history[i]?.what ?? '', said);
  assert.ok(complete);
});

let second = '';
test('a name whose contract is over means a new one', async () => {
  const placed = await botJson<Reserved>(['reserve', '--cpu', '1', '--for', '1h', '--name', 'web', '--wait', 'committed'], { home });
  assert.notEqual(placed.contract, web);
  assert.equal(placed.state, 'committed');
  second = placed.contract;
});

test('deploy takes all of a workload from a file, and names the field that is wrong', async () => {
  const file = join(files, 'web.json');
  const said = { name: 'main', image: IMAGE, read_only: true, tmpfs: [{ path: '/tmp', size_mib: 16 }], limits: { cpu_millis: 500, mru_mib: 256 } };
  writeFileSync(file, JSON.stringify({ ...said, user: 'a b' }));
  const wrong = await bot(['deploy', second, '--workload', file], { home, passphrase: null });
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /the workload in the file: user must match pattern/);
  assert.equal((await bot(['deploy', second, '--workload', file, '--image', IMAGE], { home, passphrase: null })).code, 2);
  writeFileSync(file, JSON.stringify(said));
  await bot(['deploy', second, '--workload', file, '--wait', 'committed'], { home });
  assert.deepEqual(market.grid.reader.get(`contract/${second}`)?.['workloads'], [{ command: [], env: [], ports: [], secrets: [], ...said }]);
});

test('a secret comes from a file or stdin, never from the command; the record has a hash, the same again is the same, and another is not sent', async () => {
  const password = 'hunter2-hunter2';
  const file = join(files, 'password');
  writeFileSync(file, password);
  const words = ['deploy', second, '--image', IMAGE, '--secret', `db-password=@${file}`, '--secret', 'api-token=-', '--secret-env', 'api-token=TOKEN', '--wait', 'committed'];
  const inCommand = await bot(['deploy', second, '--image', IMAGE, '--secret', `db-password=${password}`], { home, passphrase: null });
  assert.equal(inCommand.code, 2);
  assert.match(inCommand.stderr, /stands in the command itself/);
  assert.ok(!inCommand.stderr.includes(password));
  assert.equal((await bot(['deploy', second, '--image', IMAGE, '--secret', 'db-password'], { home, passphrase: null })).code, 2, 'there is nobody to ask');
  await bot(words, { home, input: 'tok-77' });
  const secretsOf = (): unknown => (market.grid.reader.get(`contract/${second}`)?.['workloads'] as { secrets: unknown }[])[0]?.secrets;
  const first = secretsOf() as { name: string; sha256: string; env?: string }[];
  assert.deepEqual(first.map(({ name, env }) => [name, env]), [['db-password', undefined], ['api-token', 'TOKEN']]);
  assert.notEqual(first[0]?.sha256, createHash('sha256').update(password).digest('hex'));
  const again = await bot(words, { home, input: 'tok-77' });
  assert.match(again.stderr, /nothing was recorded/);
  assert.deepEqual(secretsOf(), first);
  const other = await bot(['contract', 'secret', second, 'db-password=-'], { home, input: 'another' });
  assert.equal(other.code, 3);
  assert.match(other.stderr, /not the secret that the contract names[^]*hint: deploy the workload again/);
  assert.deepEqual(await botJson(['contract', 'secret', second, `db-password=@${file}`], { home }), { contract: second, node: market.node.key, sent: ['db-password'] });
  for (const folder of [home, market.seller.home.path]) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const bytes = readFileSync(join(entry.parentPath, entry.name));
      assert.ok(!bytes.includes(password) && !bytes.includes(Buffer.from(password).toString('base64')), `${entry.name} holds the secret`);
    }
  }
});

test('a file of workloads names secrets that flags give', async () => {
  const file = join(files, 'two.json');
  const one = (name: string, secrets: object[]): object => ({ name, image: IMAGE, secrets });
  writeFileSync(file, JSON.stringify({ workloads: [one('main', [{ name: 'shared' }]), one('side', [{ name: 'shared', env: 'KEY' }])] }));
  const missing = await bot(['deploy', second, '--workload', file], { home });
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /the secret shared of workload main is missing[^]*hint: --secret shared=@FILE/);
  assert.match((await bot(['deploy', second, '--workload', file, '--secret', 'other=-'], { home, input: 'x' })).stderr, /no workload lists the secret other/);
  await bot(['deploy', second, '--workload', file, '--secret', 'shared=-', '--wait', 'committed'], { home, input: 'x' });
  const [main, side] = market.grid.reader.get(`contract/${second}`)?.['workloads'] as { secrets: { sha256: string; env?: string }[] }[];
  assert.match(main?.secrets[0]?.sha256 ?? '', /[1-9a-f]/);
  assert.deepEqual(side?.secrets, [{ ...main?.secrets[0], env: 'KEY' }]);
});

test('not in time exits 8, a failed workload exits 1; both with the id on stdout', async () => {
  const late = await bot(['reserve', '--cpu', '1', '--for', '1h', '--name', 'late', '--timeout', '1s'], { home });
  assert.equal(late.code, 8);
  assert.match(late.stdout, /^[0-9a-f]{40}\n$/);
  const [failed] = await Promise.all([bot(['reserve', '--cpu', '1', '--for', '1h', '--name', 'broken', '--image', IMAGE, '--json'], { home }), playNode('broken', 'failed')]);
  assert.equal(failed.code, 1);
  assert.equal(failed.json<Reserved>().state, 'failed');
  assert.match(failed.stderr, /no such image/);
});

test('at a terminal the price is asked, and "no" changes nothing', async () => {
  const words = ['reserve', '--cpu', '1', '--for', '1h', '--name', 'asked', '--wait', 'committed'];
  const no = await terminal(words, { home }, [[/Reserve this for 0\.0050000 TFT\?/, 'n\r']]);
  assert.equal(no.code, 2, no.screen);
  const yes = await terminal(words, { home }, [[/Reserve this for/, 'y\r']]);
  assert.equal(yes.code, 0, yes.screen);
  assert.match(yes.screen, /contract +[0-9a-f]{40}/);
});

test('a draft with two more signers is committed by whoever signs last', async () => {
  const others = [tempHome(), tempHome()];
  for (const [i, other] of others.entries()) {
    await botJson(['identity', 'create', '--name', `signer-${i}`], { home: other });
    await botJson(['grid', 'join', market.url], { home: other });
    await botJson(['quote', '--cpu', '1'], { home: other });
  }
  const path = join(files, 'big.draft.json');
  const words = ['reserve', '--cpu', '1', '--for', '1h', '--name', 'big', '--signer', 'signer-0', '--signer', 'signer-1', '--draft', path];
  const draft = await botJson<Reserved>(words, { home });
  assert.equal(draft.state, 'draft');
  assert.equal(draft.missing?.length, 2);
  assert.equal((await botJson<Reserved>(words, { home })).contract, draft.contract);

  const silent = await bot(['sign', path], { home: others[0] ?? '' });
  assert.equal(silent.code, 2);
  assert.match(silent.stderr, /--yes/);
  assert.match(silent.stderr, /1 vCPU, 1 GiB memory, for 1 hour/);
  const first = await botJson<{ state: string; missing: string[] }>(['sign', path, '--yes'], { home: others[0] ?? '' });
  assert.deepEqual([first.state, first.missing.length], ['signed', 1]);
  const stranger = tempHome();
  await botJson(['identity', 'create'], { home: stranger });
  await botJson(['grid', 'join', market.url], { home: stranger });
  assert.equal((await bot(['sign', path, '--yes'], { home: stranger })).code, 3);
  const last = await botJson<{ state: string; missing: string[]; receipt: string }>(['sign', path, '--yes'], { home: others[1] ?? '' });
  assert.deepEqual([last.state, last.missing], ['committed', []]);
  assert.ok(existsSync(last.receipt));
  assert.equal((await botJson<{ state: string }>(['sign', path, '--yes'], { home: others[0] ?? '' })).state, 'committed');
  assert.equal((await botJson<Reserved>([...words, '--wait', 'committed'], { home })).contract, draft.contract);

  const copy = JSON.parse(readFileSync(path, 'utf8')) as { payload: string; signatures: unknown[] };
  const dearer = Buffer.from(copy.payload, 'base64').toString('utf8').replace('"order":"big"', '"order":"bog"');
  writeFileSync(join(files, 'dearer.json'), JSON.stringify({ ...copy, payload: Buffer.from(dearer).toString('base64'), signatures: [] }));
  const otherTerms = await bot(['sign', join(files, 'dearer.json'), '--yes'], { home });
  assert.equal(otherTerms.code, 3);
  assert.match(otherTerms.stderr, /in the book with other terms/);

  const forged = JSON.parse(readFileSync(path, 'utf8')) as { signatures: { sig: string }[] };
  for (const signature of forged.signatures) signature.sig = `${signature.sig.startsWith('A') ? 'B' : 'A'}${signature.sig.slice(1)}`;
  writeFileSync(join(files, 'forged.json'), JSON.stringify(forged));
  assert.equal((await bot(['sign', join(files, 'forged.json')], { home })).code, 7);
});

test('--yes signs away no more of one\'s own money than the limit allows', async () => {
  const path = join(files, 'dear.draft.json');
  const words = ['reserve', '--cpu', '1', '--for', '200d', '--name', 'dear', '--signer', 'signer-0', '--draft', path];
  await botJson([...words, '--max-total', '50'], { home });
  const unsigned = JSON.parse(readFileSync(path, 'utf8')) as object;
  writeFileSync(path, JSON.stringify({ ...unsigned, signatures: [] }));
  const over = await bot(['sign', path, '--yes'], { home });
  assert.equal(over.code, 3, over.stderr);
  assert.match(over.stderr, /give --max-total 24/);
  assert.equal((await botJson<{ state: string }>(['sign', path, '--max-total', '24'], { home })).state, 'signed');
});

test('a farm that is away exits 6, and nothing is paid', async () => {
  const { escrowed } = await botJson<{ escrowed: string }>(['wallet', 'show'], { home });
  await market.stop();
  const away = await bot(['reserve', '--cpu', '1', '--for', '1h'], { home });
  assert.equal(away.code, 6);
  assert.equal(away.stdout, '');
  await market.start();
  await botJson(['grid', 'join', market.url], { home });
  assert.equal((await botJson<{ escrowed: string }>(['wallet', 'show'], { home })).escrowed, escrowed);
});
