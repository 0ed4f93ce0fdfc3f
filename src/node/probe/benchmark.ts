// How fast this machine is, by the method `3bot/1`, which anybody can repeat (README, "The benchmark").
import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../base/clock.js';
import { Problem } from '../../base/errors.js';
import { BENCHMARK_SPAN_MS, BENCHMARK_TIMEOUT_MS } from '../../base/limits.js';
import type { Benchmark } from '../../schema/types.js';
import { cleanEnvironment, oneLine } from '../children.js';

/** Name and version of the method; figures of different methods are not compared. */
const BENCHMARK_METHOD = '3bot/1';
/** Its file, in the folder of the volumes; one that a killed run left is taken over and deleted. */
export const BENCHMARK_FILE = 'benchmark.tmp';

/** Figures without method and time. */
export type Figures = Omit<Benchmark, 'method' | 'measured_at'>;

/** A line of the child: what it measures now, or what it has found. */
export type BenchmarkLine = { readonly step: string } | { readonly figures: Figures };

const CHILD = fileURLToPath(new URL('./benchmark-child.js', import.meta.url));

/** How a benchmark is run. */
export interface BenchmarkOptions {
  /** Where its file is made: on the disk that is sold. */
  readonly folder: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Says what is measured now. */
  readonly onStep?: (step: string) => void;
  /** Test only: shorter than BENCHMARK_SPAN_MS. */
  readonly span_ms?: number;
}

/**
 * Measures, in a process of its own, in about seven seconds; its file is gone afterwards.
 * @throws Problem `unreachable`, reason `timeout`; `failed` with the child's words; `interrupted`
 */
export async function benchmark({ folder, clock, signal, onStep, span_ms = BENCHMARK_SPAN_MS }: BenchmarkOptions): Promise<Benchmark> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(BENCHMARK_TIMEOUT_MS)]);
  const file = join(folder, BENCHMARK_FILE);
  try {
    const figures = await child(file, span_ms, limit, onStep ?? (() => undefined));
    return { method: BENCHMARK_METHOD, ...figures, measured_at: clock() };
  } catch (thrown) {
    if (signal.aborted) throw new Problem('interrupted', 'stopped while measuring');
    if (limit.aborted) throw new Problem('unreachable', `the benchmark took longer than ${BENCHMARK_TIMEOUT_MS / 1_000} s`, { reason: 'timeout' });
    throw thrown;
  } finally {
    await rm(file, { force: true });
  }
}

function child(file: string, span_ms: number, signal: AbortSignal, onStep: (step: string) => void): Promise<Figures> {
  return new Promise((resolve, reject) => {
    const process_ = spawn(process.execPath, [CHILD, file, String(span_ms)], { env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'pipe'], signal, killSignal: 'SIGKILL' });
    let figures: Figures | undefined;
    let words = '';
    createInterface({ input: process_.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as BenchmarkLine;
      if ('step' in line) onStep(line.step);
      else figures = line.figures;
    });
    process_.stderr.on('data', (part: Buffer) => (words = `${words}${part.toString('utf8')}`.slice(-1_000)));
    process_.once('error', reject).once('close', (code) => {
      if (figures !== undefined && code === 0) resolve(figures);
      else reject(new Problem('failed', `the benchmark failed: ${oneLine(words) || `it ended with ${code ?? 'a signal'}`}`));
    });
  });
}
