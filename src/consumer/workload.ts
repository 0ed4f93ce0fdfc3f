// Workloads from what a person types: the flags for everyday things, or a file for everything.
import { Problem } from '../base/errors.js';
import { parseSize } from '../capacity/parse.js';
import { checkWorkloads } from '../rules/workload.js';
import type { Mount, Tmpfs, Ulimit, WebName, Workload, WorkloadLimits, WorkloadPort } from '../schema/types.js';
import { shapeError } from '../schema/validate.js';
import { splitWords } from './commandline.js';
import { LIVING_DEFAULTS, parseHealth, parseRestart, parseStop } from './living.js';
import { demandVersion } from './images.js';
import { NOT_GIVEN } from './secrets.js';

/** What was typed; every part may be missing. */
export interface WorkloadWords {
  readonly image?: string | undefined;
  readonly command?: string | undefined;
  readonly entrypoint?: string | undefined;
  readonly env?: readonly string[] | undefined;
  readonly port?: readonly string[] | undefined;
  readonly workdir?: string | undefined;
  readonly user?: string | undefined;
  readonly readOnly?: true | undefined;
  readonly tmpfs?: readonly string[] | undefined;
  readonly mount?: readonly string[] | undefined;
  readonly ulimit?: readonly string[] | undefined;
  readonly limits?: string | undefined;
  readonly restart?: string | undefined;
  readonly health?: string | undefined;
  readonly stopSignal?: string | undefined;
  readonly stopGrace?: string | undefined;
  readonly web?: readonly string[] | undefined;
  readonly registryLogin?: string | undefined;
}

/** How the schemas write what a name is, and how people say it. */
const NAME_PATTERN = '[a-z0-9-]{1,50}';
const NAME_HINT = '1 to 50 of a-z, 0-9 and -';
/** What has to be there in a record, and may be left out in a file. */
const NOTHING_SAID = { image: null, command: [], env: [], ports: [], secrets: [] } satisfies Partial<Workload>;
const FILE_HINT = '{"name": "web", "image": "docker.io/library/nginx@sha256:…", "ports": [{"container": 80, "protocol": "tcp"}]}, or {"workloads": [… several]}; every field and its default: README, "A workload as a file"';

/**
 * The workload that flags describe, or undefined where nothing is to run. Its image may still be named by a tag: see `resolveImages`.
 * @throws Problem `usage` that names the flag; `refused`, reason `workload`, where it contradicts itself
 */
export function workloadOf(name: string, words: WorkloadWords): Workload | undefined {
  const { image, command, entrypoint, env = [], port = [], workdir, user, readOnly, tmpfs = [], mount = [], ulimit = [], limits, web = [], restart, health, stopSignal, stopGrace, registryLogin } = words;
  const stop = parseStop(stopSignal, stopGrace);
  if (image === undefined && command === undefined) {
    const said = Object.entries(words).find(([, value]) => value !== undefined)?.[0];
    if (said !== undefined) throw new Problem('usage', `${flagOf(said)} says how something runs; what runs is missing`, { hint: 'give --image, or --command for a node with the process runtime' });
    return undefined;
  }
  const workload: Workload = {
    ...NOTHING_SAID, name, image: image ?? null, env: env.map(parseEnv),
    ...(command === undefined ? {} : { command: splitWords(command) }),
    ...(entrypoint === undefined ? {} : { entrypoint: splitWords(entrypoint, '--entrypoint') }),
    ...(workdir === undefined ? {} : { directory: workdir }),
    ...(user === undefined ? {} : { user }),
    ...(readOnly === undefined ? {} : { read_only: readOnly }),
    ...(tmpfs.length === 0 ? {} : { tmpfs: tmpfs.map(parseTmpfs) }),
    ...(mount.length === 0 ? {} : { mounts: mount.map(parseMount) }),
    ...(ulimit.length === 0 ? {} : { ulimits: ulimit.map(parseUlimit) }),
    ...(limits === undefined ? {} : { limits: parseLimits(limits) }),
    ...(restart === undefined ? {} : { restart: parseRestart(restart) }),
    ...(health === undefined ? {} : { health: parseHealth(health) }),
    ...(stop === undefined ? {} : { stop }),
    ...(registryLogin === undefined ? {} : { registry: { secret: registryLogin }, secrets: [{ name: registryLogin, sha256: NOT_GIVEN }] }),
    ...withWeb(port.map(parsePort), web.map(parseWeb)),
  };
  return checked([workload], (wrong) => `this workload cannot be recorded: ${wrong}`)[0];
}

