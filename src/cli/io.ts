// The terminal as it was when the process began: streams, what they are, environment, the passphrase it carried.
import type { Readable, Writable } from 'node:stream';

/** An environment without the secrets it came with. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a command reads and writes. */
export interface Io {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Whether each is a terminal. */
  readonly terminal: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  readonly env: Environment;
  /** The passphrase of THREEBOT_PASSPHRASE; a function, so that it is not printed with the object. */
  readonly passphrase: () => string | undefined;
  /** Makes `passphrase` give undefined from now on. */
  readonly forgetPassphrase: () => void;
}

/**
 * This process's terminal. THREEBOT_PASSPHRASE is read and removed from `process.env`, so that no child process
 * inherits it; call this first, and once.
 */
export function processIo(): Io {
  let passphrase = process.env['THREEBOT_PASSPHRASE'];
  delete process.env['THREEBOT_PASSPHRASE'];
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    terminal: { stdin: process.stdin.isTTY === true, stdout: process.stdout.isTTY === true, stderr: process.stderr.isTTY === true },
    env: { ...process.env },
    passphrase: () => passphrase,
    forgetPassphrase: () => void (passphrase = undefined),
  };
}

/** What the flags that every command takes say. */
export interface Flags {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Answer yes to every question. */
  readonly yes: boolean;
  /** False with `--no-input`: never ask. */
  readonly input: boolean;
  /** False with `--no-color`. */
  readonly color: boolean;
  /** `--home`, else THREEBOT_HOME, else undefined for the default. */
  readonly home: string | undefined;
  /** `--passphrase-file`, else THREEBOT_PASSPHRASE_FILE. */
  readonly passphraseFile: string | undefined;
}

/** Whether to colour a stream (https://no-color.org). */
export function isColored(io: Io, flags: Flags, stream: 'stdout' | 'stderr'): boolean {
  return io.terminal[stream] && flags.color && !io.env['NO_COLOR'] && io.env['TERM'] !== 'dumb';
}
