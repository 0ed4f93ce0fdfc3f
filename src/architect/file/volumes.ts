// Volumes of a file and what services mount: folders of the volume that a contract has.
import { MAX_SECRET_BYTES } from '../../base/limits.js';
import type { Mount, SecretRef, Tmpfs } from '../../schema/types.js';
import type { Faults, Where } from './faults.js';
import { plain, Names } from './names.js';
import { at, knownOnly, listAt, oneOf, parsedAt, scalarText, sizeAt, tableAt, textAt, textsOf, truthAt } from './read.js';
import type { Sources } from './sources.js';
import type { Table } from './tree.js';

/** What a volume has that does not say, and a folder in memory. */
export const VOLUME_MIB = 5 * 1_024;
const TMPFS_MIB = 64;

/** A named volume: a folder, and its part of what the contract's volume has. */
export interface Volume {
  readonly folder: string;
  readonly size_mib: number;
}

/** What a service mounts. */
export interface Mounted {
  readonly mounts: Mount[];
  readonly tmpfs: Tmpfs[];
  readonly files: SecretRef[];
  /** By folder: what each needs of the contract's volume. */
  readonly folders: ReadonlyMap<string, number>;
}

/** Paths of the host that files mount to set the clock's zone. */
const CLOCKS = ['/etc/localtime', '/etc/timezone'];
const BIND_HINT = `name a volume (data:/path), put the files into the image, or mount small files beside the blueprint (at most ${MAX_SECRET_BYTES / 1_024} KiB each)`;

/** The volumes that a file declares. */
export function volumesOf(root: Table, faults: Faults): ReadonlyMap<string, Volume> {
  const names = new Names('volume');
  const volumes = new Map<string, Volume>();
  for (const [name, { at: place, value }] of tableAt(root, 'volumes', faults)?.entries ?? []) {
    const where = { at: place, path: value.path };
    const folder = names.of(name, where, faults);
    volumes.set(name, { folder, size_mib: value.kind === 'table' ? sizeOf(value, faults) : VOLUME_MIB });
    if (value.kind !== 'table' && value.kind !== 'scalar') faults.refuse(where, 'it is no volume', `${name}: {}`);
  }
  return volumes;
}

function sizeOf(table: Table, faults: Faults): number {
  knownOnly(table, ['driver', 'driver_opts', 'external', 'name', 'labels'], faults);
  const driver = textAt(table, 'driver', faults);
  if (driver !== undefined && driver !== 'local') faults.refuse(at(table, 'driver') ?? table, `no node has the driver ${driver}`, 'leave it out: a volume is a folder on the node\'s own disk');
  if (at(table, 'driver_opts') !== undefined) faults.refuse(at(table, 'driver_opts') ?? table, 'a volume is a folder on the node\'s own disk', 'leave it out; x-3bot: {size: 20GiB} says how large it is');
  if (truthAt(table, 'external', faults) === true) faults.note(at(table, 'external') ?? table, 'it begins empty: nothing outside of the contract can be mounted');
  const market = tableAt(table, 'x-3bot', faults);
  if (market !== undefined) knownOnly(market, ['size'], faults);
  return (market === undefined ? undefined : sizeAt(market, 'size', faults)) ?? VOLUME_MIB;
}

/** What a service mounts. @param name of its workload, for volumes without a name */
export function mountedBy(service: Table, name: string, volumes: ReadonlyMap<string, Volume>, sources: Sources, faults: Faults): Mounted {
  const mounts = new Map<string, Mount>();
  const tmpfs = new Map<string, Tmpfs>();
  const files: SecretRef[] = [];
  const folders = new Map<string, number>();
  const put = (mount: Said): void => {
    const volume = mount.source === null ? { folder: (mount.folder ?? plain(`${name}${mount.target}`)).slice(0, 50), size_mib: VOLUME_MIB } : volumes.get(mount.source);
    if (volume === undefined) return faults.refuse(mount.where, `there is no volume ${mount.source}`, `declare it: volumes: {${mount.source}: {}}`);
    mounts.set(mount.target, { path: mount.target, folder: volume.folder, read_only: mount.readOnly });
    folders.set(volume.folder, volume.size_mib);
  };
  for (const item of listAt(service, 'volumes', faults)?.items ?? []) {
    const said = item.kind === 'scalar' ? shortMount(scalarText(item), item, faults) : item.kind === 'table' ? longMount(item, tmpfs, faults) : faults.refuse(item, 'it is no volume', 'NAME:/path');
    if (said === undefined || !isPath(said.target, said.where, faults)) continue;
    const taken = said.bind ? bound(said, sources, faults) : null;
    if (taken === null) put(said);
    else if (taken === 'empty') put({ ...said, source: null, folder: plain(`dir-${(said.source ?? '').replace(/^[./]+/, '')}`) });
    else files.push(...taken);
  }
  for (const text of textsOf(at(service, 'tmpfs'), faults) ?? []) {
    const made = tmpfsOf(text);
    const where = at(service, 'tmpfs') ?? service;
    if (isPath(made.path, where, faults)) tmpfs.set(made.path, made);
  }
  return { mounts: [...mounts.values()], tmpfs: [...tmpfs.values()], files, folders };
}

