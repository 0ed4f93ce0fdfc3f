// Carrying a task out: step by step, each noted when it is done, so that it goes on where it was broken off; then the checks.
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../base/clock.js';
import { isProblem, messageOf, Problem } from '../../base/errors.js';
import { CHECK_MS, LEFT_RUNNING_MS } from '../../base/limits.js';
import type { HttpCheck, TaskCheck, TaskStep, TcpCheck } from '../../schema/types.js';
import { expectedIn, valuesIn, type Finding } from './expect.js';
import { textWith, wordsWith, type Values } from './task.js';

/** What carrying out needs. */
export interface Performing {
  /** Runs a 3bot command and gives the JSON that it prints. @throws what the command throws */
  readonly command: (words: readonly string[]) => Promise<unknown>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told of every step as it goes. */
  readonly onStep: (step: StepNews) => void;
}

/** Where a step is. `left`: a person is to leave `words` running. */
export interface StepNews {
  /** 1, 2, … */
  readonly step: number;
  readonly state: 'begun' | 'done' | 'skipped' | 'left' | 'waiting';
  readonly say: string;
  readonly words: readonly string[];
  /** Of one that is waited for: why it is not done yet. */
  readonly why: string | null;
}

/** How far a task is: what outlives a break. */
export interface Done {
  /** Steps that are done. */
  readonly steps: number;
  /** Inputs, and what steps have saved. */
  readonly values: Values;
}

/**
 * Does the steps that are not done yet.
 * @param note keeps how far it is, before the next step begins
 * @throws Problem of the step that failed
 */
export async function perform(steps: readonly TaskStep[], done: Done, parts: Performing, note: (done: Done) => void): Promise<Values> {
  let { values } = done;
  for (const [i, step] of steps.entries()) {
    if (i < done.steps) continue;
    parts.signal.throwIfAborted();
    values = await one(step, i + 1, values, parts);
    note({ steps: i + 1, values });
  }
  return values;
}

async function one(step: TaskStep, number: number, values: Values, parts: Performing): Promise<Values> {
  // What is left out may name what no step has saved.
  if (step.when !== undefined && isNo(textWith(step.when, values))) return values;
  const words = wordsWith(step.run, values);
  const say = (state: StepNews['state'], what: readonly string[] = words, why: string | null = null): void => parts.onStep({ step: number, state, say: textWith(step.say, values), words: what, why });
  if (step.unless !== undefined && (await isWell(wordsWith(step.unless, values), parts))) return skipped(say, values);
  if (step.leave !== undefined) say('left', wordsWith(step.leave, values));
  say('begun');
  const json = step.until === undefined && step.leave === undefined ? await parts.command(words) : await awaited(step, words, parts, (why) => say('waiting', words, why));
  say('done');
  return new Map([...values, ...Object.entries(step.save ?? {}).map(([name, at]): [string, string] => [name, saved(json, name, at)])]);
}

/** What `when` says where a step is left out. */
export function isNo(text: string): boolean {
  return text === '' || text === 'false';
}

function skipped(say: (state: 'skipped') => void, values: Values): Values {
  say('skipped');
  return values;
}

function saved(json: unknown, name: string, at: string): string {
  const [value] = valuesIn(json, at);
  if (value === undefined) throw new Problem('failed', `the command says nothing at ${at}, which is ${name} for the next ones`, { reason: 'recipe' });
  return value;
}

async function isWell(words: readonly string[], { command }: Performing): Promise<boolean> {
  try {
    await command(words);
    return true;
  } catch (thrown) {
    if (!isProblem(thrown) || thrown.code === 'interrupted') throw thrown;
    return false;
  }
}

