// A thread that asks another bot while the one that reads waits for it (ask.ts).
import { workerData, type MessagePort } from 'node:worker_threads';
import { isProblem, messageOf, Problem } from '../../base/errors.js';
import { MAX_ROWS } from '../../base/limits.js';
import { whereOf, type Query } from '../../bcdb/query.js';
import { expressionText } from '../../bcdb/query/expression.js';
import { Client } from '../client.js';
import type { Answers, AskData, Question } from './ask.js';

/** Proofs that are fetched side by side. */
const AT_ONCE = 16;

const { url, grid, flag, port } = workerData as AskData & { port: MessagePort };
const client = new Client({ url });

port.on('message', (question: Question) => {
  void answer(question).then((said) => {
    port.postMessage(said);
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  });
});

async function answer(question: Question): Promise<unknown> {
  try {
    return { value: await ask(question) };
  } catch (thrown) {
    if (!isProblem(thrown)) return { problem: { code: 'failed', message: messageOf(thrown) } };
    const { code, message, reason, hint } = thrown;
    return { problem: { code, message, reason, hint } };
  }
}

function ask(question: Question): Promise<Answers[keyof Answers]> {
  switch (question.what) {
    case 'states':
      return states(question.ids, question.from);
    case 'ids':
      return client.objects(grid, question.prefix).then(idsOf);
    case 'records':
      return records(question.wanted);
    case 'receipt':
      return client.receipt(grid, question.record);
    case 'trust':
      return client.trust(grid);
  }
}

/** @param answer hostile */
function idsOf(answer: unknown): string[] {
  const { objects } = answer as { objects?: unknown };
  if (!Array.isArray(objects)) throw new Problem('unreachable', `${url} answers with no list of objects`, { reason: 'nonsense' });
  return objects.map((one: { id?: unknown } | null) => String(one?.id));
}

/** As `query` on a copy: newest first, `next` the line before which to go on. */
async function records({ before, limit = MAX_ROWS, ...asked }: Query): Promise<Answers['records']> {
  const where = whereOf(asked);
  const query = [...(where === null ? [] : [expressionText(where)]), ...(before === undefined ? [] : [`index < ${before}`])].join(' and ');
  for (let after: string | undefined; ; ) {
    const { records: found, next } = await client.query(grid, { query, limit, ...(after === undefined ? {} : { after }) });
    // An answer may be short, or empty, and go on.
    if (next === null || found.length > 0) return { records: found, next: next === null ? null : (found.at(-1)?.index ?? null) };
    after = next;
  }
}

async function states(ids: readonly string[], from: number): Promise<Answers['states']> {
  const proofs: Answers['states'] = [];
  for (let next = 0; next < ids.length; next += AT_ONCE) {
    proofs.push(...(await Promise.all(ids.slice(next, next + AT_ONCE).map((id) => client.state(grid, id, from)))));
  }
  return proofs;
}
