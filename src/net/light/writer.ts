// Writing on a light grid: records are handed in, and believed to be in the book by their receipts.
import { join } from 'node:path';
import { sha256Hex } from '../../base/hash.js';
import { replaceFile, type Home } from '../../home.js';
import { Client } from '../client.js';
import { handOver, type Writer } from '../writer.js';
import type { LightReader } from './reader.js';

/** Opens a way to write. Takes no lock: there is no book here that two could write to. */
export function openLightWriter(home: Home, reader: LightReader, url: string, signal: AbortSignal): Writer {
  const client = new Client({ url });
  return {
    state: { lastRead_ms: null, problem: null, ended: false },
    async submit(records, together = false) {
      const outcomes = await handOver(client, reader.grid, records, together, signal);
      for (const [i, outcome] of outcomes.entries()) {
        if (!outcome.ok) continue;
        const id = sha256Hex(records[i]?.payload ?? '');
        replaceFile(join(home.receipts, `${id}.tlog-proof`), reader.own(id, outcome.index));
      }
      return outcomes;
    },
    refresh: async () => undefined,
    keepUp: async () => {
      throw new Error('a light grid is not kept up');
    },
    onNews: () => () => undefined,
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}
