// 3bot node join
import { Problem } from '../../src/base/errors.js';
import { MAX_ALLOWED_NETWORKS, MAX_INVITATION_BYTES } from '../../src/base/limits.js';
import type { Grid, GridOptions } from '../../src/net/grid.js';
import type { Check } from '../../src/node/driver.js';
import { parseRange } from '../../src/node/network/ranges.js';
import type { Config, Invitation } from '../../src/schema/types.js';
import type { CommandFile, Context } from '../command.js';
import { readInput } from '../files.js';
import { parsePublic } from '../listen.js';
import { parsePortNumber } from './gateway.js';
import { parseReleaseKey } from './release-key.js';
import { benchmarkText, checkLines, machineOptions, NOTHING_ISOLATED, resourcesText, type MachineOptions, type Runtime } from './shared.js';

interface Options extends MachineOptions {
  farm?: string;
  address?: string;
  country?: string;
  region?: string;
  allowRegistry?: string[];
  allowConsumer?: string[];
  relay?: string;
  allowExec?: boolean;
  benchmark?: boolean;
  allowNetwork?: string[];
  gateway?: string | boolean;
  gatewayHttp?: number;
  gatewayHttps?: number;
  releaseKey?: string;
}

export const command: CommandFile<Options> = {
  about: 'Makes keys for the node, joins the grid that the invitation names, announces what the machine offers, and has the farm\nadmit it. Again, without an invitation: announces what has changed. After an interruption: run it again.',
  arguments: [['[invitation]', 'what a farmer got from 3bot farm invite; - reads it from stdin, where no other user of the machine sees it']],
  options: (c) => machineOptions(c)
    .option('--farm <name>', 'the farm of this same home folder, instead of an invitation')
    .option('--address <host>', "where workloads' ports are reached: a host name or IP address of this machine", parseAddress)
    .option('--country <code>', 'where the machine stands, two letters', parseCountry)
    .option('--region <text>', 'where in the country', parseRegion)
    .option('--benchmark', 'measure its speed again, for some seconds; done unasked the first time')
    .option('--no-benchmark', 'do not measure its speed')
    .option('--release-key <key>', 'whose releases this node may run, as 3bot node upgrade trust takes it', parseReleaseKey)
    .option('--allow-registry <registry...>', 'private registries that images may come from, for example localhost')
    .option('--allow-network <cidr...>', 'private networks of yours that workloads may reach, for example 192.168.1.0/24; "none" ends it', parseNetwork)
    .option('--allow-consumer <bot...>', 'who may use this node: name or key; with --runtime process nobody else')
    .option('--relay <url>', 'bot that serves, through which operators see logs and use of their workloads; "no" for none (default: the bot this copy follows)', parseRelay)
    .option('--allow-exec', 'operators may run commands in their workloads where the agreement says so; each session is recorded')
    .option('--no-allow-exec', 'they may not (any more)')
    .option('--gateway [domain]', 'a web gateway (caddy): HTTP names lead to workloads; below this domain, whose names lead here, labels do')
    .option('--no-gateway', 'none (any more)')
    .option('--gateway-http <port>', 'port that it opens (default: 80)', parsePortNumber)
    .option('--gateway-https <port>', 'port for TLS (default: 443); certificates are got where the address is public and the ports are 80 and 443', parsePortNumber),
  examples: ['3bot node join - < invitation', '3bot node join --farm sunny --declare 8/16/500/0', '3bot node join --runtime process --allow-consumer alice', '3bot node join --gateway farm.example.org'],
  async run(context, [given], options) {
    const { openGrid } = await import('../../src/net/grid.js');
    const { readConfig, updateConfig } = await import('../../src/home.js');
    const { announce, askAdmission, nodeOf } = await import('../../src/node/probe/join.js');
    const { gridOptions } = await import('../handle.js');
    const { read, readGrid } = await import('../../src/rules/objects.js');
    const { findBot } = await import('../../src/market/find.js');
    const { nodeKeyring, ownKeys } = await import('./keys.js');
    const { lookAtMachine, speedOf } = await import('./machine.js');
    const { home, io, out, clock, signal } = context;
    const text = given === '-' ? await readInput(io, MAX_INVITATION_BYTES) : given;
    const { grid: gridId, farm, invitation } = await placeOf(context, text, options.farm, readConfig(home));
    await using grid = await openGrid({ ...gridOptions(context), grid: gridId } satisfies GridOptions);
    await grid.refresh();
    if (grid.reader.get(`farm/${farm}`) === undefined) throw new Problem('not_found', `no farm ${farm} on grid ${grid.name}`, { reason: 'farm' });

    const settings = readConfig(home).node;
    const named = options.allowConsumer?.map((text) => findBot(grid.reader, text));
    const keyring = await nodeKeyring(context, settings);
    const key = keyring.signer('node').key;
    const known = nodeOf(grid, key)?.announcement;
    using progress = await context.progress('measuring this machine');
    const { offer, checks: looked, runtime, data } = await lookAtMachine(context, options, { grid: grid.id, key, runtime: settings?.runtime ?? null, data: settings?.data ?? null, announcement: known, dev: grid.dev });
    progress.stop();
    const checks = [...looked];
    demandCapacity(offer.capacity, checks);
    const address = options.address ?? known?.address ?? null;
    const place = known?.location ?? { country: null, region: null };
    const location = { country: options.country ?? place.country, region: options.region ?? place.region };
    const relay = options.relay === undefined ? settings?.relay : options.relay === 'no' ? null : options.relay;
    const allow_exec = options.allowExec ?? settings?.allow_exec ?? false;
    const { gatewayCheck, gatewaySettings } = await import('./gateway.js');
    const gateway = gatewaySettings(options, settings?.gateway);
    const found = await gatewayCheck(context, { gateway, runtime, data, address });
    if (found !== null) checks.push(found.check);
    const wanted = options.benchmark ?? (known?.benchmark === undefined && !offer.declared);
    const measured = wanted && readGrid(grid.reader).rules >= 2 ? await speedOf(context, data) : undefined;
    const terms = { farm, location, address, relay: relay === undefined ? grid.url : relay, exec: allow_exec, gateway: found?.announced, benchmark: measured ?? known?.benchmark };
    const announced = await announce(grid, keyring, terms, offer);
    // On a laptop it is oneself who tries things.
    const own = runtime === 'process' ? ownKeys(home) : [];
    const listed = settings?.allow_consumers ?? [];
    const consumers = named ?? (listed.length > 0 ? listed : own);
    const networks = options.allowNetwork ?? settings?.allow_networks ?? [];
    const releaseKey = options.releaseKey ?? settings?.release_key;
    updateConfig(home, (config) => {
      config.node = { key, grid: grid.id, farm, runtime, allow_registries: options.allowRegistry ?? settings?.allow_registries ?? [], allow_consumers: consumers, ...(networks.length > 0 ? { allow_networks: networks } : {}), address, data, ...(relay === undefined ? {} : { relay }), allow_exec, ...(releaseKey === undefined ? {} : { release_key: releaseKey }), ...(settings?.power === undefined ? {} : { power: settings.power }), ...(gateway === undefined ? {} : { gateway }) };
    });
    if (nodeOf(grid, key)?.admitted !== farm) {
      if (invitation !== null) await askAdmission({ grid, keyring, clock, signal }, invitation);
      else await admitOwn(context, grid, farm, key);
    }
    const admitted = nodeOf(grid, key)?.admitted === farm;
    const speed = nodeOf(grid, key)?.announcement.benchmark;
    const farmName = read(grid.reader, 'farm', farm)?.name ?? farm;
    out.one({
      json: { node: key, grid: grid.id, farm, runtime, admitted, announced, declared: offer.declared, capacity: offer.capacity, benchmark: speed ?? null, address, location, data, checks },
      id: key,
      text: () => [...checkLines(checks), '', `node ${key}`, `sells ${resourcesText(offer.capacity)}${offer.declared ? ' (declared, not measured)' : ''} for farm ${farmName}`, ...(speed === undefined ? [] : [`speed ${benchmarkText(speed)}`])].join('\n'),
    });
    sayNotes(context, runtime, checks.filter(({ name }) => !(name === 'disk' && offer.declared)), consumers.length);
    // A terminal shows it among the checks.
    if (!io.terminal.stdout && found?.announced?.https === null) out.note('the web gateway serves plain HTTP only: certificates need a public address and ports 80 and 443');
    out.next('3bot node watch');
  },
};

