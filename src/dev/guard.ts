// A process of its own that takes a development grid down when the one who started it asks for that, or is gone.
//
// Recovery is the normal path: Ctrl-C, an error, the end of `dev run` and `kill -9` all come here, as the end of stdin.
import { createInterface } from 'node:readline';
import { clean, identify, type Made } from './clean.js';

/** A line on stdin: something was made, or whether it is to be kept. */
export type Word = { readonly pid: number } | { readonly image: string } | { readonly keep: boolean };

const made: Made = { folder: process.argv[2] ?? '', keep: false, processes: [], images: [] };
// In a session of our own a terminal's Ctrl-C does not reach us; whoever else asks us to end has to wait as well.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);
process.stdout.on('error', () => undefined);

for await (const line of createInterface({ input: process.stdin })) {
  const word = JSON.parse(line) as Word;
  if ('keep' in word) made.keep = word.keep;
  else if ('image' in word) made.images.push(word.image);
  else made.processes.push(await identify(word.pid));
}
const left = await clean(made, new AbortController().signal);
process.stdout.write(`${JSON.stringify(left)}\n`);
