// A thread of the signature pool: gets packed batches, answers with their verdicts, in order.
import { parentPort } from 'node:worker_threads';
import { checkBatch } from './batch.js';

parentPort?.on('message', (packed: Uint8Array<ArrayBuffer>) => {
  const verdicts = checkBatch(packed);
  parentPort?.postMessage(verdicts, [verdicts.buffer]);
});
