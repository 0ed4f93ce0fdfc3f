// The sealed transcript of a session, as its operator keeps it: every frame as it passed, and the keys that open them.
//
//   {"v":1,"session":…,"contract":…,"transcript":…,"from_node":key,"from_operator":key}
//   < frame of the node, base64        > frame of the operator, base64
//   {"node":frames,"operator":frames,"exit_code":…}      how many of each the digest in the book covers
//
// The node keeps the digest alone, in the book. Whoever has the file can read the session and show that it is the one.
import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MIB } from '../base/bytes.js';
import { Problem } from '../base/errors.js';
import { MAX_TRANSCRIPT_BYTES, MAX_TRANSCRIPT_LINE_CHARS } from '../base/limits.js';
import type { Home } from '../home.js';
import { Opener } from '../keys/stream.js';
import { digestOf, Passed, type Channel } from '../net/relay/channel.js';

/** First line of the file. */
interface Head {
  readonly v: 1;
  /** Id of the record that opened the session. */
  readonly session: string;
  readonly contract: string;
  readonly transcript: string;
  /** What opens frames of each end, hex. */
  readonly from_node: string;
  readonly from_operator: string;
}

/** Last line. */
interface Tail {
  readonly node: number;
  readonly operator: number;
}

/** Where the transcript of a session lies. */
function transcriptPath(home: Home, session: string): string {
  return join(home.path, 'sessions', `${session}.session`);
}

/** Keeps what passes through a channel; from its first frame on. */
export class Keeper implements Disposable {
  #channel: Channel | undefined;
  #early: string[] = [];
  #file: number | undefined;

  /** Before anything has passed. */
  attach(channel: Channel): void {
    this.#channel = channel;
    channel.onFrame = (by, frame) => this.#write(`${by === 'node' ? '<' : '>'} ${frame.toString('base64')}\n`);
  }

  /** The session has its number: from now on it is on disk. */
  begin(home: Home, contract: string, session: string): string {
    if (this.#channel === undefined) throw new Error('nothing has passed yet');
    const path = transcriptPath(home, session);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const { transcript, keys: { receive, send } } = this.#channel;
    this.#file = openSync(path, 'wx', 0o600);
    const head: Head = { v: 1, session, contract, transcript, from_node: receive.toString('hex'), from_operator: send.toString('hex') };
    this.#write(`${JSON.stringify(head)}\n${this.#early.join('')}`);
    this.#early = [];
    return path;
  }

  /** The node has said how many frames its digest covers. */
  end(tail: Tail): void {
    this.#write(`${JSON.stringify(tail)}\n`);
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    if (this.#channel !== undefined) this.#channel.onFrame = () => undefined;
  }

  #write(text: string): void {
    if (this.#file === undefined) this.#early.push(text);
    else appendFileSync(this.#file, text);
  }
}

/** A transcript that was read. */
export interface Transcript {
  readonly session: string;
  readonly contract: string;
  /** Of the frames that the node counted; what the book must have. */
  readonly sha256: string;
  readonly bytes: number;
  /** What the command printed, both streams as they came. */
  readonly printed: Buffer;
}

/** Reads a transcript from a file. @throws Problem as `parseTranscript`, and `failed` where it is too large to be read */
export function readTranscript(path: string): Transcript {
  const { size } = statSync(path);
  if (size > MAX_TRANSCRIPT_BYTES) throw new Problem('failed', `the transcript has ${Math.ceil(size / MIB)} MiB; at most ${MAX_TRANSCRIPT_BYTES / MIB} can be read`, { reason: 'transcript' });
  return parseTranscript(readFileSync(path, 'utf8'));
}

/**
 * Opens every frame of a transcript.
 * @param text hostile
 * @throws Problem `malformed` where it is none or was broken off; `integrity` where a frame does not open
 */
export function parseTranscript(text: string): Transcript {
  const rows = text.split('\n').slice(0, -1);
  const [first = '', ...frames] = rows;
  const head = parse<Head>(first);
  const tail = parse<Tail>(frames.pop() ?? '');
  const { v, transcript, from_node, from_operator } = head;
  if (v !== 1 || [from_node, from_operator, transcript, head.session].some((hex) => !/^[0-9a-f]{64}$/.test(hex)) || !/^[0-9a-f]{40}$/.test(head.contract) || !Number.isInteger(tail.node) || !Number.isInteger(tail.operator)) throw broken();
  const context = Buffer.from(transcript);
  const ends = { '<': { left: tail.node, passed: new Passed(), opener: new Opener(Buffer.from(from_node, 'hex'), context) }, '>': { left: tail.operator, passed: new Passed(), opener: new Opener(Buffer.from(from_operator, 'hex'), context) } };
  const printed: Buffer[] = [];
  for (const row of frames) {
    const [mark, sealed = ''] = row.split(' ');
    if ((mark !== '<' && mark !== '>') || row.length > MAX_TRANSCRIPT_LINE_CHARS) throw broken();
    const end = ends[mark];
    if ((end.left -= 1) < 0) continue;
    const frame = Buffer.from(sealed, 'base64');
    // What the decoder would pass over is a change, too.
    if (row !== `${mark} ${frame.toString('base64')}`) throw new Problem('integrity', 'a frame of the transcript is not as it was kept', { reason: 'frame' });
    end.passed.add(frame);
    const { message } = opened(end.opener, frame);
    if (mark === '<' && message[0] !== 0) printed.push(message.subarray(1));
  }
  if (ends['<'].left > 0 || ends['>'].left > 0) throw broken();
  return { session: head.session, contract: head.contract, sha256: digestOf(ends['<'].passed.sha256, ends['>'].passed.sha256), bytes: ends['<'].passed.bytes + ends['>'].passed.bytes, printed: Buffer.concat(printed) };
}

function opened(opener: Opener, frame: Buffer): ReturnType<Opener['open']> {
  try {
    return opener.open(frame);
  } catch (cause) {
    throw new Problem('integrity', 'a frame of the transcript does not open: the file was changed since it was written', { cause, reason: 'transcript' });
  }
}

function parse<T>(line: string): T {
  try {
    const value: unknown = line.length > MAX_TRANSCRIPT_LINE_CHARS ? null : JSON.parse(line);
    if (value !== null && typeof value === 'object') return value as T;
  } catch {
    // Said below.
  }
  throw broken();
}

function broken(): Problem {
  return new Problem('malformed', 'this is no whole transcript of a session', { reason: 'transcript' });
}
