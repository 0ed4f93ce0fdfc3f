// One service of a Compose file as a workload, and what it asks of the contract it runs in.
import { splitWords } from '../../consumer/commandline.js';
import { parseReference } from '../../net/registry/reference.js';
import type { Ulimit, WebName, Workload } from '../../schema/types.js';
import type { Beside } from './beside.js';
import type { Faults } from './faults.js';
import { checkFields } from './fields.js';
import { variablesOf } from './environment.js';
import { healthOf, restartOf, stopOf } from './living.js';
import { HOST } from './names.js';
import { portsOf } from './ports.js';
import { at, integerAt, integerOf, isUnwritable, knownOnly, listAt, nameOf, oneOf, scalarText, shown, tableAt, textAt, textsOf, truthAt } from './read.js';
import { needsOf, type Needs } from './needs.js';
import { secretsOf, type Sources } from './sources.js';
import type { Table, Tree } from './tree.js';
import { mountedBy, type Mounted, type Volume } from './volumes.js';

/** What services are read with. */
export interface Scene {
  readonly faults: Faults;
  readonly beside: Beside | null;
  readonly values: ReadonlyMap<string, string>;
  readonly volumes: ReadonlyMap<string, Volume>;
  readonly sources: Sources;
  /** Names of workloads by those of services. */
  readonly names: ReadonlyMap<string, string>;
}

/** A service, read. */
export interface Service {
  /** As the file calls it. */
  readonly name: string;
  readonly table: Table;
  readonly workload: Workload;
  readonly needs: Needs;
  readonly folders: Mounted['folders'];
  /** Names of services that it waits for in Compose. */
  readonly after: readonly string[];
  /** The part that it names; undefined: it does not say. */
  readonly part: string | undefined;
  /** 1 where it does not say. */
  readonly copies: number;
}

const MARKET_FIELDS = ['part', 'web', 'secret_env', 'registry_login', 'process'];
const ULIMITS: readonly Ulimit['name'][] = ['core', 'cpu', 'data', 'fsize', 'locks', 'memlock', 'msgqueue', 'nofile', 'nproc', 'rss', 'sigpending', 'stack'];
/** How Compose writes that there is no bound; the node gives what it has. */
const UNLIMITED = -1;
const CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'NET_BIND_SERVICE', 'SETGID', 'SETUID'];

/** Reads a service; faults and notes say what it cannot have, and what means something else here. */
export function readService(name: string, table: Table, scene: Scene): Service {
  const { faults, sources, volumes } = scene;
  checkFields(table, faults);
  checkRights(table, faults);
  const market = tableAt(table, 'x-3bot', faults);
  if (market !== undefined) knownOnly(market, MARKET_FIELDS, faults);
  const deploy = deployOf(table, faults);
  const workloadName = scene.names.get(name) ?? name;
  const mounted = mountedBy(table, workloadName, volumes, sources, faults);
  const secrets = [...secretsOf(table, sources, faults), ...mounted.files];
  const login = market === undefined ? undefined : textAt(market, 'registry_login', faults);
  const registry = login === undefined || market === undefined ? undefined : sources.use('secrets', login, at(market, 'registry_login') ?? market, {});
  const hidden = new Set(secrets.flatMap(({ env }) => env ?? []));
  const needs = needsOf(table, deploy, faults);
  const isBare = market !== undefined && truthAt(market, 'process', faults) === true;
  const words = { command: wordsOf(table, 'command', faults) ?? [], entrypoint: wordsOf(table, 'entrypoint', faults) };
  const parts = {
    // Said also where there are none: left out, it would see the whole volume.
    entrypoint: words.entrypoint, directory: pathAt(table, 'working_dir', faults), user: userOf(table, faults),
    read_only: truthAt(table, 'read_only', faults) === true ? (true as const) : undefined,
    tmpfs: some(mounted.tmpfs), mounts: isBare ? some(mounted.mounts) : mounted.mounts, ulimits: some(ulimitsOf(table, faults)), limits: isBare ? undefined : needs.limits,
    restart: restartOf(table, deploy, faults), health: healthOf(table, faults), stop: stopOf(table, faults),
    registry: registry === undefined ? undefined : { secret: registry.name }, web: some(market === undefined ? [] : webOf(market, faults)), aliases: some(aliasesOf(name, workloadName, table, faults)),
  };
  const workload: Workload = {
    name: workloadName, image: isBare ? processOf(table, faults) : imageOf(table, faults), command: words.command,
    env: variablesOf(table, { values: scene.values, beside: scene.beside, hidden }, faults),
    ports: withWeb(portsOf(table, faults), parts.web ?? []),
    secrets: [...new Map([...secrets, ...(registry === undefined ? [] : [registry])].map((one) => [one.name, one])).values()],
    ...(Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as Partial<Workload>),
  };
  return { name, table, workload, needs, folders: mounted.folders, after: afterOf(table, scene), part: market === undefined ? undefined : textAt(market, 'part', faults), copies: copiesOf(table, deploy, faults) };
}

