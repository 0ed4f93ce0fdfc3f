// Carrying a task out: in order, resumable after every step, waited for; and what checks say.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { check, perform, type Done, type Performing, type StepNews } from '../../../src/architect/task/perform.js';
import type { Values } from '../../../src/architect/task/task.js';
import { Problem } from '../../../src/base/errors.js';
import type { TaskStep } from '../../../src/schema/types.js';

/** Commands that answer as told, and what was asked. The time passes with each look at it. */
function stage(answer: (words: string) => unknown): Performing & { readonly asked: string[]; readonly news: StepNews[] } {
  const asked: string[] = [];
  const news: StepNews[] = [];
  let now = 0;
  return {
    asked, news, clock: () => (now += 20_000), signal: new AbortController().signal, onStep: (one) => void news.push(one),
    command: async (words) => {
      asked.push(words.join(' '));
      return answer(words.join(' '));
    },
  };
}

const STEPS: TaskStep[] = [
  { say: 'make it', run: ['make', '${name}'], save: { id: 'made.id' } },
  { say: 'only if asked for', run: ['extra', '${nowhere}'], when: '${extra}' },
  { say: 'unless it is there', run: ['add', '${id}'], unless: ['look', '${id}'] },
  { say: 'end', run: ['end', '${id}'] },
];
const BEGIN: Done = { steps: 0, values: new Map([['name', 'web'], ['extra', 'false']]) };

test('steps run one after the other, each with what those before have saved', async () => {
  const parts = stage((words) => {
    if (words.startsWith('look')) throw new Problem('not_found', 'nothing there');
    return { made: { id: 'x1' } };
  });
  const kept: Done[] = [];
  await perform(STEPS, BEGIN, parts, (done) => void kept.push(done));
  assert.deepEqual(parts.asked, ['make web', 'look x1', 'add x1', 'end x1']);
  assert.deepEqual(kept.map(({ steps }) => steps), [1, 2, 3, 4]);
});

test('what is there already is not done again', async () => {
  const parts = stage(() => ({ made: { id: 'x1' } }));
  await perform(STEPS, BEGIN, parts, () => undefined);
  assert.deepEqual(parts.asked, ['make web', 'look x1', 'end x1']);
  assert.deepEqual(parts.news.map(({ step, state }) => `${step} ${state}`), ['1 begun', '1 done', '3 skipped', '4 begun', '4 done']);
});

test('broken off after any step, it goes on with the next one', async () => {
  for (let broken = 1; broken <= STEPS.length; broken += 1) {
    const whole: string[] = [];
    let kept: Done = BEGIN;
    const run = async (limit: number): Promise<void> => {
      const parts = stage((words) => {
        whole.push(words);
        if (words.startsWith('look')) throw new Problem('not_found', 'nothing there');
        return { made: { id: 'x1' } };
      });
      await perform(STEPS, kept, parts, (done) => {
        kept = done;
        if (done.steps === limit) throw new Error('killed');
      });
    };
    await assert.rejects(run(broken), /killed/);
    await run(99);
    assert.deepEqual(whole, ['make web', 'look x1', 'add x1', 'end x1'], `broken off after step ${broken}`);
  }
});

test('what a person leaves running is named, and waited for until it is well', async () => {
  let looks = 0;
  const parts = stage(() => {
    looks += 1;
    if (looks === 1) throw new Problem('unreachable', 'nobody answers');
    return { offers: looks === 2 ? [] : [{ farm: 'sunny' }] };
  });
  await perform([{ say: 'wait', leave: ['serve'], run: ['quote'], until: { at: 'offers[].farm', least: 1 } }], BEGIN, parts, () => undefined);
  assert.deepEqual(parts.news.map(({ state, words, why }) => [state, words.join(' '), why]), [['left', 'serve', null], ['begun', 'quote', null], ['waiting', 'quote', 'nobody answers'], ['waiting', 'quote', 'offers[].farm: nothing'], ['done', 'quote', null]]);
});

test('a wait ends, and says what is missing', async () => {
  const parts = { ...stage(() => ({ state: 'pulling' })), clock: (() => {
    let now = 0;
    return () => (now += 400_000);
  })() };
  await assert.rejects(perform([{ say: 'wait', run: ['show'], until: { at: 'state', is: ['running'] } }], BEGIN, parts, () => undefined), /not there after 10 minutes: state: pulling/);
});

test('a failed step is the end, and nothing after it runs', async () => {
  const parts = stage(() => {
    throw new Problem('refused', 'too little TFT', { reason: 'funds' });
  });
  await assert.rejects(perform(STEPS, BEGIN, parts, () => undefined), /too little TFT/);
  assert.deepEqual(parts.asked, ['make web']);
});

test('checks say what was seen, whether they hold or not; of a service every copy counts', async () => {
  const server = createServer((_, answer) => void answer.end('hello'));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const copy = (host: number): object => ({ services: [{ name: 'web', url: `http://127.0.0.1:${host}`, ports: [{ container: 80, host }] }] });
  const at = (...ports: number[]): Performing => stage((words) => (words === 'blueprint show shop' ? { parts: ports.map(copy) } : { state: 'ended' }));
  const values: Values = new Map([['order', 'shop'], ['port', '80']]);
  const http = { what: 'it answers', http: { service: 'web', port: '${port}' } };
  try {
    assert.deepEqual(await check([http, { what: 'it takes connections', tcp: { service: 'web', port: '80' } }, { what: 'it is over', run: ['contract', 'show'], expect: { at: 'state', is: ['ended'] } }], values, at(port)), [
      { what: 'it answers', holds: true, evidence: `http://127.0.0.1:${port}/: 200` },
      { what: 'it takes connections', holds: true, evidence: `127.0.0.1:${port} takes connections` },
      { what: 'it is over', holds: true, evidence: 'state: ended' },
    ]);
    const [half] = await check([http], values, at(port, 1));
    assert.equal(half?.holds, false, 'one of two copies');
    const [none] = await check([{ what: 'nothing listens', http: { service: 'db', port: '80' } }], values, at(port));
    assert.deepEqual([none?.holds, none?.evidence], [false, 'nothing says where port 80 of db is reached']);
  } finally {
    server.close();
  }
});
