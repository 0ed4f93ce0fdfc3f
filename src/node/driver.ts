// What the watcher asks of a runtime: the contract that the drivers podman and process fulfil.
import { canonical } from '../base/canonical.js';
import { sha256Hex } from '../base/hash.js';
import { STOP_GRACE_MS } from '../base/limits.js';
import type { PublishedPort, Stop, Workload } from '../schema/types.js';
import type { LogRow, LogWish } from './logs.js';

/*
 * A driver works for one node of one grid. It keeps nothing in memory that matters: what runs is found again by
 * labels (grid, node, contract, workload, digest), so an agent that dies and comes back goes on where it was, and
 * so does another process that looks.
 *
 *              start                       start                ends with 0
 *   (absent) ─────────▶ created ──────────────────▶ running ─────────────────▶ exited
 *       ▲                  │  ▲                      │  │                         │
 *       │                  │  └─ the machine went    │  │ ends otherwise, killed  │
 *       │                  │     down (process); or  │  └──────────▶ failed ◀──┐  │
 *       │                  │     it is cut (podman)  │ stop              │     │  │
 *       │                  │                         └──▶ exited or failed     │  │
 *       │     remove       │                              │             │     │  │
 *       └──────────────────┴──────────────────────────────┴─────────────┴─────┴──┘
 *
 *   start    absent: made and started · created: started · running, exited, failed, cut: returned as it is (adopted),
 *            never doubled and never started again: who wants that removes it first
 *   stop     running only: asks, waits for the grace, then kills; nothing to do in every other state
 *   remove   any state; what still runs is killed at once
 */

/** One thing that was looked at, with what was seen and what to do about it. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What was seen, in words or figures. */
  readonly evidence: string;
  /** What to do, preferably a command; null when there is nothing to do. */
  readonly remedy: string | null;
}

/** Whose work a driver looks after; what carries other labels does not exist for it. */
export interface Scope {
  /** Id of the genesis record, 64 hex digits. */
  readonly grid: string;
  /** Key of the node, 64 hex digits. */
  readonly node: string;
}

/** A workload of a contract on this node. */
export interface Ref {
  /** 40 hex digits. */
  readonly contract: string;
  readonly workload: string;
}

/** Names a workload among all of a node's: whatever is kept of each workload is kept by this, `contract/name`. */
export function refKey({ contract, workload }: Ref): string {
  return `${contract}/${workload}`;
}

/** What a workload may use at the most. */
export interface Limits {
  /** Cores, in thousandths. */
  readonly cru: number;
  readonly mru_mib: number;
  readonly pids: number;
}

/** The secrets of a workload, in memory-backed files only. */
export interface SecretsHere {
  /** Folder of the files that the workload sees below /run/secrets; null: it sees none. */
  readonly files: string | null;
  /** Files that it sees elsewhere, by where it sees them; left out: none. */
  readonly placed?: readonly { readonly path: string; readonly file: string }[];
  /** Variables, each with the file that holds its value. */
  readonly env: readonly { readonly name: string; readonly file: string }[];
  /** Also those that the workload does not see itself, such as a registry's login. @throws Problem `not_found` */
  bytes(name: string): Promise<Buffer>;
}

/** What to start. */
export interface StartSpec {
  readonly contract: string;
  readonly workload: Workload;
  readonly limits: Limits;
  /** The contract's volume, of which the workload sees what is its; null: there is none. */
  readonly data: string | null;
  /** Address of this machine on which the workload's ports are published. */
  readonly address: string;
  /** Left out where the workload lists none. */
  readonly secrets?: SecretsHere;
  /** Called when a download begins, and as it goes on; bytes. */
  readonly onPull?: (done: number, total: number) => void;
}

/** State of a workload on this machine; cut: it ran when the machine went down. */
export type RunState = 'created' | 'running' | 'exited' | 'failed' | 'cut';

/** A workload that is there, in whatever state. */
export interface Running extends Ref {
  /** `specDigest` of what it was started with. */
  readonly digest: string;
  readonly state: RunState;
  /** Why it failed, where the runtime knows; one line, at most 500 characters. */
  readonly reason: string | null;
  /** Null while it has not ended, and when nobody saw it end; 128 + signal when a signal ended it. */
  readonly exit_code: number | null;
  /** Ports of this machine under which the workload's ports are reached. */
  readonly ports: readonly PublishedPort[];
  /** When it was started, ms since 1970; null while created. */
  readonly started: number | null;
}

/** Bounds of a command that is run in a workload. */
export interface RunLimits {
  readonly timeout_ms: number;
  /** Of its output, from the beginning; the rest is dropped. */
  readonly max_bytes: number;
}

/** What came of it. */
export interface RunResult {
  /** 128 + signal when a signal ended it; 126 or 127 when it could not be started. */
  readonly exit_code: number;
  /** Both streams; hostile text. */
  readonly output: string;
}

