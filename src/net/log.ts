// The log of a daemon: what needs a person's eye, as JSON lines on stderr. No body, key or message is ever logged.
import type { Writable } from 'node:stream';
import { pino, type Logger } from 'pino';

/** A log of warnings and errors. */
export function createLog(stream: Writable): Logger {
  return pino({ level: 'warn', base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: {} }, stream);
}
