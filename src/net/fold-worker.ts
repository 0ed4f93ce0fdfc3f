// A thread that moves the state file of a book: gets the size to move to, answers with the state's root.
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../base/errors.js';
import { StateFile } from '../bcdb/statefile.js';
import { Store } from '../bcdb/store.js';
import { rules1 } from '../rules/all.js';

/** What the thread works on: paths. */
export interface FoldPaths {
  readonly book: string;
  readonly state: string;
}

/** Where to move to; without buckets, as many as suit the state. */
export interface FoldRequest {
  readonly size: number;
  readonly buckets?: number | undefined;
}

/** The root, 32 bytes; or what went wrong. */
export type FoldAnswer = { readonly size: number; readonly root: Uint8Array; readonly buckets: number } | { readonly problem: string };

const { book, state } = workerData as FoldPaths;

parentPort?.on('message', (request: FoldRequest) => {
  void answer(request).then((said) => parentPort?.postMessage(said));
});

async function answer({ size, buckets }: FoldRequest): Promise<FoldAnswer> {
  try {
    using store = Store.read(book);
    using file = StateFile.open(state);
    return await file.advance(store, rules1, size, buckets);
  } catch (thrown) {
    return { problem: messageOf(thrown) };
  }
}