/** What a workload uses now; null: this runtime does not know. */
export interface Stats {
  /** When that was, ms since 1970. */
  readonly time: number;
  /** Processor time since its start, ms. */
  readonly cpu_ms: number;
  readonly memory_bytes: number;
  readonly pids: number;
  /** Bytes of its networks since its start. */
  readonly received_bytes: number | null;
  readonly sent_bytes: number | null;
}

/** What is to be run for an operator. */
export interface OpenWish {
  readonly words: readonly string[];
  /** A terminal of this size; null: none, and both streams apart. */
  readonly terminal: TerminalSize | null;
}

/** In characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A part of what a command printed; hostile. On a terminal all is `stdout`. */
export interface Printed {
  readonly stream: 'stdout' | 'stderr';
  readonly bytes: Buffer;
}

/** A command that runs beside a workload for an operator; disposing of it kills it. */
export interface OpenCommand extends AsyncDisposable {
  /** Ends when the command has closed both streams. Read one part at a time: what is not read holds the command up. */
  readonly output: AsyncIterable<Printed>;
  /** Resolves when it is worth writing more. What the command no longer takes is dropped. */
  write(bytes: Buffer): Promise<void>;
  /** Nothing more will be written. */
  end(): void;
  resize(size: TerminalSize): Promise<void>;
  /** Once the output has ended: 128 + signal when a signal ended it; 126 or 127 when it could not be started. */
  exitCode(): Promise<number>;
}

/**
 * A runtime. Every method ends: when the signal aborts, when it is done, or when its own time limit is over
 * (seconds; `start` and `fetch` with a download: minutes).
 * @throws Problem `refused` for a workload this runtime may not or cannot run (reason says why), `unreachable` when
 * the runtime does not answer, `failed` with the runtime's own words, `not_found` for a `logsTail` of what is not
 * there, or a `run`, `open` or `stats` of what does not run
 */
export interface Driver extends AsyncDisposable {
  readonly runtime: 'podman' | 'process';
  /** Looks at everything the runtime needs; never throws for what it finds, only when aborted. */
  check(signal: AbortSignal): Promise<Check[]>;
  /** All workloads of the scope, in every state. */
  list(signal: AbortSignal): Promise<Running[]>;
  /** Brings what a start needs from elsewhere to this machine, so that the start does not wait for it. */
  fetch(spec: StartSpec, signal: AbortSignal): Promise<void>;
  /** Makes it run, once. Refuses (reason `other_spec`) when it is there with another digest. */
  start(spec: StartSpec, signal: AbortSignal): Promise<Running>;
  /** Asks it to end, with its own signal; kills it after the grace, null: its own. What is not there or has ended is fine. */
  stop(ref: Ref, grace_ms: number | null, signal: AbortSignal): Promise<void>;
  /** Takes it away; its data folder and the last part of its log stay. What is not there is fine. */
  remove(ref: Ref, signal: AbortSignal): Promise<void>;
  /** The last part of what it printed, at most `bytes` of UTF-8, for the reason of a failure. Text is hostile. */
  logsTail(ref: Ref, bytes: number, signal: AbortSignal): Promise<string>;
  /** IP address at which this machine reaches its ports as they are inside; null where it does not run, or has none. */
  address(ref: Ref, signal: AbortSignal): Promise<string | null>;
  /** Runs words beside it, in its place and with its rights, to their end; `unreachable` (reason `timeout`) kills them. */
  run(ref: Ref, words: readonly string[], limits: RunLimits, signal: AbortSignal): Promise<RunResult>;
  /** What it printed, row by row; nothing for what never printed. */
  follow(ref: Ref, wish: LogWish, signal: AbortSignal): AsyncIterable<LogRow>;
  /** Takes away what is kept of the logs of a contract's workloads. */
  forget(contract: string): Promise<void>;
  stats(ref: Ref, signal: AbortSignal): Promise<Stats>;
  /** Runs a command beside it, as `run` does, with an operator at its streams. */
  open(ref: Ref, wish: OpenWish, signal: AbortSignal): Promise<OpenCommand>;
  /** Kills all that `run` and `open` have begun, also in a process that is gone; the workloads go on. */
  endCommands(signal: AbortSignal): Promise<void>;
}

/** How a workload is asked to end, and how long it gets: as it says, else SIGTERM and 10 s. */
export function stopOf({ stop }: Pick<Workload, 'stop'>): Stop {
  return stop ?? { signal: 'SIGTERM', grace_ms: STOP_GRACE_MS };
}

/**
 * Names what a workload is started with, so that a changed one is seen: SHA-256 over canonical {workload, limits}.
 * The data folder and the address belong to the machine and do not count.
 */
export function specDigest(spec: Pick<StartSpec, 'workload' | 'limits'>): string {
  const { cru, mru_mib, pids } = spec.limits;
  // Records of state hold no fractions; whole cores are named as the first release named them.
  const cpu = Number.isInteger(cru) ? { cru } : { cpu_millis: Math.round(cru * 1_000) };
  return sha256Hex(canonical({ workload: spec.workload, limits: { ...cpu, mru_mib, pids } }));
}
