// A blueprint file: a Compose file, with what the market needs to know under x-3bot. From bytes to a design, or to all that is wrong.
import type { Beside } from './beside.js';
import { designHash, type Design, type Fault, type Note } from '../design.js';
import { Faults, problemOf } from './faults.js';
import { inputsIn, sampleOf, type Input, type Values } from './inputs.js';
import { servicesOf } from './merge.js';
import { Names, plain } from './names.js';
import { partsOf } from './parts.js';
import { at, knownOnly, nameOf, tableAt, textAt, textsOf, truthAt } from './read.js';
import { readService, type Scene, type Service } from './service.js';
import { Sources } from './sources.js';
import { readTree, type Table } from './tree.js';
import { filled } from './variables.js';
import { volumesOf } from './volumes.js';

/** What a file is read with. */
export interface Reading {
  /** How messages name it: `shop.yaml`. */
  readonly file: string;
  /** Name of the order where neither `name:` nor anybody says one. */
  readonly name: string;
  /** Values of inputs (see `fill`). */
  readonly values: Values;
  /** Files beside it; null where there are none, as of a published one. */
  readonly beside: Beside | null;
}

/** What became of a file: a design, or at least one fault. */
export interface Read {
  readonly design: Design | null;
  /** By line. */
  readonly faults: readonly Fault[];
  readonly notes: readonly Note[];
  /** Services (by the names of their workloads) to those that they wait for in Compose; here all start together. */
  readonly after: ReadonlyMap<string, readonly string[]>;
}

const TOP_FIELDS = ['name', 'version', 'services', 'volumes', 'networks', 'secrets', 'configs', 'include', 'models'];
const MARKET_FIELDS = ['about', 'inputs', 'term', 'parts', 'network', 'profiles'];

/**
 * Reads a blueprint. Pure but for the files beside it.
 * @param bytes of the file; hostile input is expected
 */
export function readBlueprint(bytes: Uint8Array, { name, values, beside }: Omit<Reading, 'file'>): Read {
  const faults = new Faults();
  const tree = tableOf(bytes, faults);
  const inputs = tree === undefined ? [] : inputsIn(tree, faults);
  if (tree === undefined) return { design: null, faults: faults.faults, notes: faults.notes, after: new Map() };
  const root = filled(tree, valuesOf(inputs, values), faults);
  checkTop(root, faults);
  const sources = new Sources(root, inputs, beside, faults);
  const services = readServices(root, { faults, beside, values, sources, volumes: volumesOf(root, faults) });
  const parts = partsOf(root, services, faults);
  const market = tableAt(root, 'x-3bot', faults);
  const made = {
    name: textAt(root, 'name', faults) ?? name,
    about: (market === undefined ? undefined : textAt(market, 'about', faults)) ?? '',
    parts,
    network: networkOf(market, services, parts.map(({ group }) => group), faults),
    secrets: sources.used,
  };
  checkName(made.name, root, faults);
  const said = { faults: faults.faults, notes: faults.notes, after: new Map(services.map((one) => [one.workload.name, one.after.map(plain)])) };
  return { ...said, design: said.faults.length > 0 ? null : { ...made, notes: said.notes, hash: designHash(made) } };
}

/** As `readBlueprint`. @throws Problem `usage`, reason `blueprint`, with all that is wrong */
export function designOf(bytes: Uint8Array, reading: Reading): Design {
  const { design, faults } = readBlueprint(bytes, reading);
  if (design === null) throw problemOf(reading.file, faults);
  return design;
}

/** The inputs of a blueprint. @throws Problem `usage`, reason `blueprint`, where the file cannot be read so far */
export function inputsOf(bytes: Uint8Array, file: string): Input[] {
  const faults = new Faults();
  const tree = tableOf(bytes, faults);
  if (tree === undefined) throw problemOf(file, faults.faults);
  return inputsIn(tree, faults);
}

/** As `readBlueprint`, where nobody fills anything in: whatever has to be given is given something of its type. */
export function checkBlueprint(bytes: Uint8Array, reading: Reading): Read & { readonly inputs: readonly Input[] } {
  const tree = tableOf(bytes, new Faults());
  const inputs = tree === undefined ? [] : inputsIn(tree, new Faults());
  const examples = inputs.flatMap((input) => (input.default === null && input.type !== 'secret' ? [[input.name, sampleOf(input)] as const] : []));
  return { ...readBlueprint(bytes, { ...reading, values: new Map([...examples, ...reading.values]) }), inputs };
}