/**
 * The workloads of a file: one object, or `{workloads: […]}`. What a record demands and nobody needs to say may be left out,
 * as may the hash of a secret that is given apart; images may be named by tags.
 * @param name of a single workload that has none
 * @throws Problem `usage` that names the field; `refused`, reason `workload`, where they contradict themselves
 */
export function parseWorkloads(text: string, name: string): Workload[] {
  const value = jsonOf(text);
  const isList = isObject(value) && 'workloads' in value;
  if (isList && (Object.keys(value).length > 1 || !Array.isArray(value['workloads']) || value['workloads'].length === 0)) throw new Problem('usage', 'the file of workloads holds something beside a list of them', { hint: FILE_HINT });
  const all = isList ? (value['workloads'] as unknown[]) : [value];
  const workloads = all.map((one, i) => {
    if (!isObject(one)) throw new Problem('usage', `${isList ? `workload ${i + 1}` : 'the workload'} in the file is no object`, { hint: FILE_HINT });
    return { ...NOTHING_SAID, ...(isList ? {} : { name }), ...completed(one) } as unknown as Workload;
  });
  return checked(workloads, (wrong, i) => `${isList ? `workload ${i + 1}` : 'the workload'} in the file: ${wrong}`);
}

/** What a field's parts are where the file does not say; whole fields that are words are read as their flags. */
function completed(one: Record<string, unknown>): Record<string, unknown> {
  const parts: Readonly<Record<string, (value: unknown) => unknown>> = {
    restart: (value) => (typeof value === 'string' ? parseRestart(value) : filled(LIVING_DEFAULTS.restart, value)),
    health: (value) => (typeof value === 'string' ? parseHealth(value) : filled({ ...LIVING_DEFAULTS.health, ...(isObject(value) && value['type'] === 'http' ? { path: '/' } : {}) }, value)),
    stop: (value) => filled(LIVING_DEFAULTS.stop, value),
    mounts: (value) => eachFilled({ folder: null, read_only: false }, value),
    ports: (value) => eachFilled({ protocol: 'tcp' }, value),
    secrets: (value) => eachFilled({ sha256: NOT_GIVEN }, value),
  };
  return Object.fromEntries(Object.entries(one).map(([field, value]) => [field, (Object.hasOwn(parts, field) ? parts[field] : undefined)?.(value) ?? value]));
}

function filled(defaults: object, value: unknown): unknown {
  return isObject(value) ? { ...defaults, ...value } : value;
}

