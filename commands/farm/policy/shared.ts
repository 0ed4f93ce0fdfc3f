// The policy as flags, and as it is shown.
import type { Command } from 'commander';
import { formatTft, parseTft } from '../../../src/base/amount.js';
import { formatDuration, parseDuration } from '../../../src/base/duration.js';
import { Problem } from '../../../src/base/errors.js';
import { formatPercent, parsePercent } from '../../../src/capacity/percent.js';
import type { WholePolicy } from '../../../src/farmer/policy/policy.js';
import type { PriceStep } from '../../../src/schema/types.js';

/** Flags of `set`; lists stand in place of the present ones. */
export interface PolicyOptions {
  allow?: string[];
  deny?: string[];
  allowImage?: string[];
  denyImage?: string[];
  allowRegistry?: string[];
  minTerm?: number;
  maxTerm?: number;
  minTotal?: bigint;
  maxShare?: number;
  priceSteps?: PriceStep[];
  priceStepsOf?: 'farm' | 'node';
  floor?: number;
  ceiling?: number;
  notice?: number;
  retention?: number;
  meter?: string[];
  script?: string[];
  scriptFallback?: 'decline' | 'built_in';
  reset?: true;
}

/** Adds the flags. */
export function policyOptions(command: Command): Command {
  return command
    .option('--allow <bots>', 'sell to these alone: names, did:key:… or keys with commas between; none: to anybody', list)
    .option('--deny <bots>', 'never sell to these; none: to anybody', list)
    .option('--allow-image <patterns>', 'run these images alone, as docker.io/library/*,ghcr.io/me/app@sha256:…; none: any', list)
    .option('--deny-image <patterns>', 'never run these', list)
    .option('--allow-registry <hosts>', 'private registries that images may come from', list)
    .option('--min-term <duration>', 'the shortest term', parseDuration)
    .option('--max-term <duration>', 'the longest term', parseDuration)
    .option('--min-total <tft>', 'the smallest deal, by its whole price', parseTft)
    .option('--max-share <percent>', 'the largest part of a node for one buyer', part(1, 100))
    .option('--price-steps <list>', 'prices by how much of the compute is sold, as 80%=+20%,95%=+50%; none: as published', parseSteps)
    .option('--price-steps-of <what>', 'of the whole farm, or of the node', oneOf('farm', 'node'))
    .option('--floor <percent>', 'how far prices may go down for a buyer who names one, and for your script', part(1, 100))
    .option('--ceiling <percent>', 'how far your script may raise them', part(100, 1_000))
    .option('--notice <duration>', 'how long before the end you say that you end a contract early; 0: you never do', orZero)
    .option('--retention <duration>', 'the longest that data is kept after the end', orZero)
    .option('--meter <bots>', 'third bots that may confirm time; none: your nodes alone', list)
    .option('--script <command>', 'a program of yours that has the last word: its absolute path and arguments, as "/opt/policy.py --strict"; none takes it out', words)
    .option('--script-fallback <what>', 'what holds where its answer does not count: decline (busy), or built_in, as if there were no script', oneOf('decline', 'built_in'))
    .option('--reset', 'begin from how it is where nothing was set');
}

const list = (text: string): string[] => (text === 'none' ? [] : text.split(',').filter((one) => one !== ''));
const words = (text: string): string[] => (text === 'none' ? [] : text.split(' ').filter((one) => one !== ''));
const orZero = (text: string): number => (/^0[smhdw]?$/.test(text) ? 0 : parseDuration(text));

function oneOf<T extends string>(...allowed: T[]): (text: string) => T {
  return (text) => {
    const found = allowed.find((one) => one === text);
    if (found === undefined) throw new Problem('usage', `not ${allowed.join(' or ')}: ${JSON.stringify(text.slice(0, 50))}`);
    return found;
  };
}

/** A percentage within bounds, in millionths. */
function part(least: number, most: number): (text: string) => number {
  return (text) => {
    const match = /^([0-9]{1,4})(?:\.([0-9]{1,4}))?%?$/.exec(text);
    const ppm = match === null ? Number.NaN : Number(match[1]) * 10_000 + Number((match[2] ?? '').padEnd(4, '0'));
    if (!(ppm >= least * 10_000 && ppm <= most * 10_000)) throw new Problem('usage', `not a part of a whole: ${JSON.stringify(text.slice(0, 50))}`, { hint: `from ${least}% to ${most}%` });
    return ppm;
  };
}