function tableOf(bytes: Uint8Array, faults: Faults): Table | undefined {
  const tree = readTree(bytes, faults);
  return tree === undefined || tree.kind === 'table' ? tree : faults.refuse(tree, 'it is no table of names', 'services: {web: {image: docker.io/library/nginx:1.27}}');
}

/** Defaults where nothing was given; what has none is missed where it is used. */
function valuesOf(inputs: readonly Input[], values: Values): Values {
  const defaults = inputs.flatMap(({ name, declared, default: said }) => (declared && said !== null ? [[name, said] as const] : []));
  const secret = new Set(inputs.flatMap(({ name, type }) => (type === 'secret' ? [name] : [])));
  return new Map([...defaults, ...[...values].filter(([name]) => !secret.has(name))]);
}

function checkTop(root: Table, faults: Faults): void {
  knownOnly(root, TOP_FIELDS, faults);
  if (at(root, 'version') !== undefined) faults.note(nameOf(root, 'version'), 'without effect: Compose files have no version any more');
  if (at(root, 'include') !== undefined) faults.refuse(nameOf(root, 'include'), 'not supported: a blueprint is one file', 'copy the services into this one');
  if (at(root, 'models') !== undefined) faults.refuse(nameOf(root, 'models'), 'not supported: no node sells models', 'run one as a service with an image');
  const market = tableAt(root, 'x-3bot', faults);
  if (market !== undefined) knownOnly(market, MARKET_FIELDS, faults);
  for (const { value } of tableAt(root, 'networks', faults)?.entries.values() ?? []) {
    if (value.kind !== 'table') continue;
    if (truthAt(value, 'internal', faults) === true) faults.note(nameOf(value, 'internal'), 'without effect: every workload may call the internet; only published ports are reached from there');
    if (at(value, 'external') !== undefined && truthAt(value, 'external', faults) === true) faults.note(nameOf(value, 'external'), 'without effect: services reach those of this file; x-3bot: {network: true} puts them into a private network that others can join');
  }
  const networks = tableAt(root, 'networks', faults);
  if ((networks?.entries.size ?? 0) > 1) faults.note(nameOf(root, 'networks'), 'all services of a part reach each other: networks do not keep them apart; parts do');
}

function readServices(root: Table, scene: Omit<Scene, 'names'>): Service[] {
  const { faults } = scene;
  const market = tableAt(root, 'x-3bot', faults);
  const profiles = new Set(market === undefined ? [] : (textsOf(at(market, 'profiles'), faults) ?? []));
  const tables = servicesOf(root, profiles, faults);
  const made = new Names('service');
  const names = new Map([...tables].map(([name, table]) => [name, made.of(name, table, faults)]));
  const known = new Set(['default', ...(tableAt(root, 'networks', faults)?.entries.keys() ?? [])]);
  const services = [...tables].map(([name, table]) => {
    checkNetworks(table, known, faults);
    return readService(name, table, { ...scene, names });
  });
  for (const { table, copies } of services) if (copies === 0) faults.note(table, 'left out: it is to run 0 times');
  return services.filter(({ copies }) => copies > 0);
}

function checkNetworks(service: Table, known: ReadonlySet<string>, faults: Faults): void {
  const said = at(service, 'networks');
  const names = said?.kind === 'table' ? [...said.entries.keys()] : (textsOf(said, faults) ?? []);
  const unknown = names.find((name) => !known.has(name));
  if (said !== undefined && unknown !== undefined) faults.refuse(said, `there is no network ${JSON.stringify(unknown.slice(0, 60))}`, `declare it: networks: {${plain(unknown)}: {}}`);
}

/** Whether the parts need a private network: the file says so, or a service waits for one of another part. */
function networkOf(market: Table | undefined, services: readonly Service[], groups: readonly string[], faults: Faults): boolean {
  const said = market === undefined ? undefined : truthAt(market, 'network', faults);
  if (said !== undefined || new Set(groups).size < 2) return said ?? false;
  const partOf = new Map(services.map((one) => [one.name, one.part ?? (one.copies > 1 ? plain(one.name) : 'main')]));
  const apart = services.find(({ name, after }) => after.some((other) => partOf.has(other) && partOf.get(other) !== partOf.get(name)));
  if (apart !== undefined) faults.note(nameOf(apart.table, 'depends_on'), 'its services are in several parts, which reach each other by a private network: x-3bot: {network: false} does without');
  return apart !== undefined;
}

function checkName(name: string, root: Table, faults: Faults): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)) faults.refuse(at(root, 'name') ?? root, `not a name for an order: ${JSON.stringify(name.slice(0, 80))}`, 'at most 63 letters, digits and . _ -');
}