/** Asks until what is expected is there. @throws Problem `not_ready` when it takes too long */
async function awaited({ until }: TaskStep, words: readonly string[], { command, clock, signal }: Performing, onWait: (why: string) => void): Promise<unknown> {
  const end = clock() + LEFT_RUNNING_MS;
  for (let said = ''; ; ) {
    let why: string;
    try {
      const json = await command(words);
      const found = until === undefined ? { holds: true, evidence: '' } : expectedIn(json, until);
      if (found.holds) return json;
      why = found.evidence;
    } catch (thrown) {
      if (!isProblem(thrown) || thrown.code === 'interrupted') throw thrown;
      why = thrown.message;
    }
    if (clock() >= end) throw new Problem('not_ready', `not there after ${LEFT_RUNNING_MS / 60_000} minutes: ${why}`, { reason: 'task' });
    if (why !== said) onWait(why);
    said = why;
    await pause(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** Between two looks at what is waited for. */
const LOOK_EVERY_MS = 300;
/** Longest that one try of a check takes. */
const TRY_MS = 5_000;

/** A check, and what was seen. */
export interface Checked extends Finding {
  readonly what: string;
}

/**
 * Sees whether it works. What does not yet is tried again for a while, since a service may take a moment.
 * @returns every check, in order, whether it holds or not
 */
export async function check(checks: readonly TaskCheck[], values: Values, parts: Performing): Promise<Checked[]> {
  const found: Checked[] = [];
  for (const one of checks) found.push({ what: textWith(one.what, values), ...(await settled(one, values, parts)) });
  return found;
}

async function settled(wanted: TaskCheck, values: Values, parts: Performing): Promise<Finding> {
  for (const end = parts.clock() + CHECK_MS; ; ) {
    const found = await look(wanted, values, parts).catch((thrown: unknown): Finding => {
      if (parts.signal.aborted || isProblem(thrown, 'interrupted')) throw thrown;
      return { holds: false, evidence: messageOf(thrown) };
    });
    if (found.holds || parts.clock() >= end) return found;
    await pause(LOOK_EVERY_MS, undefined, { signal: parts.signal });
  }
}

async function look({ run, expect, url, http, tcp }: TaskCheck, values: Values, parts: Performing): Promise<Finding> {
  if (url !== undefined) return answers(textWith(url, values), parts.signal);
  if (http !== undefined) return everywhere(await placesOf(http, values, parts), (place) => answers(`http://${place.join(':')}${textWith(http.path ?? '/', values)}`, parts.signal));
  if (tcp !== undefined) return everywhere(await placesOf(tcp, values, parts), (place) => connects(place, parts.signal));
  const json = await parts.command(wordsWith(run ?? [], values));
  return expect === undefined ? { holds: true, evidence: `3bot ${(run ?? [])[0] as string}: well` } : expectedIn(json, expect);
}

/** What `blueprint show` says of a service. */
interface Shown {
  readonly parts: readonly { readonly services: readonly { readonly name: string; readonly url: string | null; readonly ports: readonly { readonly container: number; readonly host: number }[] }[] }[];
}

type Place = readonly [host: string, port: number];

/** Host and port of every copy of a service of the order. @throws Problem `not_ready` where one is not known yet */
async function placesOf({ service, port }: HttpCheck | TcpCheck, values: Values, { command }: Performing): Promise<Place[]> {
  const { parts } = (await command(['blueprint', 'show', values.get('order') ?? ''])) as Shown;
  const wanted = Number(textWith(port, values));
  const copies = parts.flatMap(({ services }) => services.filter(({ name }) => name === service));
  const places = copies.flatMap(({ url, ports }) => ports.flatMap(({ container, host }): Place[] => (url !== null && container === wanted ? [[new URL(url).hostname, host]] : [])));
  if (places.length === 0 || places.length < copies.length) throw new Problem('not_ready', `nothing says where port ${wanted} of ${service} is reached`, { reason: 'task' });
  return places;
}

/** Whether each place is well; the first that is not is the evidence. */
async function everywhere(places: readonly Place[], look: (place: Place) => Promise<Finding>): Promise<Finding> {
  const found = await Promise.all(places.map(look));
  return found.find(({ holds }) => !holds) ?? { holds: true, evidence: found.map(({ evidence }) => evidence).join('; ') };
}

async function answers(url: string, signal: AbortSignal): Promise<Finding> {
  const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(TRY_MS)]), redirect: 'manual' });
  await answer.body?.cancel();
  return { holds: answer.status < 400, evidence: `${url}: ${answer.status}` };
}

function connects([host, port]: Place, signal: AbortSignal): Promise<Finding> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal, timeout: TRY_MS });
    socket.once('connect', () => resolve({ holds: true, evidence: `${host}:${port} takes connections` }));
    socket.once('timeout', () => reject(new Error(`${host}:${port} does not answer`)));
    socket.once('error', reject);
    for (const event of ['connect', 'timeout', 'error']) socket.once(event, () => socket.destroy());
  });
}