/** @throws Problem `usage` */
function parseSteps(text: string): PriceStep[] {
  return list(text).map((step) => {
    const match = /^([^=]+)=([+-])([0-9]{1,3}(?:\.[0-9]{1,4})?)%?$/.exec(step);
    if (match === null) throw new Problem('usage', `not a step of prices: ${JSON.stringify(step.slice(0, 50))}`, { hint: 'for example --price-steps 80%=+20%,95%=+50%' });
    const change = Math.round(Number(match[3]) * 10_000) * (match[2] === '-' ? -1 : 1);
    if (change < -900_000 || change > 9_000_000) throw new Problem('usage', `a step changes prices by -90% to +900%, not ${step.slice(0, 50)}`);
    return { from_ppm: parsePercent(match[1] ?? ''), change_ppm: change };
  }).sort((a, b) => a.from_ppm - b.from_ppm);
}

/** A policy with what the flags change. @param keyOf the key of a bot that somebody names */
export function policyWith(before: WholePolicy, options: PolicyOptions, keyOf: (text: string) => string): WholePolicy {
  const { allow, deny, allowImage, denyImage, allowRegistry, minTerm, maxTerm, minTotal, maxShare, priceSteps, priceStepsOf, floor, ceiling, notice, retention, meter, script, scriptFallback } = options;
  const run = script ?? before.script?.run ?? [];
  return {
    allow_consumers: allow === undefined ? before.allow_consumers : allow.length === 0 ? null : allow.map(keyOf),
    deny_consumers: deny?.map(keyOf) ?? before.deny_consumers,
    allow_images: allowImage === undefined ? before.allow_images : allowImage.length === 0 ? null : allowImage,
    deny_images: denyImage ?? before.deny_images,
    allow_registries: allowRegistry ?? before.allow_registries,
    min_term_ms: minTerm ?? before.min_term_ms,
    max_term_ms: maxTerm ?? before.max_term_ms,
    min_total_stroops: minTotal?.toString() ?? before.min_total_stroops,
    max_share_ppm: maxShare ?? before.max_share_ppm,
    utilisation: { of: priceStepsOf ?? before.utilisation.of, steps: priceSteps ?? before.utilisation.steps },
    floor_ppm: floor ?? before.floor_ppm,
    ceiling_ppm: ceiling ?? before.ceiling_ppm,
    notice_ms: notice ?? before.notice_ms,
    max_retention_ms: retention ?? before.max_retention_ms,
    meters: meter?.map(keyOf) ?? before.meters,
    script: run.length === 0 ? null : { run, fallback: scriptFallback ?? before.script?.fallback ?? 'decline' },
  };
}

/** A policy for people, a pair a row. @param nameOf how a bot is called */
export function policyText(policy: WholePolicy, nameOf: (key: string) => string): [name: string, text: string][] {
  const bots = (keys: readonly string[]): string => keys.map(nameOf).join(', ');
  const { of, steps } = policy.utilisation;
  return [
    ['sells to', policy.allow_consumers === null ? 'anybody' : bots(policy.allow_consumers)],
    ['not to', bots(policy.deny_consumers) || 'nobody is excluded'],
    ['images', policy.allow_images === null ? 'any' : policy.allow_images.join(', ')],
    ['no images', policy.deny_images.join(', ') || 'none is excluded'],
    ['registries', policy.allow_registries.join(', ') || 'public ones'],
    ['term', `${formatDuration(policy.min_term_ms)} to ${formatDuration(policy.max_term_ms)}`],
    ['smallest deal', `${formatTft(BigInt(policy.min_total_stroops))} TFT`],
    ['one buyer', `up to ${formatPercent(policy.max_share_ppm)} of a node`],
    ['prices', steps.length === 0 ? 'as published' : steps.map(({ from_ppm, change_ppm }) => `${change_ppm < 0 ? '-' : '+'}${formatPercent(Math.abs(change_ppm))} from ${formatPercent(from_ppm)} of the compute of the ${of} sold`).join(', ')],
    ['floor', `${formatPercent(policy.floor_ppm)} of what it asks${policy.floor_ppm === 1_000_000 ? ': it goes down for nobody' : ', for a buyer who names a price'}`],
    ['ceiling', `${formatPercent(policy.ceiling_ppm)} of what it asks, for the script`],
    ['notice', policy.notice_ms === 0 ? 'it never ends a contract early' : `${formatDuration(policy.notice_ms)} before`],
    ['retention', `up to ${formatDuration(policy.max_retention_ms)}`],
    ['meters', bots(policy.meters) || 'its own nodes'],
    ['script', policy.script === null ? 'none' : `${policy.script.run.join(' ')}; where its answer does not count: ${policy.script.fallback === 'decline' ? 'declines' : 'as if there were none'}`],
  ];
}
