// Makes hostile inputs of good ones: changes bytes, lines, numbers and JSON values, and joins two into one.
import type { Random } from '../random.js';

const TOKENS = ['', '\n', '\n\n', '\r', '\0', ' ', '  ', '\t', '"', '\\', '{}', '[]', '[[[[[[[[[[[[[[[[[[', '{"a":', 'null', '— ', '—', '+', '=', '==', '/', '../', '%00', '(', ')', 'not ', 'and ', 'or ', '\ud800', '\ufffd', '\u202e', 'é', '\u{1f600}', '__proto__', 'constructor', 'x000/'];
const NUMBERS = ['0', '-0', '-1', '1', '00', '01', '255', '256', '257', '65535', '65536', '4294967296', '9007199254740991', '9007199254740992', '1e3', '1e999', '0.1', 'NaN', '18446744073709551616', '9'.repeat(40)];

/** Inputs do not grow without end. */
const MAX_CHARS = 20_000;

type Change = (text: string, random: Random, seeds: readonly string[]) => string;

/** A cut of the text: start, and end behind it. */
function cut(text: string, random: Random): [number, number] {
  const start = random.below(text.length + 1);
  return [start, Math.min(text.length, start + random.below(random.chance(0.8) ? 8 : 200))];
}

const splice = (text: string, [start, end]: [number, number], put: string): string => text.slice(0, start) + put + text.slice(end);

function lines(text: string, random: Random): string {
  const all = text.split('\n');
  const [a, b] = [random.below(all.length), random.below(all.length)];
  const [one = '', two = ''] = [all[a], all[b]];
  if (random.chance(0.3)) all.splice(a, 1);
  else if (random.chance(0.5)) all.splice(b, 0, one);
  else [all[a], all[b]] = [two, one];
  return all.join('\n');
}

/** Changes one value somewhere in JSON, and writes it as canonical JSON is: without spaces. */
function json(text: string, random: Random): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  const places: [Record<string, unknown>, string][] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Object.keys(node)) {
      places.push([node as Record<string, unknown>, key]);
      visit((node as Record<string, unknown>)[key]);
    }
  };
  visit(value);
  if (places.length === 0) return text;
  const [node, key] = random.pick(places);
  const other = random.pick(places);
  const changes: (() => void)[] = [
    () => void delete node[key],
    () => void (node[key] = structuredClone(other[0][other[1]])),
    () => void (node[key] = Number(random.pick(NUMBERS))),
    () => void (node[key] = random.pick(TOKENS)),
    () => void (node[key] = null),
    () => void (node[key] = [node[key], node[key]]),
    () => void (node[`${key}_`] = node[key]),
    () => void (node[key] = typeof node[key] === 'string' ? bytes(node[key], random) : `${String(node[key])}`),
  ];
  random.pick(changes)();
  return JSON.stringify(value);
}

const bytes = (text: string, random: Random): string => {
  const at = random.below(Math.max(1, text.length));
  return splice(text, [at, at + 1], String.fromCharCode((text.charCodeAt(at) || 0) ^ (1 << random.below(8))));
};

const CHANGES: readonly Change[] = [
  bytes,
  (text, random) => splice(text, cut(text, random), ''),
  (text, random) => splice(text, cut(text, random), random.pick(TOKENS)),
  (text, random) => { const [start, end] = cut(text, random); return splice(text, [end, end], text.slice(start, end)); },
  (text, random) => text.slice(0, random.below(text.length + 1)),
  (text, random) => { const found = [...text.matchAll(/[0-9]+/g)]; if (found.length === 0) return text; const one = random.pick(found); return splice(text, [one.index, one.index + one[0].length], random.pick(NUMBERS)); },
  (text, random, seeds) => { const other = random.pick(seeds); return text.slice(0, random.below(text.length + 1)) + other.slice(random.below(other.length + 1)); },
  lines,
  json,
  json,
];

/** One more input, from one to four changes of a seed. */
export function mutate(seeds: readonly string[], random: Random): string {
  let text = random.pick(seeds);
  for (let left = 1 + random.below(4); left > 0; left -= 1) text = random.pick(CHANGES)(text, random, seeds);
  return text.slice(0, MAX_CHARS);
}
