// Witnesses as people run them: processes of their own, one of which dies at the worst moment.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bot, botJson, poll, startBot, tempHome, type Running, type RunOptions } from '../script.js';

/** Starts to serve; gives the address too. */
async function serve(options: RunOptions, listen = '127.0.0.1:0'): Promise<{ running: Running; url: string }> {
  const running = startBot(['serve', '--listen', listen, '--json'], options);
  const [line] = await running.until(/^\{.*\}$/m);
  return { running, url: (JSON.parse(line) as { url: string }).url };
}

test('a grid whose witness is killed between its note and its answer, and goes on when that is back', async () => {
  const [watcher, alice, bob] = [{ home: tempHome() }, { home: tempHome() }, { home: tempHome() }];
  const made = await bot(['witness', 'create', 'watcher', '--key-name', 'watcher.example/w'], watcher);
  assert.match(made.stdout, /^watcher\.example\/w\+[0-9a-f]{8}\+B[A-Za-z0-9+/=]+\n$/);
  const again = await bot(['witness', 'create', 'watcher'], watcher);
  assert.equal(again.code, 2, again.stderr);

  const first = await serve(watcher);
  await using _first = first.running;
  const { policy } = await botJson<{ policy: string }>(['witness', 'show', 'watcher', '--url', first.url], watcher);
  assert.equal(policy, `witness watcher ${made.stdout.trim()} ${first.url}/witness/watcher`);
  const file = join(alice.home, '..', 'policy');
  writeFileSync(file, `# who watches\n${policy}\nquorum watcher\n`);

  await botJson(['identity', 'create', '--name', 'alice'], alice);
  const grid = await botJson<{ id: string; log_key: string; committed: boolean }>(['grid', 'create', 'valley', '--dev', '--witnesses', file], alice);
  assert.equal(grid.committed, false, 'the witness does not know its log');
  const early = await bot(['wallet', 'faucet'], alice);
  assert.deepEqual([early.code, /recorded, but not committed: .*watcher (answers 404|did not answer in time)/.test(early.stderr)], [6, true], early.stderr);
  await botJson(['witness', 'trust', 'watcher', grid.log_key], watcher);

  // Noted, not answered: SIGKILL in between.
  await first.running.stop();
  const at = first.url.replace('http://', '');
  const dying = await serve({ ...watcher, env: { THREEBOT_TEST_KILL: 'witness_noted:after' } }, at);
  await using _dying = dying.running;
  const home = await serve(alice);
  await using _home = home.running;
  const shown = await botJson<{ size: number; committed: number }>(['grid', 'show'], alice);
  assert.deepEqual([shown.size > 0, shown.committed], [true, 0]);
  const joined = await bot(['grid', 'join', home.url, '--genesis', grid.id], bob);
  assert.notEqual(joined.code, 0, 'nothing is committed yet');
  const { logs } = await botJson<{ logs: { size: number }[] }>(['witness', 'show', 'watcher'], watcher);
  assert.equal(logs[0]?.size, shown.size, 'it had noted what it never told');

  const back = await serve(watcher, at);
  await using _back = back.running;
  // Whoever reads at the home has it ask its witnesses again, which it waits for no longer than a few seconds.
  const after = await poll('the quorum', async () => {
    await botJson(['wallet', 'show'], alice);
    const now = await botJson<{ size: number; committed: number; witnesses: { name: string; cosigned: string | null }[] }>(['grid', 'show'], alice);
    return now.committed > 0 && now;
  });
  assert.deepEqual([after.committed, after.witnesses.map(({ name, cosigned }) => [name, cosigned !== null])], [after.size, [['watcher', true]]]);
  await botJson(['grid', 'join', home.url, '--genesis', grid.id], bob);
  const receipt = join(bob.home, '..', 'genesis.tlog-proof');
  await botJson(['receipt', 'get', '0', '--out', receipt], bob);
  assert.equal((await botJson<{ ok: boolean }>(['receipt', 'verify', receipt], bob)).ok, true);
  assert.deepEqual((await botJson<{ witness: string; audits: boolean; logs: unknown[] }[]>(['witness', 'list'], watcher)).map(({ witness, audits, logs: known }) => [witness, audits, known.length]), [['watcher', false, 1]]);
});

test('an auditing witness needs to know where the lines are, and takes no key of a witness for that of a log', async () => {
  const watcher = { home: tempHome() };
  const { vkey } = await botJson<{ vkey: string }>(['witness', 'create', 'auditor', '--audit'], watcher);
  const log = 'example.com/log+5bd3df31+AWJKfSuTuRZaQpqMz3DLUGdbu84Nhfzm/TJv+nIxyyMV';
  for (const [what, code] of [[vkey, 2], [log, 2], ['no-grid', 5], ['http://127.0.0.1:1', 6]] as const) {
    const run = await bot(['witness', 'trust', 'auditor', what], watcher);
    assert.equal(run.code, code, `${what}: ${run.stderr}`);
  }
  assert.equal((await bot(['witness', 'create', 'other', '--key-name', 'not a name'], watcher)).code, 2);
  assert.equal((await bot(['witness', 'show', 'nobody'], watcher)).code, 5);
  const nobody = await bot(['witness', 'trust', 'nobody', log], watcher);
  assert.deepEqual([nobody.code, /no witness named nobody/.test(nobody.stderr)], [5, true], nobody.stderr);
});