function some<T>(items: readonly T[]): T[] | undefined {
  return items.length === 0 ? undefined : [...items];
}

/** A bare command, for nodes with the process runtime: no image at all. */
function processOf(table: Table, faults: Faults): null {
  if (at(table, 'image') !== undefined) faults.refuse(nameOf(table, 'image'), 'a bare command (x-3bot: process) has no image', 'leave one of them out');
  if (at(table, 'command') === undefined) faults.refuse(table, 'its command is missing', "command: ['/bin/sh', '-c', '…']");
  return null;
}

/** The whole name of an image: Compose's short ones are those of Docker's registry. */
function imageOf(table: Table, faults: Faults): string {
  const said = textAt(table, 'image', faults);
  if (said === undefined) {
    if (at(table, 'image') === undefined) faults.refuse(at(table, 'build') === undefined ? table : nameOf(table, 'build'), at(table, 'build') === undefined ? 'its image is missing' : 'not supported: nothing is built here', 'build the image, push it to a registry, and name it: image: registry/name:version');
    return '';
  }
  const where = at(table, 'image') ?? table;
  if (at(table, 'build') !== undefined) faults.note(nameOf(table, 'build'), 'without effect: the image is taken from its registry, as it is there');
  const first = said.slice(0, Math.max(0, said.indexOf('/')));
  const isWhole = first.includes('.') || first.includes(':') || first === 'localhost';
  const whole = isWhole ? said : `docker.io/${said.includes('/') ? '' : 'library/'}${said}`;
  try {
    const { tag, digest } = parseReference(whole);
    if (digest === null && (tag === null || tag === 'latest')) faults.refuse(where, tag === null ? `${said} names no version` : `${said} is whatever is newest, which changes from day to day`, `say which: ${said.replace(/:latest$/, '')}:1.2, or @sha256:…`);
    else if (!isWhole) faults.note(where, `${said} is ${whole}`);
  } catch {
    faults.refuse(where, `not an image: ${shown(where as Tree)}`, 'host/path:version');
  }
  return whole;
}

/** A command line as a list, or as one text that is split as a shell would. */
function wordsOf(table: Table, name: string, faults: Faults): string[] | undefined {
  const value = at(table, name);
  if (value === undefined) return undefined;
  const words = value.kind === 'scalar' ? split(scalarText(value), value, faults) : textsOf(value, faults);
  if (words?.some(isUnwritable) === true) return faults.refuse(value, 'it has a line break or another control character, which no record holds', 'write it on one line ( && or ; between commands), or put the script into a config');
  return words === undefined || words.length === 0 ? undefined : words.slice(0, 256);
}

function split(text: string, where: Tree, faults: Faults): string[] | undefined {
  if (text.trim() === '') return [];
  try {
    return splitWords(text.trim());
  } catch {
    return faults.refuse(where, `not a command line: ${shown(where)}`, '["program", "argument"]');
  }
}

