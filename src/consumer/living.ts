// How a workload is to live, from what a person types: restarts, health, how it is stopped.
import { parseDuration } from '../base/duration.js';
import { Problem } from '../base/errors.js';
import type { HealthCheck, Restart, Stop } from '../schema/types.js';
import { splitWords } from './commandline.js';

/** What a policy is where only its name is said: ten ends within an hour are a crash loop, which takes a quarter of an hour. */
const RESTART: Omit<Restart, 'policy'> = { attempts: 10, interval_ms: 3_600_000, delay_ms: 1_000 };
/** What a check is where only its kind is said. */
const HEALTH = { start_ms: 30_000, interval_ms: 10_000, timeout_ms: 5_000, retries: 3 };
const SIGNALS: readonly Stop['signal'][] = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'];

/** How it is stopped where half of it is said. */
const STOP: Stop = { signal: 'SIGTERM', grace_ms: 10_000 };

/** What flags leave unsaid, by the field of a workload: a file may leave it out as well. */
export const LIVING_DEFAULTS = { restart: RESTART, health: HEALTH, stop: STOP } as const;

/** `never`, `on-failure` or `always`. @throws Problem `usage` */
export function parseRestart(text: string): Restart {
  if (text !== 'never' && text !== 'on-failure' && text !== 'always') throw new Problem('usage', `not a restart policy: --restart ${JSON.stringify(text.slice(0, 100))}`, { hint: 'never (a batch: its exit code is recorded), on-failure or always' });
  return { policy: text, ...RESTART };
}

/**
 * `http:80/path`, `tcp:5432`, or a command that is run within the workload.
 * @throws Problem `usage`
 */
export function parseHealth(text: string): HealthCheck {
  const [, type, number = '', path] = /^(http|tcp):([0-9]{1,5})(\/.*)?$/.exec(text) ?? [];
  if (type === undefined && /^(https?|tcp):/.test(text)) throw new Problem('usage', `not a health check: --health ${JSON.stringify(text.slice(0, 100))}`, { hint: 'http:80/healthz, tcp:5432, or a command' });
  if (type === undefined) return { type: 'command', command: splitWords(text, '--health'), ...HEALTH };
  const port = Number(number);
  if (type === 'http') return { type, port, path: path ?? '/', ...HEALTH };
  if (path !== undefined) throw new Problem('usage', '--health tcp:PORT has no path', { hint: `http:${port}${path}` });
  return { type: 'tcp', port, ...HEALTH };
}

/** How it is asked to end, and how long it gets; undefined where neither is said. @throws Problem `usage` */
export function parseStop(signal: string | undefined, grace: string | undefined): Stop | undefined {
  if (signal === undefined && grace === undefined) return undefined;
  const name = SIGNALS.find((one) => one === signal?.toUpperCase() || one === `SIG${signal?.toUpperCase()}`);
  if (signal !== undefined && name === undefined) throw new Problem('usage', `not a signal to stop with: --stop-signal ${JSON.stringify(signal.slice(0, 100))}`, { hint: SIGNALS.join(', ') });
  return { signal: name ?? STOP.signal, grace_ms: grace === undefined ? STOP.grace_ms : /^0[a-z]*$/.test(grace) ? 0 : parseDuration(grace) };
}
