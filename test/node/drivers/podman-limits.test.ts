import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '../../../src/base/errors.js';
import { parseHardLimits, processLimits } from '../../../src/node/drivers/podman-limits.js';

test('hard limits are read as the kernel writes them; what is unlimited or not there is no bound', () => {
  const text = 'Limit                     Soft Limit           Hard Limit           Units     \nMax processes             1                    96365                processes \nMax open files            1024                 unlimited            files     \n';
  const { nofile, nproc, stack } = parseHardLimits(text);
  assert.deepEqual([nofile, nproc, stack], [Number.MAX_SAFE_INTEGER, 96_365, Number.MAX_SAFE_INTEGER]);
});

test('a workload gets no more of anything than this process could have', () => {
  const hard = { ...parseHardLimits(''), nofile: 20_000, nproc: 100, stack: 5 };
  assert.deepEqual(processLimits({ ulimits: [{ name: 'stack', soft: 4, hard: 9 }] }, hard), [{ type: 'nofile', soft: 20_000, hard: 20_000 }, { type: 'nproc', soft: 100, hard: 100 }, { type: 'core', soft: 1, hard: 1 }, { type: 'stack', soft: 4, hard: 5 }]);
});

for (const name of ['nice', 'rtprio', 'rttime'] as const) {
  test(`nobody buys the right to run before others: ${name}`, () => {
    assert.throws(() => processLimits({ ulimits: [{ name, soft: 1, hard: 1 }] }, parseHardLimits('')), (thrown) => isProblem(thrown, 'refused', 'limits'));
  });
}
