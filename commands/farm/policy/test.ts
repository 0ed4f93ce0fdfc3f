// 3bot farm policy test
import { formatTft, parseTft } from '../../../src/base/amount.js';
import { parseDuration } from '../../../src/base/duration.js';
import { Problem } from '../../../src/base/errors.js';
import type { Grid } from '../../../src/net/grid.js';
import { collect } from '../../collect.js';
import type { CommandFile, Context } from '../../command.js';
import { openGridOf } from '../../handle.js';
import { nowOf } from '../../now.js';
import { resourceOptions, resourcesOf, type ResourceOptions } from '../../resources.js';
import { ownFarm } from '../terms.js';

interface Options extends ResourceOptions {
  for?: number;
  consumer?: string;
  image?: string[];
  dedicated?: true;
  maxPrice?: bigint;
}

export const command: CommandFile<Options> = {
  about: 'Every check in order with what it saw, your script\'s answer too, by the book and the drafts that are signed as of now. Nothing is\npromised, recorded or held. Exits 0 where it would offer, 3 where it would decline.',
  arguments: [['[request]', 'a file with the request as JSON (schemas/talk_request.1.json, what is left out is as reserve sends it); - reads it from stdin']],
  options: (c) => resourceOptions(c)
    .option('--for <duration>', 'how long (default: 30d)', parseDuration)
    .option('--consumer <bot>', 'who asks: name, did:key:… or key (default: somebody whom you do not know)')
    .option('--image <image>', 'what would run, with or without its digest; repeat for more', collect)
    .option('--dedicated', 'a node as a whole')
    .option('--max-price <tft>', 'the most that the buyer pays for an hour', parseTft),
  examples: ['3bot farm policy test --cpu 4 --for 12h', '3bot farm policy test --cpu 4 --sru 100 --for 12h --consumer bob --max-price 0.02', '3bot farm policy test request.json'],
  async run(context, [file], options) {
    const { policyOf } = await import('../../../src/farmer/policy/policy.js');
    const { tryRequest } = await import('../../../src/farmer/policy/trial.js');
    const { Holds } = await import('../../../src/farmer/hold.js');
    const { findFarm } = await import('../../../src/market/find.js');
    const { openPrivate } = await import('../../../src/private.js');
    const { home, out } = context;
    const own = ownFarm(home);
    await using grid = await openGridOf(context, own.grid);
    await grid.refresh();
    const at = nowOf(grid);
    const request = await requestOf(context, grid, file, options);
    using data = openPrivate(home);
    const holds = new Holds(data, grid.id);
    const trial = await tryRequest({ reader: grid.reader, farm: findFarm(grid.reader, own.id), policy: policyOf(own), held: holds.live(grid.reader, at), released: holds.released(grid.reader, at), at, signal: context.signal }, request, options.maxPrice);
    const { offer, decline } = trial;
    const checks = trial.checks.map(({ check, passed, saw, decline: refusal, took_ms }) => ({ check, passed, saw, code: refusal?.code ?? null, reason: refusal?.reason ?? null, took_ms }));
    const shown = offer === null ? null : { node: offer.node, price_per_hour: formatTft(offer.per_hour_stroops), total: formatTft(offer.total_stroops), notes: offer.notes };
    out.list({
      json: { farm: own.id, answer: offer === null ? 'decline' : 'offer', offer: shown, decline, checks },
      columns: ['check', 'passed', 'saw'],
      rows: checks.map(({ check, passed, saw, reason, took_ms }) => [check, passed === null ? '-' : passed ? 'yes' : 'no', `${saw}${reason === null ? '' : `: ${reason}`}${took_ms === null ? '' : ` (${took_ms} ms)`}`]),
    });
    if (decline !== null) throw new Problem('refused', `it would decline (${decline.code}): ${decline.reason}`, { reason: decline.code, hint: '3bot farm policy set changes the policy' });
    if (shown !== null) out.note(`it would offer node ${shown.node.slice(0, 12)} at ${shown.price_per_hour} TFT an hour, ${shown.total} TFT in all`);
  },
};

async function requestOf({ io }: Context, grid: Grid, file: string | undefined, options: Options): Promise<import('../../../src/schema/types.js').TalkRequest> {
  const { requestFrom } = await import('../../../src/farmer/policy/trial.js');
  const { findBot, findNode } = await import('../../../src/market/find.js');
  const { NOTHING } = await import('../../../src/capacity/fit.js');
  const consumer = options.consumer === undefined ? '0'.repeat(64) : findBot(grid.reader, options.consumer);
  if (file !== undefined) return requestFrom(await jsonIn(io, file), consumer);
  const resources = resourcesOf(options) ?? (options.dedicated === true ? NOTHING : undefined);
  if (resources === undefined) throw new Problem('usage', 'how much is asked for is missing', { reason: 'resources', hint: 'for example --cpu 4 --for 12h, or a request as a file' });
  const digest = `@sha256:${'0'.repeat(64)}`;
  return requestFrom({
    resources, ...(options.for === undefined ? {} : { term_ms: options.for }), node: options.node === undefined ? null : findNode(grid.reader, options.node).key,
    workloads: (options.image ?? []).map((image, i) => ({ name: `image-${i + 1}`, image: image.includes('@') ? image : `${image}${digest}`, command: [], env: [], ports: [], secrets: [] })),
    ...(options.dedicated === true ? { dedicated: true } : {}),
  }, consumer);
}

async function jsonIn(io: Context['io'], file: string): Promise<unknown> {
  const { MAX_BODY_BYTES } = await import('../../../src/base/limits.js');
  const { readInput, readText } = await import('../../files.js');
  const text = file === '-' ? await readInput(io, MAX_BODY_BYTES) : readText(file, MAX_BODY_BYTES);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Problem('malformed', `${file === '-' ? 'stdin' : file} is no JSON`, { cause, reason: 'request' });
  }
}
