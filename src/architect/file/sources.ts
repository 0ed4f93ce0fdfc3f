// Secrets and configs: where their bytes come from, and which service sees them where. Bytes never enter a design.
import { MAX_FOLDER_FILES, MAX_SECRET_BYTES } from '../../base/limits.js';
import { NOT_GIVEN } from '../../consumer/secrets.js';
import type { SecretRef } from '../../schema/types.js';
import type { Beside, Found } from './beside.js';
import type { SecretSource } from '../design.js';
import type { Faults, Where } from './faults.js';
import type { Input } from './inputs.js';
import { Names } from './names.js';
import { at, knownOnly, listAt, scalarText, shown, tableAt, textAt, truthAt } from './read.js';
import type { Table, Tree } from './tree.js';

type From = SecretSource['from'];
/** Secrets and configs are declared alike. */
const KINDS = { secrets: 'secret', configs: 'config' } as const;
type Kind = keyof typeof KINDS;

const WHY_NOT: Readonly<Record<Exclude<Found, 'file'>, readonly [string, string]>> = {
  folder: ['it is a folder', 'name a file'],
  nothing: ['there is no such file', 'paths begin at the folder of the blueprint'],
  outside: ['it lies outside of the blueprint\'s folder', 'put it there, or leave the file out (external: true) and give it as --secret NAME=@FILE'],
  too_large: ['it is too large', `at most ${MAX_SECRET_BYTES} bytes; put large files into the image`],
};

/** All secrets and configs of a file. */
export class Sources {
  readonly #faults: Faults;
  readonly #beside: Beside | null;
  readonly #names = new Names('secret or config');
  readonly #declared: Record<Kind, Map<string, SecretSource>> = { secrets: new Map(), configs: new Map() };
  readonly #used = new Map<string, SecretSource>();

