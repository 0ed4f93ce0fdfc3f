// npm run chaos -- [--minutes 10] [--seed S]: what the suite does for seconds, for as long as you like. Needs podman and root.
import { randomBytes, randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { makeLocalImage, removeLocalImage } from '../../src/node/localimage.js';
import { CrashGrid } from '../crash/grid.js';
import { chaos } from './chaos.js';

/** One grid for so long, then another: what only a long life breaks is found, and an early fault is looked at early. */
const ROUND_MS = 120_000;

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: `${randomInt(2 ** 31)}` } } });
const end = Date.now() + Number(values.minutes) * 60_000;
const say = (text: string): void => void process.stdout.write(`${new Date().toISOString()} ${text}\n`);
const name = `3bot-chaos-${randomBytes(6).toString('hex')}`;
const image = await makeLocalImage(name, AbortSignal.timeout(60_000));
try {
  for (let seed = Number(values.seed); Date.now() < end; seed += 1) {
    say(`seed ${seed}`);
    await using grid = await CrashGrid.start(image);
    await chaos(grid, { seed, for_ms: Math.min(ROUND_MS, end - Date.now()), image, say });
  }
  say('no fault');
} finally {
  await removeLocalImage(name, AbortSignal.timeout(60_000));
}
