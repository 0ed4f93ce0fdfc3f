// The crash table of a deal. Whatever dies or is lost between any two effects, everything is started again, the same
// command is run again, and then: one contract, all money there, one workload that was begun once.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { PASSPHRASE, poll, startBot } from '../script.js';
import { CrashGrid, type Reserved, type Who } from './grid.js';
import type { Loss } from './proxy.js';

let grid: CrashGrid;
before(async () => void (grid = await CrashGrid.start()));
after(() => grid[Symbol.asyncDispose]());

/** Each row is a deal of its own, told from the others by its term. */
let hours = 24;

/** The effects of a deal in their order, and who carries each out. */
const EFFECTS: readonly (readonly [title: string, who: Who, name: string])[] = [
  ['order written', 'consumer', 'order_written'],
  ['farmer signed', 'farmer', 'farmer_signed'],
  ['consumer signed', 'consumer', 'order_signed'],
  ['committed', 'home', 'committed'],
  ['receipt kept', 'consumer', 'receipt_kept'],
  ['container started', 'node', 'container_started'],
];

async function check({ contract, receipt, state }: Reserved): Promise<void> {
  assert.equal(state, 'ready');
  await grid.check(contract, hours, receipt);
}

/** The same command again, until it is done. */
async function finish(args: readonly string[]): Promise<void> {
  await check(await grid.settle(args));
}

test('undisturbed', async () => {
  const args = grid.deal((hours += 1));
  await finish(args);
});

describe('kill -9 of the one who acts', () => {
  for (const [title, who, name] of EFFECTS) {
    for (const when of ['before', 'after'] as const) {
      test(`${when} "${title}" (${who})`, async () => {
        const args = grid.deal((hours += 1));
        const env = { THREEBOT_TEST_KILL: `${name}:${when}` };
        if (who === 'consumer') {
          const run = await grid.attempt(args, env);
          assert.equal(run.code, null, `it was to be killed: ${run.stderr}`);
          assert.equal(run.stdout, '');
        } else {
          await grid.kill(who);
          await grid.up(who, env);
          const [run] = await Promise.all([grid.attempt(args), grid.revive(who)]);
          assert.ok(run.code === 0 || run.code === 6, `exit ${run.code}: ${run.stderr}`);
          // Told of its contract, the same words would mean another one.
          if (run.code === 0) return check(run.json());
        }
        await finish(args);
      });
    }
  }
});

describe('kill -9 of everybody else', () => {
  for (const [title, who, name] of EFFECTS) {
    test(`after "${title}" (${who})`, async () => {
      const args = grid.deal((hours += 1));
      const env = { THREEBOT_TEST_KILL: `${name}:after:SIGSTOP` };
      if (who !== 'consumer') {
        await grid.kill(who);
        await grid.up(who, env);
      }
      await using consumer = startBot(args, { ...grid.homes.consumer, env: who === 'consumer' ? env : {} });
      const actor = who === 'consumer' ? consumer : grid.running.get(who);
      const pid = await grid.stopped(actor?.child.pid);
      const others = (['home', 'farmer', 'node'] as const).filter((other) => other !== who);
      for (const other of others) await grid.kill(other);
      if (who !== 'consumer') await consumer.stop('SIGKILL');
      process.kill(pid, 'SIGCONT');
      await Promise.all(others.map((other) => grid.up(other)));
      if (who === 'consumer' && (await poll('its end', () => consumer.child.exitCode ?? undefined)) === 0) await check(JSON.parse(consumer.stdout()) as Reserved);
      else await finish(args);
    });
  }
});

describe('a lost message', () => {
  // Once is made good within the command, where it asks again by itself; after twice it gives up, and is run again.
  const HOPS: readonly (readonly [title: string, hop: keyof CrashGrid['proxies'], loss: Omit<Loss, 'what'>])[] = [
    ['the request for an offer', 'consumer_farmer', { of: /^POST \/v1\/talk/, times: 1 }],
    ['the acceptance', 'consumer_farmer', { of: /^POST \/v1\/talk/, skip: 1, times: 1 }],
    ['the acceptance, twice', 'consumer_farmer', { of: /^POST \/v1\/talk/, skip: 1, times: 2 }],
    ['the agreement on its way into the book', 'consumer_home', { of: /^POST .*\/records$/, times: 1 }],
    ['the agreement on its way into the book, twice', 'consumer_home', { of: /^POST .*\/records$/, times: 2 }],
    ['the lines that the consumer follows', 'consumer_home', { of: /^GET .*\/lines/, skip: 1, times: 1 }],
    ['"held" of the node', 'node_home', { of: /^POST .*\/records$/, times: 1 }],
    ['"running" of the node', 'node_home', { of: /^POST .*\/records$/, skip: 1, times: 1 }],
  ];
  for (const [title, hop, loss] of HOPS) {
    // What never arrived changed nothing: where the sender asks again by itself, once shows that.
    for (const what of ['request', 'reply'] as const) {
      if (what === 'request' && (loss.times > 1 || hop === 'node_home')) continue;
      test(`${title}: ${what === 'reply' ? 'what is answered' : 'what is asked'}`, async () => {
        const args = grid.deal((hours += 1));
        const proxy = grid.proxies[hop];
        const before = proxy.lost;
        proxy.loss = { ...loss, what };
        await finish(args);
        assert.equal(proxy.lost - before, loss.times);
      });
    }
  }
});

test('no secret is in the environment of anything that these processes have started', () => {
  const children = grid.children();
  assert.ok(children.length > EFFECTS.length * 2, 'agent, supervisors and workloads were found');
  for (const { command, environ } of children) assert.ok(!environ.includes(PASSPHRASE) && !environ.includes('THREEBOT_PASSPHRASE'), command);
});
