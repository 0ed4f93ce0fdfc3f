// What reading a file finds: all that cannot be, and all that has no effect, each with its place.
import { Problem } from '../../base/errors.js';
import { MAX_FAULTS } from '../../base/limits.js';
import type { Fault, Note } from '../design.js';
import type { Place } from './tree.js';

/** What is complained about. */
export interface Where {
  readonly at: Place;
  readonly path: string;
}

/** Collects while a file is read; nothing is thrown before the end. */
export class Faults {
  readonly #faults = new Map<string, Fault>();
  readonly #notes = new Map<string, Note>();
  readonly #spoiled = new Set<string>();

  /** Notes what cannot be. @returns undefined, to be returned in place of a value */
  refuse(where: Where, text: string, instead: string): undefined {
    if (!this.#spoiled.has(placeOf(where))) add(this.#faults, { ...where.at, field: where.path, text, instead });
  }

  /** Notes what keeps a value from being read at all: nothing more is said of what stands there. */
  spoil(where: Where, text: string, instead: string): void {
    this.refuse(where, text, instead);
    this.#spoiled.add(placeOf(where));
  }

  /** Notes what has no effect here, or another than elsewhere. */
  note(where: Where, text: string): void {
    add(this.#notes, { ...where.at, field: where.path, text });
  }

  /** By line. */
  get faults(): Fault[] {
    return sorted(this.#faults);
  }

  /** By line. */
  get notes(): Note[] {
    return sorted(this.#notes);
  }
}

function placeOf({ at, path }: Where): string {
  return `${at.line}:${at.column}:${path}`;
}

/** What an anchor says is read wherever it is used, and complained about once. */
function add<T extends Note>(all: Map<string, T>, found: T): void {
  const key = `${found.line}:${found.column}:${found.text}`;
  if (all.size < MAX_FAULTS && !all.has(key)) all.set(key, found);
}

function sorted<T extends Note>(all: ReadonlyMap<string, T>): T[] {
  return [...all.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}

/** `shop.yaml:4:5: services.web.privileged: not supported …; leave it out`. */
export function faultText(file: string, { line, column, field, text, instead }: Fault): string {
  return `${noteText(file, { line, column, field, text })}${instead === '' ? '' : `; ${instead}`}`;
}

/** As `faultText`, for a note. */
export function noteText(file: string, { line, column, field, text }: Note): string {
  return `${line === 0 ? file : `${file}:${line}:${column}`}: ${field === '' ? '' : `${field}: `}${text}`;
}

/** All faults as one thing that a command fails with: a line each. */
export function problemOf(file: string, faults: readonly Fault[]): Problem {
  const lines = faults.map((fault) => faultText(file, fault));
  const count = faults.length >= MAX_FAULTS ? `at least ${MAX_FAULTS} things are` : `${faults.length} things are`;
  return new Problem('usage', lines.length === 1 ? (lines[0] ?? '') : `${count} wrong with ${file}:\n${lines.map((line) => `  ${line}`).join('\n')}`, { reason: 'blueprint', hint: '3bot blueprint check FILE, after each change' });
}
