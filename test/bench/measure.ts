// What every measurement shares: a figure is a rate or a time, next to a baseline of the same run.
import { availableParallelism, cpus, release } from 'node:os';

/** One measured thing. `ratio` is value over baseline: rates want it high, times low. */
export interface Figure {
  readonly name: string;
  readonly unit: 'per_second' | 'ms' | 'mib';
  readonly value: number;
  readonly baseline: string;
  readonly baseline_value: number;
  readonly ratio: number;
  /** What the issue asks for, in words. */
  readonly goal: string;
}

/** A figure with its ratio. */
export function figure(name: string, unit: Figure['unit'], value: number, baseline: string, baseline_value: number, goal: string): Figure {
  const round = (n: number, places: number): number => Number(n.toFixed(places));
  return { name, unit, value: round(value, 4), baseline, baseline_value: round(baseline_value, 4), ratio: round(value / baseline_value, 2), goal };
}

/** Seconds that the work took. */
export async function seconds(work: () => Promise<unknown> | unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** The middle one. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** The machine that the figures are from. */
export function machine(): { node: string; cpu: string; cores: number; kernel: string } {
  return { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), kernel: release() };
}