function eachFilled(defaults: object, value: unknown): unknown {
  return Array.isArray(value) ? value.map((one: unknown) => filled(defaults, one)) : value;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Problem('usage', `the file of workloads is no JSON: ${(cause as Error).message}`, { cause, hint: FILE_HINT });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Shape, image and what the rules ask of all together, so that it is known before any farm is asked. */
function checked(workloads: Workload[], words: (wrong: string, index: number) => string): Workload[] {
  for (const [i, workload] of workloads.entries()) {
    // The image has its own words: of a pattern among alternatives the schema says nothing useful.
    const wrong = shapeError('workload@1', { workloads: [{ ...workload, image: null }] });
    if (wrong !== null) throw new Problem('usage', words(placeOf(wrong), i));
    if (workload.image !== null) parseImage(workload.image);
  }
  checkWorkloads(workloads, 2);
  return workloads;
}

/** A complaint of the schema with the field as one would write it: `ports.0.container must be <= 65535`. */
function placeOf(wrong: string): string {
  const [, place = '', rest = wrong] = /^workload@1\/workloads\/0(\/\S+)? (.*)$/.exec(wrong) ?? [];
  const isName = rest.includes(NAME_PATTERN) || (place.endsWith('/folder') && rest === 'must be null');
  return `${place.slice(1).replaceAll('/', '.')} ${isName ? `must be a name: ${NAME_HINT}` : rest}`.trim();
}

/** @throws Problem `usage` */
function parseImage(image: unknown): void {
  if (typeof image !== 'string') throw new Problem('usage', `not an image: ${JSON.stringify(image)?.slice(0, 100)}`);
  demandVersion(image);
}

function flagOf(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}

function parseEnv(text: string): { name: string; value: string } {
  const at = text.indexOf('=');
  if (at < 1) throw new Problem('usage', `not NAME=VALUE: --env ${shown(text)}`);
  return { name: text.slice(0, at), value: text.slice(at + 1) };
}

function parsePort(text: string): WorkloadPort {
  const match = /^([0-9]{1,5})(?:\/(tcp|udp))?$/.exec(text);
  const container = Number(match?.[1]);
  if (match === null || container < 1 || container > 65_535) throw new Problem('usage', `not a port: --port ${shown(text)}`, { hint: 'the port within the workload, 80 or 53/udp; the node chooses where it is reached' });
  return { container, protocol: match[2] === 'udp' ? 'udp' : 'tcp' };
}

/** A port that a web name leads to is published: the gateway reaches it as anybody does. */
function withWeb(ports: WorkloadPort[], web: WebName[]): Pick<Workload, 'ports' | 'web'> {
  const missing = [...new Set(web.map(({ port }) => port))].filter((port) => !ports.some(({ container, protocol }) => container === port && protocol === 'tcp'));
  return { ports: [...ports, ...missing.map((container): WorkloadPort => ({ container, protocol: 'tcp' }))], ...(web.length === 0 ? {} : { web }) };
}

function parseWeb(text: string): WebName {
  const match = /^([A-Za-z0-9.-]+):([0-9]{1,5})$/.exec(text);
  if (match === null) throw new Problem('usage', `not NAME:PORT: --web ${shown(text)}`, { hint: 'for example --web shop.example.org:80, or --web shop:80 for a name below the domain of the node' });
  return { host: (match[1] ?? '').toLowerCase(), port: Number(match[2]) };
}

function parseTmpfs(text: string): Tmpfs {
  const match = /^(\/[^=]*)=([^=]+)$/.exec(text);
  if (match === null) throw new Problem('usage', `not PATH=SIZE: --tmpfs ${shown(text)}`, { hint: 'for example --tmpfs /tmp=64MiB; it counts towards the memory' });
  return { path: match[1] ?? '', size_mib: parseSize(match[2] ?? '') };
}

function parseMount(text: string): Mount {
  const match = /^(?:([^/:]+):)?(\/[^:]*)(:ro)?$/.exec(text);
  if (match === null) throw new Problem('usage', `not FOLDER:PATH: --mount ${shown(text)}`, { hint: 'for example --mount uploads:/srv/uploads, or uploads:/srv/uploads:ro; --mount /srv has the whole volume' });
  if (match[1] !== undefined && !new RegExp(`^${NAME_PATTERN}$`).test(match[1])) throw new Problem('usage', `not a folder of the volume: ${shown(match[1])} in --mount ${shown(text)}`, { hint: `its name has ${NAME_HINT}` });
  return { path: match[2] ?? '', folder: match[1] ?? null, read_only: match[3] !== undefined };
}

function parseUlimit(text: string): Ulimit {
  const match = /^([a-z]+)=([0-9]{1,15})(?::([0-9]{1,15}))?$/.exec(text);
  if (match === null) throw new Problem('usage', `not NAME=SOFT[:HARD]: --ulimit ${shown(text)}`, { hint: 'for example --ulimit nofile=1024:4096' });
  return { name: match[1] as Ulimit['name'], soft: Number(match[2]), hard: Number(match[3] ?? match[2]) };
}

function parseLimits(text: string): WorkloadLimits {
  const [cpu = '', memory = '', pids, ...more] = text.split('/');
  const cores = /^([0-9]{1,5})(?:\.([0-9]{1,3}))?$/.exec(cpu);
  if (cores === null || more.length > 0 || (pids !== undefined && !/^[0-9]{1,6}$/.test(pids))) throw new Problem('usage', `not CPU/MEMORY[/PROCESSES]: --limits ${shown(text)}`, { hint: 'for example --limits 0.5/256MiB or --limits 2/4/500' });
  return { cpu_millis: Number(cores[1]) * 1_000 + Number((cores[2] ?? '').padEnd(3, '0')), mru_mib: parseSize(memory), ...(pids === undefined ? {} : { pids: Number(pids) }) };
}
