// YAML text as a tree in which everything knows where it stands. Hostile input: bounded in bytes, depth and size.
import { isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, parseDocument, Parser, visit, type Alias, type Document, type Node, type Pair } from 'yaml';
import { MAX_BLUEPRINT_BYTES, MAX_BLUEPRINT_DEPTH, MAX_BLUEPRINT_NODES, MAX_FAULTS } from '../../base/limits.js';
import type { Faults } from './faults.js';

/** A place in the file: 1, 2, … */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** One value of the file, with its place and how one would write its path: `services.web.ports[0]`. */
export type Tree = Scalar | List | Table;

/** A text, number, truth value or nothing. */
export interface Scalar {
  readonly kind: 'scalar';
  readonly at: Place;
  readonly path: string;
  readonly value: string | number | boolean | null;
  /** As it stands in the file, without quotes: a number keeps its zeros. */
  readonly text: string;
}

/** Values in order. */
export interface List {
  readonly kind: 'list';
  readonly at: Place;
  readonly path: string;
  readonly items: readonly Tree[];
}

/** Values by name, in the order of the file. Never an object, so that no name means anything to JavaScript. */
export interface Table {
  readonly kind: 'table';
  readonly at: Place;
  readonly path: string;
  readonly entries: ReadonlyMap<string, Entry>;
}

/** A name and its value. */
export interface Entry {
  readonly at: Place;
  readonly value: Tree;
}

const HERE: Place = { line: 0, column: 0 };
const MERGE = '<<';

/**
 * Reads one YAML 1.2 document; anchors, aliases and merge keys are followed.
 * @returns undefined where there is no tree; `faults` says why
 */
export function readTree(bytes: Uint8Array, faults: Faults): Tree | undefined {
  const all = { at: HERE, path: '' };
  if (bytes.length > MAX_BLUEPRINT_BYTES) return faults.refuse(all, `it has ${bytes.length} bytes`, `at most ${MAX_BLUEPRINT_BYTES}`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return faults.refuse(all, 'it is no text in UTF-8', 'save it as UTF-8');
  }
  if (isTooDeep(text)) return faults.refuse(all, 'it is nested too deeply', `at most ${MAX_BLUEPRINT_DEPTH} levels`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, merge: false, logLevel: 'error' });
  for (const { message, linePos } of [...document.errors, ...document.warnings].slice(0, MAX_FAULTS)) {
    faults.refuse({ at: placed(linePos?.[0]), path: '' }, `no YAML: ${message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? ''}`, '');
  }
  return document.errors.length > 0 ? undefined : new Planter(document, lines, faults).plant();
}

/** Whether it has more levels than are read. The composer calls itself for each, and a stack that is full may end the process; the parser does not. */
function isTooDeep(text: string): boolean {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme)) void _;
    if (parser.stack.length > 4 * MAX_BLUEPRINT_DEPTH) return true;
  }
  return false;
}

function placed(position: { line: number; col: number } | undefined): Place {
  return position === undefined ? HERE : { line: position.line, column: position.col };
}

/** Thrown within one reading when a bound is crossed; the fault has been noted. */
class TooMuch extends Error {}

class Planter {
  readonly #document: Document;
  readonly #lines: LineCounter;
  readonly #faults: Faults;
  readonly #targets: ReadonlyMap<Alias, Node>;
  #count = 0;

  constructor(document: Document, lines: LineCounter, faults: Faults) {
    this.#document = document;
    this.#lines = lines;
    this.#faults = faults;
    this.#targets = targetsOf(document);
  }

  plant(): Tree | undefined {
    try {
      return this.#tree(this.#document.contents, '', 0);
    } catch (thrown) {
      if (thrown instanceof TooMuch) return undefined;
      throw thrown;
    }
  }

  #at(node: Node | null | undefined): Place {
    const start = node?.range?.[0];
    return start === undefined ? HERE : placed(this.#lines.linePos(start));
  }