function pathAt(table: Table, name: string, faults: Faults): string | undefined {
  const path = textAt(table, name, faults);
  if (path === undefined || (/^\/([A-Za-z0-9._@+-]+(\/[A-Za-z0-9._@+-]+)*)?$/.test(path) && path.length <= 255)) return path;
  return faults.refuse(at(table, name) ?? table, `not a whole path: ${JSON.stringify(path.slice(0, 80))}`, '/srv/app');
}

function userOf(table: Table, faults: Faults): string | undefined {
  const user = textAt(table, 'user', faults);
  if (user === undefined || /^[a-z0-9_][a-z0-9_-]{0,31}(:[a-z0-9_][a-z0-9_-]{0,31})?$/.test(user)) return user;
  return faults.refuse(at(table, 'user') ?? table, `not a user: ${JSON.stringify(user.slice(0, 80))}`, 'name or number, and a group: 1000:1000');
}

function ulimitsOf(table: Table, faults: Faults): Ulimit[] {
  return [...(tableAt(table, 'ulimits', faults)?.entries ?? [])].flatMap(([name, { at: place, value }]) => {
    const known = ULIMITS.find((one) => one === name);
    if (known === undefined) return faults.refuse({ at: place, path: value.path }, 'there is no such limit', ULIMITS.join(', ')) ?? [];
    const most = Number.MAX_SAFE_INTEGER;
    const said = value.kind === 'table' ? [integerAt(value, 'soft', faults, UNLIMITED), integerAt(value, 'hard', faults, UNLIMITED)] : [integerOf(value, faults, UNLIMITED, most)];
    const [soft, hard] = said.map((one) => (one === UNLIMITED ? most : one));
    if (soft === undefined) return [];
    if (hard !== undefined && hard < soft) return faults.refuse(value, 'the soft limit is above the hard one', '') ?? [];
    return [{ name: known, soft, hard: hard ?? soft }];
  });
}

/** `x-3bot.web`: names under which the gateway of the node sends HTTP to a port. */
function webOf(market: Table, faults: Faults): WebName[] {
  return (listAt(market, 'web', faults)?.items ?? []).flatMap((item) => {
    const [, host, port] = /^([A-Za-z0-9.-]{1,253}):([0-9]{1,5})$/.exec(item.kind === 'scalar' ? scalarText(item) : '') ?? [];
    if (host === undefined || Number(port) < 1 || Number(port) > 65_535) return faults.refuse(item, `not a web name: ${shown(item)}`, 'shop.example.org:80, or shop:80 below the domain of the node') ?? [];
    return [{ host: host.toLowerCase(), port: Number(port) }];
  });
}

/** A port that a web name leads to is published. */
function withWeb(ports: Workload['ports'], web: readonly WebName[]): Workload['ports'] {
  const missing = [...new Set(web.map(({ port }) => port))].filter((port) => !ports.some(({ container, protocol }) => container === port && protocol === 'tcp'));
  return [...ports, ...missing.map((container) => ({ container, protocol: 'tcp' as const }))];
}

/** Names beside that of its workload under which Compose lets others reach it. */
function aliasesOf(name: string, workloadName: string, table: Table, faults: Faults): string[] {
  const networks = at(table, 'networks');
  const named = networks?.kind === 'table' ? [...networks.entries.values()].flatMap(({ value }) => (value.kind === 'table' ? textsOf(at(value, 'aliases'), faults) ?? [] : [])) : [];
  const all = [name, textAt(table, 'container_name', faults), textAt(table, 'hostname', faults), ...named].filter((one) => one !== undefined && one !== workloadName) as string[];
  const wrong = all.find((one) => !HOST.test(one));
  if (wrong !== undefined) faults.refuse(table, `no host can be called ${JSON.stringify(wrong.slice(0, 80))}`, 'letters, digits and _ . -, at most 63');
  return [...new Set(all)].slice(0, 16);
}