  /** @param beside null: nothing but what stands in the file itself can be had */
  constructor(root: Table, inputs: readonly Input[], beside: Beside | null, faults: Faults) {
    this.#faults = faults;
    this.#beside = beside;
    for (const kind of ['secrets', 'configs'] as const) {
      for (const [name, { at: place, value }] of tableAt(root, kind, faults)?.entries ?? []) {
        const where = { at: place, path: value.path };
        const from = value.kind === 'table' ? this.#from(kind, value) : faults.refuse(where, 'where it comes from is missing', 'file: ./FILE, environment: VARIABLE, or external: true');
        if (from !== undefined) this.#declared[kind].set(name, { name: this.#names.of(name, where, faults), from });
      }
    }
    for (const { name, help } of inputs.filter(({ type }) => type === 'secret')) {
      if (!this.#declared.secrets.has(name)) this.#declared.secrets.set(name, { name: this.#names.of(name, root, faults), from: { type: 'ask', help } });
    }
  }

  /** Those that a service uses, in the order in which they were first used. */
  get used(): SecretSource[] {
    return [...this.#used.values()];
  }

  /** The secret of this name as a workload lists it, to be seen as the file that `place` says. */
  use(kind: Kind, name: string, where: Where, place: Pick<SecretRef, 'env' | 'path'>): SecretRef | undefined {
    const source = this.#declared[kind].get(name);
    if (source === undefined) return this.#faults.refuse(where, `there is no ${KINDS[kind]} ${name}`, `declare it: ${kind}: {${name}: {file: ./FILE}}`);
    this.#used.set(source.name, source);
    const isUsual = place.path === `/run/secrets/${source.name}`;
    return { name: source.name, sha256: NOT_GIVEN, ...(isUsual ? {} : place) };
  }

  /**
   * What a service mounts of the machine at hand: a small file, or a folder of a few, as if they were configs.
   * @returns `empty` for a folder without anything in it, or none at all: nothing has to be taken along; null where it cannot be
   */
  mount(path: string, target: string, where: Where): SecretRef[] | 'empty' | null {
    const found = this.#beside?.look(path, MAX_SECRET_BYTES) ?? null;
    if (found === 'file') return [this.#taken(path, target, where)];
    if (found === 'nothing') return 'empty';
    if (found !== 'folder') return null;
    const names = this.#beside?.list(path, MAX_FOLDER_FILES + 1) ?? [];
    if (names.length === 0) return 'empty';
    const all = names.map((name) => ({ path: `${path.replace(/\/$/, '')}/${name}`, target: `${target}/${name}` }));
    if (all.length > MAX_FOLDER_FILES || all.some((one) => this.#beside?.look(one.path, MAX_SECRET_BYTES) !== 'file')) return null;
    return all.map((one) => this.#taken(one.path, one.target, where));
  }

  #taken(path: string, target: string, where: Where): SecretRef {
    const name = this.#names.of(`file ${path}`.slice(-50), where, this.#faults);
    this.#used.set(name, { name, from: { type: 'file', path } });
    return { name, sha256: NOT_GIVEN, path: target };
  }

  #from(kind: Kind, table: Table): From | undefined {
    const faults = this.#faults;
    knownOnly(table, ['file', 'environment', 'content', 'external', 'name', 'labels', 'driver', 'driver_opts', 'template_driver'], faults);
    const [file, variable] = (['file', 'environment'] as const).map((field) => textAt(table, field, faults));
    const said = at(table, 'content');
    const content = said?.kind === 'scalar' ? scalarText(said) : undefined;
    if (file !== undefined) return this.#file(file, at(table, 'file') ?? table);
    if (variable !== undefined) return this.#beside === null ? { type: 'ask', help: '' } : { type: 'environment', variable };
    if (content !== undefined && Buffer.byteLength(content) <= MAX_SECRET_BYTES) return { type: 'text', text: content };
    if (content !== undefined) return faults.refuse(said ?? table, 'it is too large', `at most ${MAX_SECRET_BYTES} bytes`);
    if (truthAt(table, 'external', faults) === true) return { type: 'ask', help: '' };
    return faults.refuse(table, 'where it comes from is missing', `file: ./FILE, environment: VARIABLE${kind === 'configs' ? ', content: |' : ''} or external: true`);
  }

  #file(path: string, where: Where): From | undefined {
    // A published blueprint has no folder: whoever applies it gives the file.
    if (this.#beside === null) return { type: 'ask', help: `what ${path} is to hold` };
    const found = this.#beside.look(path, MAX_SECRET_BYTES);
    return found === 'file' ? { type: 'file', path } : this.#faults.refuse(where, `${WHY_NOT[found][0]}: ${JSON.stringify(path.slice(0, 100))}`, WHY_NOT[found][1]);
  }
}

/** The secrets and configs of a service. */
export function secretsOf(service: Table, sources: Sources, faults: Faults): SecretRef[] {
  const seen = (['secrets', 'configs'] as const).flatMap((kind) => (listAt(service, kind, faults)?.items ?? []).flatMap((item) => oneOf(kind, item, sources, faults) ?? []));
  const market = tableAt(service, 'x-3bot', faults);
  const variables = market === undefined ? undefined : tableAt(market, 'secret_env', faults);
  for (const [env, { at: place, value }] of variables?.entries ?? []) {
    const where = { at: place, path: value.path };
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(env)) faults.refuse(where, 'not a name of a variable', 'letters, digits and _, not a digit first');
    else seen.push(...[sources.use('secrets', value.kind === 'scalar' ? scalarText(value) : shown(value), value, { env }) ?? []].flat());
  }
  return seen;
}

function oneOf(kind: Kind, item: Tree, sources: Sources, faults: Faults): SecretRef | undefined {
  const place = (name: string, target: string | undefined): Pick<SecretRef, 'path'> => {
    const path = target === undefined ? (kind === 'secrets' ? `/run/secrets/${name}` : `/${name}`) : target.startsWith('/') ? target : `/run/secrets/${target}`;
    return { path };
  };
  if (item.kind === 'scalar') return sources.use(kind, scalarText(item), item, place(scalarText(item), undefined));
  if (item.kind === 'list') return faults.refuse(item, `it is no ${KINDS[kind]}`, '- NAME, or - {source: NAME, target: PATH}');
  knownOnly(item, ['source', 'target', 'uid', 'gid', 'mode'], faults);
  for (const field of ['uid', 'gid', 'mode']) if (at(item, field) !== undefined) faults.note(at(item, field) ?? item, 'without effect: its file is for the user of the workload, to read');
  const name = textAt(item, 'source', faults);
  return name === undefined ? faults.refuse(item, 'its name is missing', 'source: NAME') : sources.use(kind, name, item, place(name, textAt(item, 'target', faults)));
}
