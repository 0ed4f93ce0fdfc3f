// Shows that something is under way, on a terminal only, and leaves nothing behind.
import { performance } from 'node:perf_hooks';
import type { Flags, Io } from './io.js';

/** A line that moves while a command works; `using` takes it away. */
export interface Progress extends Disposable {
  /** Characters that fit on its line. */
  readonly width: number;
  /** Replaces what the line says. */
  say(text: string): void;
  /** Takes the line away while something else is written, and shows it again below. */
  aside(write: () => void): void;
  /** Takes the line away; also before anything else is written. */
  stop(): void;
}

/** Begins a line of progress. */
export type StartProgress = (text: string) => Promise<Progress>;

/** Progress on stderr; silent without a terminal, with `--quiet` and with `--json`. */
export function createProgress(io: Io, flags: Flags): StartProgress {
  return async (text) => {
    // A terminal without a size (some containers give one): ora would take away infinitely many lines.
    const { columns = PLAIN_COLUMNS } = io.stderr as { columns?: number };
    const isBlind = columns === 0;
    if (!io.terminal.stderr || isBlind || flags.quiet || flags.json) return { width: PLAIN_COLUMNS, say() {}, aside: (write) => write(), stop() {}, [Symbol.dispose]() {} };
    const { default: ora } = await import('ora');
    // discardStdin would put stdin into raw mode, and Ctrl-C would not become a signal.
    const spinner = ora({ text, stream: io.stderr as NodeJS.WritableStream, discardStdin: false }).start();
    const stop = () => void spinner.stop();
    const aside = (write: () => void) => {
      const { isSpinning } = spinner;
      spinner.stop();
      write();
      if (isSpinning) spinner.start();
    };
    return { width: columns - SPINNER_WIDTH, say: (now) => void (spinner.text = now), aside, stop, [Symbol.dispose]: stop };
  };
}

// What a terminal has that does not say.
const PLAIN_COLUMNS = 80;
// The spinner, a space, and the last column, where some terminals wrap already.
const SPINNER_WIDTH = 3;
const BAR_WIDTH = 20;

/**
 * What a count says: bar, share, rate and time left.
 * @param seconds since counting began; 0 leaves out what cannot be told yet
 * @param width characters that it may have: the bar gets shorter, then goes
 */
export function counted(done: number, of: number, unit: string, from: number, seconds: number, width = Infinity): string {
  const share = of === 0 ? 1 : done / of;
  const rate = (done - from) / seconds;
  const speed = seconds >= 1 && rate > 0 ? ` · ${Math.round(rate).toLocaleString('en')}/s · ${timeLeft((of - done) / rate)} left` : '';
  const text = `${Math.floor(100 * share)} % · ${done.toLocaleString('en')} of ${of.toLocaleString('en')} ${unit}${speed}`;
  const cells = Math.min(BAR_WIDTH, width - text.length - '[] '.length);
  if (cells < 1) return text;
  const full = Math.floor(cells * share);
  return `[${'#'.repeat(full)}${'.'.repeat(cells - full)}] ${text}`;
}

function timeLeft(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5_400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

/** Shows a count that grows; what was done before the first call was not done at this rate. */
export function counter(progress: Progress, unit: string): (done: number, of: number) => void {
  let first: { done: number; at: number } | undefined;
  return (done, of) => {
    first ??= { done, at: performance.now() };
    progress.say(counted(done, of, unit, first.done, (performance.now() - first.at) / 1_000, progress.width));
  };
}