  /** Aliases are followed each time they are used, so what counts is how much there is in the end. */
  #tree(node: Node | null, path: string, depth: number): Tree {
    const at = this.#at(node);
    this.#count += 1;
    if (this.#count > MAX_BLUEPRINT_NODES) this.#stop({ at, path }, 'its anchors and aliases make too much of it', `at most ${MAX_BLUEPRINT_NODES} values`);
    if (depth > MAX_BLUEPRINT_DEPTH) this.#stop({ at, path }, 'it is nested too deeply', `at most ${MAX_BLUEPRINT_DEPTH} levels`);
    if (isAlias(node)) {
      const target = this.#targets.get(node);
      if (target === undefined) this.#stop({ at, path }, `there is no anchor &${node.source} above`, 'name one');
      return this.#tree(target, path, depth + 1);
    }
    if (isSeq(node)) return { kind: 'list', at, path, items: node.items.map((item, i) => this.#tree(item as Node | null, `${path}[${i}]`, depth + 1)) };
    if (isMap(node)) return { kind: 'table', at, path, entries: this.#entries(node.items as Pair<Node, Node | null>[], path, depth) };
    if (!isScalar(node)) return { kind: 'scalar', at, path, value: null, text: '' };
    const { value, source } = node;
    const isPlain = value === null || ['string', 'number', 'boolean'].includes(typeof value);
    return { kind: 'scalar', at, path, value: isPlain ? (value as Scalar['value']) : String(value), text: source ?? String(value ?? '') };
  }

  /** What is below a name begins there for whoever reads a message. */
  #below(node: Node | null, path: string, depth: number, at: Place): Tree {
    const tree = this.#tree(node, path, depth);
    return tree.kind === 'scalar' ? tree : { ...tree, at };
  }

  /** What a table says itself stands before what it merges, and of what it merges the first that says it. */
  #entries(pairs: readonly Pair<Node, Node | null>[], path: string, depth: number): ReadonlyMap<string, Entry> {
    const own = new Map<string, Entry>();
    const merged: Tree[] = [];
    for (const { key, value } of pairs) {
      const at = this.#at(key);
      if (!isScalar(key) || (typeof key.value === 'object' && key.value !== null)) {
        this.#faults.refuse({ at, path }, 'a name is no text', 'write NAME: value');
        continue;
      }
      const name = typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
      const below = path === '' ? name : `${path}.${name}`;
      if (name === MERGE && key.type === 'PLAIN') merged.push(this.#tree(value, path, depth + 1));
      else if (own.has(name)) this.#faults.refuse({ at, path: below }, 'it is said twice', 'keep one of them');
      else own.set(name, { at, value: this.#below(value, below, depth + 1, at) });
    }
    for (const source of merged.flatMap((one) => (one.kind === 'list' ? one.items : [one]))) {
      if (source.kind === 'table') for (const [name, entry] of source.entries) own.set(name, own.get(name) ?? { at: entry.at, value: moved(entry.value, path === '' ? name : `${path}.${name}`) });
      else this.#faults.refuse(source, 'what is merged is no table', '<<: *anchor, or a list of them');
    }
    return own;
  }

  #stop(where: { at: Place; path: string }, wrong: string, instead: string): never {
    this.#faults.refuse(where, wrong, instead);
    throw new TooMuch();
  }
}

/** What each alias stands for: the last anchor of its name above it. All in one walk, since the library looks through the whole file for each. */
function targetsOf(document: Document): ReadonlyMap<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Alias: (_, alias) => void (anchors.has(alias.source) && targets.set(alias, anchors.get(alias.source) as Node)),
    Value: (_, node) => void (node.anchor !== undefined && anchors.set(node.anchor, node)),
  });
  return targets;
}

/** The same value under another path, as `extends` and merging make it. */
export function moved(tree: Tree, path: string): Tree {
  if (tree.kind === 'scalar') return { ...tree, path };
  if (tree.kind === 'list') return { ...tree, path, items: tree.items.map((item, i) => moved(item, `${path}[${i}]`)) };
  return { ...tree, path, entries: new Map([...tree.entries].map(([name, { at, value }]) => [name, { at, value: moved(value, `${path}.${name}`) }])) };
}

/** The same tree with every text changed; `change` gets each scalar that is a text. */
export function withTexts(tree: Tree, change: (scalar: Scalar & { readonly value: string }) => string): Tree {
  if (tree.kind === 'list') return { ...tree, items: tree.items.map((item) => withTexts(item, change)) };
  if (tree.kind === 'table') return { ...tree, entries: new Map([...tree.entries].map(([name, { at, value }]) => [name, { at, value: withTexts(value, change) }])) };
  if (typeof tree.value !== 'string') return tree;
  const text = change(tree as Scalar & { readonly value: string });
  return text === tree.value ? tree : { ...tree, value: text, text };
}
