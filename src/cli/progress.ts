// Shows that something is under way, on a terminal only, and leaves nothing behind.
import type { Flags, Io } from './io.js';

/** A line that moves while a command works; `using` takes it away. */
export interface Progress extends Disposable {
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
    const isBlind = (io.stderr as { columns?: number }).columns === 0;
    if (!io.terminal.stderr || isBlind || flags.quiet || flags.json) return { say() {}, aside: (write) => write(), stop() {}, [Symbol.dispose]() {} };
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
    return { say: (now) => void (spinner.text = now), aside, stop, [Symbol.dispose]: stop };
  };
}