/** What a service asks for beyond the rights that every workload has. */
function checkRights(table: Table, faults: Faults): void {
  for (const item of listAt(table, 'cap_add', faults)?.items ?? []) {
    const name = item.kind === 'scalar' ? scalarText(item).toUpperCase().replace(/^CAP_/, '') : '';
    if (!CAPABILITIES.includes(name)) faults.refuse(item, `not supported: a workload has at most ${CAPABILITIES.join(', ')}`, 'leave it out');
  }
  for (const item of listAt(table, 'security_opt', faults)?.items ?? []) {
    const text = item.kind === 'scalar' ? scalarText(item) : '';
    if (/^no-new-privileges([:=]true)?$/.test(text)) faults.note(item, 'without effect: it is so for every workload');
    else faults.refuse(item, `not supported: ${shown(item)}`, 'leave it out: each workload has the node\'s list of system calls, and no new privileges');
  }
  const mode = textAt(table, 'network_mode', faults);
  if (mode === 'bridge') faults.note(at(table, 'network_mode') ?? table, 'without effect: the services of a contract have a network of their own');
  else if (mode !== undefined) faults.refuse(at(table, 'network_mode') ?? table, `not supported: ${JSON.stringify(mode.slice(0, 40))}`, 'leave it out: each service has a network of its own and reaches the others by their names');
  if (at(table, 'shm_size') !== undefined) faults.note(nameOf(table, 'shm_size'), 'without effect: /dev/shm has 64 MiB, or half of the memory where that is less');
  if (at(table, 'links') !== undefined) faults.note(nameOf(table, 'links'), 'without effect: every service reaches every other by its name');
}

const DEPLOY_IDLE: Readonly<Record<string, string>> = { labels: 'nothing here reads labels', endpoint_mode: 'each copy has an address of its own', placement: 'x-3bot: {parts: {NAME: {location: …, spread: node}}} says where it runs', update_config: 'a change is rolled back by the node itself where it does not work', rollback_config: 'a change is rolled back by the node itself where it does not work' };

function deployOf(table: Table, faults: Faults): Table | undefined {
  const deploy = tableAt(table, 'deploy', faults);
  if (deploy === undefined) return undefined;
  knownOnly(deploy, ['mode', 'replicas', 'resources', 'restart_policy', ...Object.keys(DEPLOY_IDLE)], faults);
  for (const [name, why] of Object.entries(DEPLOY_IDLE)) if (at(deploy, name) !== undefined) faults.note(nameOf(deploy, name), `without effect: ${why}`);
  const mode = textAt(deploy, 'mode', faults);
  if (mode !== undefined && mode !== 'replicated') faults.refuse(at(deploy, 'mode') ?? deploy, `not supported: ${JSON.stringify(mode)}`, 'deploy: {replicas: 3} says how many');
  return deploy;
}

function copiesOf(table: Table, deploy: Table | undefined, faults: Faults): number {
  const replicas = deploy === undefined ? undefined : integerAt(deploy, 'replicas', faults, 0, 64);
  return replicas ?? integerAt(table, 'scale', faults, 0, 64) ?? 1;
}

/** `depends_on`, and what it means here. */
function afterOf(table: Table, { names, faults }: Scene): string[] {
  const said = at(table, 'depends_on');
  if (said === undefined || said.kind === 'scalar') return said === undefined ? [] : (faults.refuse(said, 'it is no list of services', '[db, cache]') ?? []);
  const rows = said.kind === 'list' ? said.items.map((item) => [item.kind === 'scalar' ? scalarText(item) : '', item, undefined] as const) : [...said.entries].map(([name, { value }]) => [name, value, value.kind === 'table' ? value : undefined] as const);
  return rows.flatMap(([name, where, wish]) => {
    if (wish !== undefined) knownOnly(wish, ['condition', 'restart', 'required'], faults);
    const condition = wish === undefined ? 'service_started' : (oneOf(wish, 'condition', ['service_started', 'service_healthy', 'service_completed_successfully'], faults) ?? 'service_started');
    if (!names.has(name)) return wish !== undefined && truthAt(wish, 'required', faults) === false ? [] : (faults.refuse(where, `there is no service ${JSON.stringify(name.slice(0, 60))}`, `there are ${[...names.keys()].join(', ')}`) ?? []);
    if (condition !== 'service_started') faults.note(where, `all services start at the same time: it has to wait for ${name} itself, or end and be started again (restart)`);
    return [name];
  });
}
