// A thread of `bcdb verify`: answers tasks in the order in which they come.
import { parentPort, workerData } from 'node:worker_threads';
import { Rereader, type Task } from './reread.js';

const reader = new Rereader(workerData as string);
parentPort?.on('message', (task: Task) => parentPort?.postMessage(reader.do(task)));
