// What this bot has lived through with farms and nodes, as a number that ranks offers. Pure.
//
//   counts as = price × (1 + penalty)
//   penalty   = 20 % × failed / (failed + fine + 1)      contracts on this very node
//             +  5 % × silent / (silent + answered + 1)  requests to this farm
//
// So one failure in one contract weighs 10 %, and no experience whatsoever makes a farm that asks a quarter more win.
import { formatPercent } from '../capacity/percent.js';

/** What contracts on a node came to. */
export interface Contracts {
  /** Of these that are over or run: how many the node took on and kept up. */
  readonly fine: number;
  /** How many failed by the node's fault: never held, not provided, or cut off. */
  readonly failed: number;
}

/** How a farm answers. */
export interface Answers {
  /** Offers and declines. */
  readonly answered: number;
  /** Requests without an answer in time. */
  readonly silent: number;
  /** Answers that did not hold: signatures, prices, another node. They count as silence and are shown. */
  readonly false_answers: number;
}

/** All that ranks an offer. */
export type Experience = Contracts & Answers;

/** Nothing is known. */
export const STRANGER: Experience = { fine: 0, failed: 0, answered: 0, silent: 0, false_answers: 0 };

const FAILED_PPM = 200_000;
const SILENT_PPM = 50_000;
/** The most that experience adds to a price, in millionths: an offer never wins against one that is cheaper by more than that. */
export const MAX_PENALTY_PPM = FAILED_PPM + SILENT_PPM;

/** What experience adds to a price, in millionths: from 0 to below MAX_PENALTY_PPM. */
export function penaltyPpm({ fine, failed, answered, silent, false_answers }: Experience): number {
  const unheard = silent + false_answers;
  return Math.floor((FAILED_PPM * failed) / (failed + fine + 1)) + Math.floor((SILENT_PPM * unheard) / (unheard + answered + 1));
}

/** An offer as far as ranking looks at it. */
export interface Ranked {
  readonly total_stroops: bigint;
  /** Farm id: of two that count the same, the same one is first everywhere. */
  readonly farm_id: string;
  readonly penalty_ppm: number;
}

/** Least first; prices are not touched. */
export function byRank(a: Ranked, b: Ranked): number {
  const [x, y] = [weighed(a), weighed(b)];
  if (x !== y) return x < y ? -1 : 1;
  return byPrice(a, b);
}

/** Cheapest first. */
export function byPrice(a: Pick<Ranked, 'total_stroops' | 'farm_id'>, b: Pick<Ranked, 'total_stroops' | 'farm_id'>): number {
  if (a.total_stroops !== b.total_stroops) return a.total_stroops < b.total_stroops ? -1 : 1;
  return a.farm_id < b.farm_id ? -1 : a.farm_id > b.farm_id ? 1 : 0;
}

/** A price as it counts, in millionths of a stroop: exact. */
export function weighed({ total_stroops, penalty_ppm }: Pick<Ranked, 'total_stroops' | 'penalty_ppm'>): bigint {
  return total_stroops * BigInt(1_000_000 + penalty_ppm);
}

/** What was lived through, for people: `2 of 3 contracts failed there, 1 of 9 requests was not answered`. */
export function experienceText({ fine, failed, answered, silent, false_answers }: Experience): string {
  const unheard = silent + false_answers;
  return [
    ...(failed > 0 ? [`${failed} of ${failed + fine} contracts failed there`] : []),
    ...(unheard > 0 ? [`${unheard} of ${unheard + answered} requests ${unheard === 1 ? 'was' : 'were'} not answered as it should be`] : []),
  ].join(', ') || 'nothing went wrong there';
}

/** By how much something is cheaper than what is taken instead, in words. */
export function cheaperText(cheap: bigint, taken: bigint): string {
  return taken === 0n ? 'cheaper' : `${formatPercent(Math.floor(Number(((taken - cheap) * 10_000n) / taken) / 10) * 1_000)} cheaper`;
}