/** What a person should know of the node that was made: what it cannot offer, and for whom a process node runs. */
function sayNotes({ out }: Context, runtime: Runtime, checks: readonly Check[], consumers: number): void {
  if (runtime === 'process') {
    out.note(NOTHING_ISOLATED);
    out.note(consumers > 0 ? `note: it runs for ${consumers} listed consumer${consumers === 1 ? '' : 's'} only` : 'note: no consumer is listed, so it runs for nobody yet; 3bot node join --allow-consumer NAME');
    return;
  }
  for (const { name, ok, evidence, remedy } of checks) if (!ok) out.note(`note: ${name}: ${evidence}${remedy === null ? '' : ` (${remedy})`}`);
}

/** Which grid and farm: of the invitation, of this home's own farm, or those joined before. */
async function placeOf(context: Context, text: string | undefined, farmName: string | undefined, { node, farm, grids }: Config): Promise<{ grid: string; farm: string; invitation: Invitation | null }> {
  if (text !== undefined) {
    const { parseInvitation } = await import('../../src/market/invitation.js');
    const { iso } = await import('../../src/base/clock.js');
    if (farmName !== undefined) throw new Problem('usage', 'an invitation names its farm; leave out --farm');
    const invitation = parseInvitation(text);
    if (invitation.expires <= context.clock()) throw new Problem('refused', `the invitation expired at ${iso(invitation.expires)}`, { reason: 'invitation', hint: 'ask the farmer for another: 3bot farm invite' });
    if (node !== null && node.grid !== invitation.grid) throw new Problem('usage', 'this home folder holds a node of another grid', { reason: 'node', hint: 'give another folder with --home' });
    if (!grids.some(({ id }) => id === invitation.grid)) await joinFirst(context, invitation);
    return { grid: invitation.grid, farm: invitation.farm, invitation };
  }
  if (farmName !== undefined) {
    if (farm === null || (farm.name !== farmName && farm.id !== farmName)) throw new Problem('not_found', `no keys of a farm ${farmName} in ${context.home.path}`, { reason: 'farm', hint: "ask its farmer for an invitation: 3bot farm invite" });
    return { grid: farm.grid, farm: farm.id, invitation: null };
  }
  if (node === null) throw new Problem('usage', 'which farm is the node for?', { reason: 'farm', hint: 'give the invitation of a farmer, or --farm NAME for your own farm' });
  return { grid: node.grid, farm: node.farm, invitation: null };
}

