// npm run soak -- [--minutes 30]: what CI does for a minute, for as long as you like and with other seeds each time:
// parsers are fed, power is cut, a whole grid is killed and started again. Ends at the first fault and says its seed.
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { messageOf } from '../src/base/errors.js';
import { fuzz } from './fuzz/fuzz.js';
import { TARGETS } from './fuzz/targets.js';

const FUZZ_MS = 3_000;
const CUTS = '300';
/** Run in turn, with a seed of their own each time. */
const SUITES = ['power/power.test.js', 'rules/money.test.js', 'bcdb/histories.test.js', 'crash/deal.test.js'];

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '30' } } });
const end = Date.now() + Number(values.minutes) * 60_000;
const say = (text: string): void => void process.stdout.write(`${new Date().toISOString()} ${text}\n`);

function suite(name: string, seed: number): boolean {
  const env = { ...process.env, THREEBOT_TEST_SEED: `${seed}`, THREEBOT_TEST_CUTS: CUTS };
  const { status, stdout } = spawnSync(process.execPath, ['--test', '--test-reporter=spec', fileURLToPath(new URL(name, import.meta.url))], { env, encoding: 'utf8' });
  if (status !== 0) process.stdout.write(stdout);
  return status === 0;
}

let rounds = 0;
for (; Date.now() < end && process.exitCode === undefined; rounds += 1) {
  const seed = randomInt(2 ** 31);
  for (const [name, target] of Object.entries(TARGETS)) {
    try {
      const { fed, taken } = fuzz(name, target, seed, FUZZ_MS);
      say(`fuzz ${name}, seed ${seed}: ${fed} fed, ${taken} taken`);
    } catch (thrown) {
      say(messageOf(thrown));
      process.exitCode = 1;
    }
    if (Date.now() > end) break;
  }
  const name = SUITES[rounds % SUITES.length] ?? '';
  if (suite(name, seed)) say(`${name}, seed ${seed}: holds`);
  else {
    say(`${name} does not hold; again: THREEBOT_TEST_SEED=${seed} THREEBOT_TEST_CUTS=${CUTS} node bin/test.js ${name.replace('.js', '')}`);
    process.exitCode = 1;
  }
}
say(`${rounds} rounds, ${process.exitCode === undefined ? 'no fault' : 'ended at a fault'}`);
