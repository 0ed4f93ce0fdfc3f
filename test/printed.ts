// Holds what 3bot printed against the schema of the command that printed it: every run of every test is checked here.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { splitLine } from '../commands/parse.js';
import { schemaOf } from '../src/schema/shown.js';

interface Printed {
  readonly fits: ValidateFunction;
  readonly file: string;
  /** Whether it may print several objects, one a line. */
  readonly streams: boolean;
}

const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false, code: { optimize: false } });
const known = new Map<string, Printed | null>();

function printedBy(words: string): Printed | null {
  let found = known.get(words);
  if (found === undefined) {
    const schema = schemaOf(words);
    const streams = String(schema?.['$comment'] ?? '').startsWith('one object a line');
    found = schema === null ? null : { fits: ajv.compile(schema), file: `schemas/json/${words.replaceAll(' ', '.')}.json`, streams };
    known.set(words, found);
    // bin/test.js looks at the end whether every command was seen.
    const seen = process.env['THREEBOT_TEST_SEEN'];
    if (found !== null && seen !== undefined) writeFileSync(join(seen, words), '');
  }
  return found;
}

function check(words: string, line: string): void {
  const printed = printedBy(words);
  if (printed === null) return;
  const value: unknown = JSON.parse(line);
  if (printed.fits(value)) return;
  const why = (printed.fits.errors ?? []).slice(-4).map(({ instancePath, message, params }) => `  ${instancePath === '' ? 'the value' : instancePath} ${message ?? ''} ${JSON.stringify(params)}`);
  assert.fail(`3bot ${words} --json printed what ${printed.file} does not allow; mend the one or the other:\n${why.join('\n')}\n${line.slice(0, 2_000)}`);
}

/** Checks all that a run with --json has printed. @param args as typed */
export function checkPrinted(args: readonly string[], { code, stdout, stderr }: { readonly code: number | null; readonly stdout: string; readonly stderr: string }): void {
  const end = args.indexOf('--');
  const own = end === -1 ? args : args.slice(0, end);
  if (!own.includes('--json') || own.includes('--help') || own.includes('-h') || own[0] === 'help') return;
  const { words: path } = splitLine(own);
  const words = path.join(' ') || '3bot';
  // A line without its end was cut when the process was killed.
  const lines = stdout.split('\n').slice(0, -1).filter((line) => line !== '');
  if (printedBy(words)?.streams === false) assert.ok(lines.length <= 1, `3bot ${words} --json printed more than one value`);
  for (const line of lines) check(words, line);
  if (code === 0 || code === null) return;
  const error = stderr.split('\n').find((line) => line.startsWith('{"error":'));
  if (error !== undefined) check('error', error);
}