/** The invitation pins the grid: nothing else at its address is believed. */
async function joinFirst(context: Context, { url, grid }: Invitation): Promise<void> {
  const { joinGrid } = await import('../../src/net/join.js');
  const { home, clock, signal } = context;
  using progress = await context.progress(`asking ${url}`);
  await joinGrid({ home, clock, signal, url, genesis: grid, onProgress: (lines, of) => progress.say(`${lines} of ${of} lines re-checked`) });
}

function demandCapacity(capacity: object, checks: readonly Check[]): void {
  if (Object.values(capacity).some((amount: number) => amount > 0)) return;
  const failed = checks.find(({ ok, remedy }) => !ok && remedy !== null);
  throw new Problem('failed', `this machine has nothing to offer${failed === undefined ? '' : `: ${failed.evidence}`}`, { reason: 'capacity', hint: failed?.remedy ?? '3bot node probe' });
}

async function admitOwn(context: Context, grid: Grid, farm: string, key: string): Promise<void> {
  const { readConfig } = await import('../../src/home.js');
  const own = readConfig(context.home).farm;
  if (own === null || own.id !== farm) throw new Problem('refused', `farm ${farm} has not admitted this node`, { reason: 'invitation', hint: 'ask the farmer for an invitation, then 3bot node join INVITATION' });
  const { admitNode } = await import('../../src/farmer/admit.js');
  const { openKeyring } = await import('../../src/keys/unlock.js');
  await admitNode(grid, await openKeyring(context, 'farm', own.name), key);
}

function parseAddress(text: string): string {
  if (!/^[A-Za-z0-9.:-]{1,253}$/.test(text)) throw new Problem('usage', `not a host name or IP address: ${JSON.stringify(text.slice(0, 100))}`);
  return text;
}

/** @throws Problem `usage` */
function parseRelay(text: string): string {
  return text === 'no' ? text : parsePublic(text, '--relay');
}

function parseNetwork(text: string, before: string[] | undefined): string[] {
  if (text === 'none') return [];
  if (parseRange(text) === null) throw new Problem('usage', `not a network: ${JSON.stringify(text.slice(0, 50))}`, { hint: 'an IPv4 network as 192.168.1.0/24, or one address' });
  if ((before?.length ?? 0) >= MAX_ALLOWED_NETWORKS) throw new Problem('usage', `at most ${MAX_ALLOWED_NETWORKS} networks can be allowed`);
  return [...(before ?? []), text];
}

function parseCountry(text: string): string {
  if (!/^[A-Za-z]{2}$/.test(text)) throw new Problem('usage', `not a country: ${JSON.stringify(text.slice(0, 50))}`, { hint: 'two letters, for example BE' });
  return text.toUpperCase();
}

function parseRegion(text: string): string {
  if (text.length > 200) throw new Problem('usage', 'a region has at most 200 characters');
  return text;
}