/** One thing to mount as the file says it. */
interface Said {
  readonly where: Where;
  /** Null: a volume without a name. */
  readonly source: string | null;
  readonly target: string;
  readonly readOnly: boolean;
  readonly bind: boolean;
  /** Of a volume without a name, where several may have it. */
  readonly folder?: string;
}

/** `[SOURCE:]PATH[:ro]`. */
function shortMount(text: string, where: Where, faults: Faults): Said | undefined {
  const parts = text.split(':');
  const [source, target, mode] = parts.length === 1 ? [null, parts[0], ''] : [parts[0] ?? null, parts[1], parts[2] ?? ''];
  if (target === undefined || target === '' || parts.length > 3) return faults.refuse(where, `not a volume: ${JSON.stringify(text.slice(0, 80))}`, 'NAME:/path, NAME:/path:ro or /path');
  return { where, source, target: tidy(target), readOnly: mode.split(',').includes('ro'), bind: source !== null && /^[./~\\]/.test(source) };
}

function longMount(item: Table, tmpfs: Map<string, Tmpfs>, faults: Faults): Said | undefined {
  knownOnly(item, ['type', 'source', 'target', 'read_only', 'bind', 'volume', 'tmpfs', 'consistency'], faults);
  const type = oneOf(item, 'type', ['volume', 'bind', 'tmpfs', 'image', 'npipe', 'cluster'], faults) ?? 'volume';
  const target = textAt(item, 'target', faults);
  if (target === undefined) return faults.refuse(item, 'the path within the service is missing', 'target: /path');
  if (type === 'tmpfs') {
    const options = tableAt(item, 'tmpfs', faults);
    const size = options === undefined ? undefined : parsedAt(options, 'size', mibOf, 'for example 64m', faults);
    tmpfs.set(target, { path: tidy(target), size_mib: size ?? TMPFS_MIB });
    return undefined;
  }
  if (type !== 'volume' && type !== 'bind') return faults.refuse(item, `not supported: no node mounts ${type}`, 'type: volume');
  const options = tableAt(item, 'volume', faults);
  if (options !== undefined && at(options, 'subpath') !== undefined) faults.refuse(at(options, 'subpath') ?? options, 'not supported: a volume is mounted as a whole', 'declare a volume of its own for it');
  return { where: item, source: textAt(item, 'source', faults) ?? null, target: tidy(target), readOnly: truthAt(item, 'read_only', faults) ?? false, bind: type === 'bind' };
}

/** Something of the own machine: small files go along, a folder to be written begins empty, everything else stays where it is. */
function bound({ where, source, target, readOnly }: Said, sources: Sources, faults: Faults): SecretRef[] | 'empty' {
  const path = source ?? '';
  if (CLOCKS.includes(path)) {
    faults.note(where, 'without effect: the clock of a node is in UTC; TZ in its environment says the zone');
    return [];
  }
  if (/docker\.sock$/.test(path)) {
    faults.refuse(where, 'not supported: a workload never reaches the runtime of its node', 'leave out what needs it');
    return [];
  }
  const found = sources.mount(path, target, where);
  if (found === 'empty' && !readOnly) {
    faults.note(where, `a folder of the volume, which begins empty: ${path} has nothing in it`);
    return found;
  }
  if (found === null || found === 'empty') {
    faults.refuse(where, `not supported: ${JSON.stringify(path.slice(0, 80))} is on your machine, not on the node`, BIND_HINT);
    return [];
  }
  faults.note(where, `taken along as ${found.length === 1 ? 'it is' : `the ${found.length} files that it has`} now, and read-only there`);
  return found;
}

/** `PATH[:options]`, of which the size counts. */
function tmpfsOf(text: string): Tmpfs {
  const [path = '', options = ''] = text.split(':');
  const size = /(?:^|,)size=([^,]+)/.exec(options)?.[1];
  let size_mib = TMPFS_MIB;
  try {
    if (size !== undefined) size_mib = mibOf(size);
  } catch {
    // As where nothing is said.
  }
  return { path: tidy(path), size_mib };
}

const UNIT: Readonly<Record<string, number>> = { b: 1, k: 1_024, m: 1_024 ** 2, g: 1_024 ** 3 };

/** MiB of Compose's `512m`, `1gb` or a number of bytes; parts of a MiB count whole. @throws where it is none */
export function mibOf(text: string): number {
  const [, number, unit = 'b'] = /^([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*([bkmg])?(?:i?b)?$/i.exec(text) ?? [];
  const mib = Math.ceil((Number(number) * (UNIT[unit.toLowerCase()] ?? 1)) / 1_024 ** 2);
  if (number === undefined || mib < 1) throw new Error('no size');
  return mib;
}

function tidy(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path;
}

const PATH = /^(\/[A-Za-z0-9._@+-]+)+$/;
const RESERVED = /^\/(proc|sys|dev|run\/secrets)(\/|$)/;

/** Whether something can be there. */
function isPath(path: string, where: Where, faults: Faults): boolean {
  const parts = path.split('/');
  if (PATH.test(path) && path.length <= 255 && !parts.includes('.') && !parts.includes('..') && !RESERVED.test(path)) return true;
  faults.refuse(where, `nothing can be put at ${JSON.stringify(path.slice(0, 80))}`, 'a whole path of letters, digits and . _ @ + -, not below /proc, /sys, /dev or /run/secrets');
  return false;
}
