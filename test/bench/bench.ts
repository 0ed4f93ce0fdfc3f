// npm run bench [-- --json]: figures with ratios to baselines of the same run. Nothing is asserted.
import { benchBook } from './book.js';
import { benchDeal } from './deal.js';
import { machine, type Figure } from './measure.js';
import { benchProofs } from './proofs.js';
import { benchRun } from './run.js';
import { benchStart } from './start.js';

const figures: Figure[] = [...(await benchBook()), ...(await benchDeal()), ...(await benchRun()), ...benchProofs(), ...benchStart()];

if (process.argv.includes('--json')) {
  process.stdout.write(`${JSON.stringify({ machine: machine(), figures })}\n`);
} else {
  const { node, cpu, cores, kernel } = machine();
  process.stdout.write(`${cpu}, ${cores} cores, Linux ${kernel}, Node.js ${node}\n\n`);
  for (const { name, unit, value, baseline, baseline_value, ratio, goal } of figures) {
    const show = (n: number): string => (unit === 'ms' ? `${n.toFixed(1)} ms` : `${Math.round(n).toLocaleString('en')}/s`);
    process.stdout.write(`${name.padEnd(30)} ${show(value).padStart(12)}   ${baseline}: ${show(baseline_value)}, ratio ${ratio.toFixed(2)} (${goal})\n`);
  }
}
