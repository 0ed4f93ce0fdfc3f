// Feeds the parsers for a while.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isProblem } from '../../src/base/errors.js';
import { randomFrom } from '../random.js';
import { mutate } from './mutate.js';
import type { Target } from './targets.js';

const CORPUS = fileURLToPath(new URL('../../../test/fuzz/corpus/', import.meta.url));

/** The kept inputs of a target: JSON, texts as they are or base64 behind `base64:`, bytes as characters of Latin-1. */
export function corpusOf(name: string): string[] {
  const inputs = JSON.parse(readFileSync(`${CORPUS}${name}.json`, 'utf8')) as string[];
  return inputs.map((input) => (input.startsWith('base64:') ? Buffer.from(input.slice(7), 'base64').toString('utf16le') : input));
}

/** An input of which a parser said something that it must not. */
export class Found extends Error {
  constructor(name: string, seed: number, input: string, cause: unknown) {
    super(`${name}, seed ${seed}; to keep it, add to test/fuzz/corpus/${name}.json: "base64:${Buffer.from(input, 'utf16le').toString('base64')}"`, { cause });
  }
}

/** Feeds one input. @throws Found; refusals are fine. @returns whether it was taken */
export function feed(name: string, target: Target, input: string, seed: number): boolean {
  try {
    target(input);
    return true;
  } catch (thrown) {
    if (isProblem(thrown)) return false;
    throw new Found(name, seed, input, thrown);
  }
}

/** Feeds the kept inputs, then changed ones until the time is over. @returns how many were fed, and taken */
export function fuzz(name: string, target: Target, seed: number, ms: number): { fed: number; taken: number } {
  const random = randomFrom(seed);
  const seeds = corpusOf(name);
  let taken = seeds.filter((input) => feed(name, target, input, seed)).length;
  let fed = seeds.length;
  for (const end = performance.now() + ms; performance.now() < end; ) {
    for (let i = 0; i < 50; i += 1, fed += 1) if (feed(name, target, mutate(seeds, random), seed)) taken += 1;
  }
  return { fed, taken };
}
