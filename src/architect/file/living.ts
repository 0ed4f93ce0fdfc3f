// How a service is to live: health check, restarts, how it is stopped; each as a workload says it.
import { LIVING_DEFAULTS, parseStop } from '../../consumer/living.js';
import type { HealthCheck, Restart, Stop } from '../../schema/types.js';
import type { Faults } from './faults.js';
import { at, integerAt, knownOnly, oneOf, parsedAt, scalarText, shown, tableAt, textAt, textsOf, truthAt } from './read.js';
import type { Table } from './tree.js';

const SPAN_HINT = 'a span of time: 10s, 1m30s, 500ms';
const UNITS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
/** What Compose takes where the file does not say. */
const HEALTH = { interval_ms: 30_000, timeout_ms: 30_000, retries: 3, start_ms: 0 };

/** ms of Compose's `1m30s`; 0 is a span there. @throws where it is none */
export function parseSpan(text: string): number {
  const parts = [...text.matchAll(/([0-9]{1,9}(?:\.[0-9]{1,3})?)(us|ms|[smh])/g)];
  if (text !== '0' && (parts.length === 0 || parts.map(([part]) => part).join('') !== text)) throw new Error('no span');
  return Math.round(parts.reduce((sum, [, number, unit]) => sum + Number(number) * (UNITS[unit ?? ''] ?? 0), 0));
}

function spanAt(table: Table, name: string, least: number, most: number, faults: Faults): number | undefined {
  const span = parsedAt(table, name, parseSpan, SPAN_HINT, faults);
  if (span === undefined || (span >= least && span <= most)) return span;
  return faults.refuse(at(table, name) ?? table, `not within ${least / 1_000} s and ${most / 1_000} s`, SPAN_HINT);
}

/** The health check of a service; undefined where it has none. */
export function healthOf(service: Table, faults: Faults): HealthCheck | undefined {
  const table = tableAt(service, 'healthcheck', faults);
  if (table === undefined) return undefined;
  knownOnly(table, ['test', 'interval', 'timeout', 'retries', 'start_period', 'start_interval', 'disable'], faults);
  if (truthAt(table, 'disable', faults) === true) return undefined;
  const command = testOf(table, faults);
  if (command === undefined) return undefined;
  return {
    type: 'command', command,
    interval_ms: spanAt(table, 'interval', 1_000, 3_600_000, faults) ?? HEALTH.interval_ms,
    timeout_ms: spanAt(table, 'timeout', 100, 60_000, faults) ?? HEALTH.timeout_ms,
    retries: integerAt(table, 'retries', faults, 1, 100) ?? HEALTH.retries,
    start_ms: spanAt(table, 'start_period', 0, 3_600_000, faults) ?? HEALTH.start_ms,
  };
}

function testOf(table: Table, faults: Faults): string[] | undefined {
  const test = at(table, 'test');
  if (test === undefined) return faults.refuse(table, 'what is checked is missing: the image\'s own check is not used here', 'test: ["CMD", "curl", "-f", "http://localhost"]');
  if (test.kind === 'scalar') return ['/bin/sh', '-c', scalarText(test).trim()];
  const [kind, ...words] = textsOf(test, faults) ?? [];
  if (kind === 'NONE') return undefined;
  if (kind === 'CMD' && words.length > 0) return words;
  if (kind === 'CMD-SHELL' && words.length === 1) return ['/bin/sh', '-c', (words[0] ?? '').trim()];
  return faults.refuse(test, `not a check: ${shown(test)}`, '["CMD", "program", "argument"], ["CMD-SHELL", "one line for sh"] or ["NONE"]');
}

/** What happens when it ends: `restart`, or else `deploy.restart_policy`; undefined where neither says. */
export function restartOf(service: Table, deploy: Table | undefined, faults: Faults): Restart | undefined {
  const said = at(service, 'restart');
  const policy = deploy === undefined ? undefined : tableAt(deploy, 'restart_policy', faults);
  if (policy !== undefined) return policyOf(policy, faults);
  if (said === undefined) return undefined;
  const { restart } = LIVING_DEFAULTS;
  const [, word, attempts] = /^(no|false|always|unless-stopped|on-failure)(?::([0-9]{1,3}))?$/.exec(said.kind === 'scalar' ? scalarText(said) : '') ?? [];
  const isCounted = attempts !== undefined;
  if (word === undefined || (isCounted && (word !== 'on-failure' || Number(attempts) < 1 || Number(attempts) > 100))) return faults.refuse(said, `not a restart policy: ${shown(said)}`, 'no, always, unless-stopped, on-failure, or on-failure:5 with at most 100');
  return { ...restart, policy: word === 'on-failure' ? word : word === 'no' || word === 'false' ? 'never' : 'always', ...(isCounted ? { attempts: Number(attempts) } : {}) };
}

function policyOf(policy: Table, faults: Faults): Restart {
  knownOnly(policy, ['condition', 'delay', 'max_attempts', 'window'], faults);
  const { restart } = LIVING_DEFAULTS;
  const condition = oneOf(policy, 'condition', ['any', 'on-failure', 'none'], faults) ?? 'any';
  return {
    policy: condition === 'any' ? 'always' : condition === 'none' ? 'never' : 'on-failure',
    attempts: integerAt(policy, 'max_attempts', faults, 1, 100) ?? restart.attempts,
    interval_ms: spanAt(policy, 'window', 1_000, 86_400_000, faults) ?? restart.interval_ms,
    delay_ms: Math.max(100, spanAt(policy, 'delay', 0, 3_600_000, faults) ?? restart.delay_ms),
  };
}

/** How it is asked to end; undefined where the file does not say. */
export function stopOf(service: Table, faults: Faults): Stop | undefined {
  const grace = spanAt(service, 'stop_grace_period', 0, 600_000, faults);
  const signal = textAt(service, 'stop_signal', faults);
  if (grace === undefined && signal === undefined) return undefined;
  try {
    const stop = parseStop(signal, undefined) ?? LIVING_DEFAULTS.stop;
    return { ...stop, ...(grace === undefined ? {} : { grace_ms: grace }) };
  } catch {
    return faults.refuse(at(service, 'stop_signal') ?? service, 'not a signal to stop with', 'SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2 or SIGWINCH');
  }
}
