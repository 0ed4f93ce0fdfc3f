// A thread that keeps a book's index up; told that the book may have grown, it takes in what there is.
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../base/errors.js';
import { BookIndex } from './book-index.js';

const index = BookIndex.open(workerData as string);

parentPort?.on('message', (size: number) => {
  try {
    index.ask(size, () => undefined);
    parentPort?.postMessage(null);
  } catch (thrown) {
    // Whoever asks the index finds the same, and says so to somebody.
    parentPort?.postMessage(messageOf(thrown));
  }
});
