// A thread of `bcdb verify`: answers tasks in the order in which they come.
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../base/errors.js';
import { Rereader, type Task } from './reread.js';

const reader = plainly(() => new Rereader(workerData as string));
parentPort?.on('message', (task: Task) => parentPort?.postMessage(plainly(() => reader.do(task))));

// An error of SQLite loses its message on the way to another thread.
function plainly<T>(work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw new Error(messageOf(thrown));
  }
}
