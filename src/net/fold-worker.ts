// A thread that moves the state file of a book: gets the size to move to, answers with the state's root.
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../base/errors.js';
import { StateFile } from '../bcdb/statefile.js';
import { Store } from '../bcdb/store.js';
import { gridRules } from '../rules/all.js';

/** What the thread works on: paths. */
export interface FoldPaths {
  readonly book: string;
  readonly state: string;
}

/** Where to move to; without a size to the end of the book, held against its own objects; without buckets, as many as suit the state. */
export interface FoldRequest {
  readonly size?: number | undefined;
  /** What its root is said to be, hex. */
  readonly root?: string | undefined;
  readonly buckets?: number | undefined;
}

/** The root, 32 bytes; or what went wrong. */
export type FoldAnswer = { readonly size: number; readonly root: Uint8Array; readonly buckets: number } | { readonly problem: string };

const { book, state } = workerData as FoldPaths;

parentPort?.on('message', (request: FoldRequest) => {
  void answer(request).then((said) => parentPort?.postMessage(said));
});

async function answer({ size, buckets, root }: FoldRequest): Promise<FoldAnswer> {
  try {
    using store = Store.read(book);
    using file = StateFile.open(state);
    // Lines and objects of one moment.
    store.db.exec('BEGIN');
    store.refresh();
    const same = size === undefined ? store : undefined;
    return await file.advance(store, gridRules, size ?? store.size, buckets, { root, same });
  } catch (thrown) {
    return { problem: messageOf(thrown) };
  }
}
