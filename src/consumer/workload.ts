// A workload from what a person types.
import { Problem } from '../base/errors.js';
import type { Workload } from '../schema/types.js';
import { shapeError } from '../schema/validate.js';

/** What was typed; every part may be missing. */
export interface WorkloadWords {
  readonly image?: string | undefined;
  readonly command?: string | undefined;
  readonly env?: readonly string[] | undefined;
  readonly port?: readonly string[] | undefined;
}

/**
 * The workload that is meant, or undefined where nothing is to run.
 * @throws Problem `usage` that names the flag
 */
export function workloadOf(name: string, { image, command, env = [], port = [] }: WorkloadWords): Workload | undefined {
  if (image === undefined && command === undefined) {
    if (env.length > 0 || port.length > 0) throw new Problem('usage', '--env and --port say how something runs; what runs is missing', { hint: 'give --image, or --command for a node with the process runtime' });
    return undefined;
  }
  const workload: Workload = { name, image: image ?? null, command: command === undefined ? [] : splitWords(command), env: env.map(parseEnv), ports: port.map(parsePort), secrets: [] };
  if (image !== undefined && !/@sha256:[0-9a-f]{64}$/.test(image)) {
    throw new Problem('usage', `not an image by its digest: ${JSON.stringify(image.slice(0, 200))}`, { hint: 'host/path@sha256:…, so that everybody means the same bytes; podman inspect --format {{.Digest}} IMAGE shows it' });
  }
  const wrong = shapeError('workload@1', { workloads: [workload] });
  if (wrong !== null) throw new Problem('usage', `this workload cannot be recorded: ${wrong.replace(/^workload@1\/workloads\/0/, '')}`);
  return workload;
}

/**
 * Splits a command into words: at spaces, but not within '…' or "…"; a backslash takes the next character as it is
 * (outside '…'). A text that begins with `[` is a JSON list of words. No shell is involved, here or on the node.
 * @throws Problem `usage` where a quote does not end, or nothing is left
 */
export function splitWords(text: string): string[] {
  if (text.trimStart().startsWith('[')) return jsonWords(text);
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < text.length; i += 1) {
    const letter = text[i] ?? '';
    if (letter === '\\' && quote !== "'") word = (word ?? '') + (text[(i += 1)] ?? '');
    else if (quote !== '') {
      if (letter === quote) quote = '';
      else word = (word ?? '') + letter;
    } else if (letter === '"' || letter === "'") {
      quote = letter;
      word ??= '';
    } else if (/\s/.test(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + letter;
  }
  if (quote !== '') throw new Problem('usage', `a ${quote} in --command has no end`);
  if (word !== undefined) words.push(word);
  if (words.length === 0) throw new Problem('usage', '--command is empty');
  return words;
}

function jsonWords(text: string): string[] {
  const hint = 'for example --command \'["httpd", "-f"]\'';
  let words: unknown;
  try {
    words = JSON.parse(text);
  } catch (cause) {
    throw new Problem('usage', '--command begins like a JSON list and is none', { cause, hint });
  }
  if (!Array.isArray(words) || words.length === 0 || !words.every((word) => typeof word === 'string')) throw new Problem('usage', '--command is no list of words', { hint });
  return words as string[];
}

function parseEnv(text: string): { name: string; value: string } {
  const at = text.indexOf('=');
  if (at < 1) throw new Problem('usage', `not NAME=VALUE: --env ${JSON.stringify(text.slice(0, 100))}`);
  return { name: text.slice(0, at), value: text.slice(at + 1) };
}

function parsePort(text: string): { container: number; protocol: 'tcp' | 'udp' } {
  const match = /^([0-9]{1,5})(?:\/(tcp|udp))?$/.exec(text);
  const container = Number(match?.[1]);
  if (match === null || container < 1 || container > 65_535) throw new Problem('usage', `not a port: --port ${JSON.stringify(text.slice(0, 100))}`, { hint: 'the port within the workload, 80 or 53/udp; the node chooses where it is reached' });
  return { container, protocol: match[2] === 'udp' ? 'udp' : 'tcp' };
}
