// npm run bench [-- --json] [-- --large[=LINES] | --page | --peers | --signers[=N] | --node[=WORKLOADS] | --market]: figures with ratios to baselines of the same run. Nothing is asserted.
import { parseArgs } from 'node:util';
import { benchBook } from './book.js';
import { benchCheck } from './checks.js';
import { benchDeal } from './deal.js';
import { benchHttp } from './http.js';
import { benchLarge } from './large.js';
import { machine, type Figure } from './measure.js';
import { benchMarket } from './market.js';
import { benchNode } from './node.js';
import { benchPage } from './page.js';
import { benchPeers } from './peers.js';
import { benchPolls } from './polls.js';
import { benchProofs } from './proofs.js';
import { benchRun } from './run.js';
import { benchSigners, SIGNERS } from './signers.js';
import { benchStart } from './start.js';

const MILLION = 1_000_000;
const WORKLOADS = 200;
const DEFAULTS: Readonly<Record<string, number>> = { '--large': MILLION, '--signers': SIGNERS, '--node': WORKLOADS };
const args = process.argv.slice(2).map((arg) => (DEFAULTS[arg] === undefined ? arg : `${arg}=${DEFAULTS[arg]}`));
const { values } = parseArgs({ args, options: { json: { type: 'boolean' }, large: { type: 'string' }, page: { type: 'boolean' }, peers: { type: 'boolean' }, signers: { type: 'string' }, node: { type: 'string' }, market: { type: 'boolean' } } });

const progress = (done: number): void => void (process.stderr.isTTY && process.stderr.write(`\r${done.toLocaleString('en')} lines`));
async function figuresAsked(): Promise<Figure[]> {
  if (values.large !== undefined) return benchLarge(Number(values.large), progress);
  if (values.signers !== undefined) return benchSigners(Number(values.signers));
  if (values.node !== undefined) return benchNode(Number(values.node), (text) => void process.stderr.write(`${text}\n`));
  if (values.page === true) return benchPage();
  if (values.market === true) return benchMarket();
  if (values.peers === true) return benchPeers();
  return [...(await benchBook()), ...(await benchCheck()), ...(await benchHttp()), ...(await benchPolls()), ...(await benchDeal()), ...(await benchRun()), ...benchProofs(), ...(await benchMarket()), ...benchStart(), ...(await benchSigners())];
}
const figures = await figuresAsked();

if (values.json === true) {
  process.stdout.write(`${JSON.stringify({ machine: machine(), figures })}\n`);
} else {
  const { node, cpu, cores, kernel } = machine();
  process.stdout.write(`${cpu}, ${cores} cores, Linux ${kernel}, Node.js ${node}\n\n`);
  for (const { name, unit, value, baseline, baseline_value, ratio, goal } of figures) {
    const show = (n: number): string => (unit === 'mib' ? `${n.toFixed(0)} MiB` : unit === 'ms' && n >= 1_000 ? `${(n / 1_000).toFixed(2)} s` : unit === 'ms' ? `${n < 1 ? n.toFixed(4) : n.toFixed(1)} ms` : `${Math.round(n).toLocaleString('en')}/s`);
    process.stdout.write(`${name.padEnd(46)} ${show(value).padStart(12)}   ${baseline}: ${show(baseline_value)}, ratio ${ratio.toFixed(2)} (${goal})\n`);
  }
}
