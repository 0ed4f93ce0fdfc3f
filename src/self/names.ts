// Names and ids that this home folder knows, for shell completion: from its files, its private database and its own
// copy of the grid. Reads only, waits for nobody, opens no key, and looks at a bounded number of rows.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MAX_COMPLETION_ROWS, MAX_COMPLETIONS } from '../base/limits.js';
import { readConfig, type Home } from '../home.js';
import type { Config } from '../schema/types.js';
import { openToRead } from '../sqlite.js';

/** What can be named. */
export type Nameable = 'account' | 'bot' | 'contract' | 'farm' | 'grid' | 'identity' | 'key' | 'network' | 'node' | 'session' | 'vote' | 'witness';

/** A name or id, and what it is in a few words. */
export interface Named {
  readonly value: string;
  readonly about: string;
}

/** Digits of an id that commands need at most to know it. */
const SHORT = 12;

/**
 * Names and ids of a kind that begin with what was typed.
 * @param typed what stands there already
 * @param grid what `--grid` says; the one in use if left out
 * @returns at most `MAX_COMPLETIONS`
 * @throws whatever reading throws: the caller shows nothing then
 */
export function namesOf(home: Home, kind: Nameable, typed: string, grid?: string): Named[] {
  const found = FIND[kind]({ home, config: readConfig(home), typed, grid });
  return found.filter(({ value }) => value.startsWith(typed)).slice(0, MAX_COMPLETIONS);
}

/** Workloads of a contract, by its id, the beginning of one, or the name of its order. */
export function workloadsOf(home: Home, contract: string, grid?: string): Named[] {
  const asked: Asked = { home, config: readConfig(home), typed: contract, grid };
  const id = ordersOf(asked).find(({ name }) => name === contract)?.contract ?? contract;
  if (!/^[0-9a-f]{4,40}$/.test(id)) return [];
  const [first] = objectsOf<{ workloads: { name: string; image: string | null }[] }>(asked, `contract/${id}`, 1);
  return (first?.value.workloads ?? []).map(({ name, image }) => ({ value: name, about: image?.split('@', 1)[0] ?? '' }));
}

interface Asked {
  readonly home: Home;
  readonly config: Config;
  readonly typed: string;
  readonly grid: string | undefined;
}

const FIND: Readonly<Record<Nameable, (asked: Asked) => Named[]>> = {
  account: ({ config }) => [{ value: 'main', about: 'index 0' }, ...(config.accounts ?? []).map(({ name, index }) => ({ value: name, about: `index ${index}` }))],
  bot: (asked) => named(asked, 'bot'),
  contract: (asked) => [
    ...ordersOf(asked).flatMap(({ name, contract }) => (name === null ? [] : [{ value: name, about: `contract ${contract.slice(0, SHORT)}` }])),
    ...ids(ordersOf(asked).map(({ contract, name }) => ({ value: contract, about: name ?? '' })), asked.typed),
    ...ids(objectsOf<{ agreement: { order: string | null } }>(asked, `contract/${asked.typed}`).map(({ id, value }) => ({ value: id, about: value.agreement.order ?? '' })), asked.typed),
  ].filter(isFirst),
  farm: (asked) => named(asked, 'farm'),
  grid: ({ config }) => config.grids.map(({ name, id }) => ({ value: name, about: id.slice(0, SHORT) })),
  identity: ({ home }) => files(home.keys, /^(identity|key)-(.+)\.json$/, 2).map((value) => ({ value, about: '' })),
  key: ({ home }) => files(home.keys, /^key-(.+)\.json$/, 1).map((value) => ({ value, about: 'operational key' })),
  network: (asked) => objectsOf<{ name: string; subnet: string }>(asked, 'network/').map(({ value: { name, subnet } }) => ({ value: name, about: subnet })),
  node: (asked) => ids(objectsOf<{ farm: string | null }>(asked, `node/${asked.typed}`).map(({ id }) => ({ value: id, about: 'node' })), asked.typed),
  session: ({ home }) => files(join(home.path, 'sessions'), /^(.+)\.session$/, 1).map((value) => ({ value, about: '' })),
  vote: (asked) => ids(objectsOf<{ question: string }>(asked, `vote/${asked.typed}`).map(({ id, value: { question } }) => ({ value: id, about: question })), asked.typed),
  witness: ({ home }) => files(home.keys, /^witness-(.+)\.json$/, 1).map((value) => ({ value, about: '' })),
};

/** Ids as short as they can be typed. */
function ids(found: readonly Named[], typed: string): Named[] {
  return found.map(({ value, about }) => ({ value: typed.length < SHORT ? value.slice(0, SHORT) : value, about }));
}

function isFirst({ value }: Named, at: number, all: readonly Named[]): boolean {
  return all.findIndex((one) => one.value === value) === at;
}

function files(folder: string, pattern: RegExp, group: number): string[] {
  return readdirSync(folder).flatMap((file) => pattern.exec(file)?.[group] ?? []).sort();
}

/** Names on the grid: those that somebody has now. */
function named(asked: Asked, type: 'bot' | 'farm'): Named[] {
  const prefix = `name/${type}/`;
  return objectsOf<{ holder: string | null }>(asked, `${prefix}${asked.typed}`).flatMap(({ key, value: { holder } }) => (holder === null ? [] : [{ value: key.slice(prefix.length), about: `${type} ${holder.slice(type.length + 1).slice(0, SHORT)}` }]));
}

function gridOf({ config, grid }: Asked): Config['grids'][number] | undefined {
  const wanted = grid ?? config.grid ?? config.grids[0]?.id;
  return config.grids.find(({ id, name }) => id === wanted || name === wanted);
}

interface Order {
  readonly name: string | null;
  readonly contract: string;
}

/** Own orders of the grid, newest first. */
function ordersOf(asked: Asked): Order[] {
  const entry = gridOf(asked);
  // Who has ordered nothing yet has no such file.
  if (entry === undefined || !existsSync(asked.home.database)) return [];
  using data = closing(openToRead(asked.home.database));
  return data.db.prepare('SELECT name, contract FROM orders WHERE grid = ? ORDER BY changed_ms DESC LIMIT ?').all(entry.id, MAX_COMPLETIONS) as Order[];
}

/** Objects of the own copy whose id begins so; `key` is the id, `id` what follows its first slash. */
function objectsOf<T>(asked: Asked, prefix: string, limit = MAX_COMPLETION_ROWS): { readonly key: string; readonly id: string; readonly value: T }[] {
  const entry = gridOf(asked);
  if (entry === undefined || entry.light === true) return [];
  using book = closing(openToRead(asked.home.gridDatabase(entry.id)));
  const rows = book.db.prepare('SELECT id, json FROM object WHERE id >= ? AND id < ? ORDER BY id LIMIT ?').all(prefix, `${prefix}\u{10ffff}`, limit) as { id: string; json: string }[];
  return rows.map(({ id, json }) => ({ key: id, id: id.slice(id.indexOf('/') + 1), value: JSON.parse(json) as T }));
}

function closing<T extends { close(): unknown }>(db: T): Disposable & { readonly db: T } {
  return { db, [Symbol.dispose]: () => void db.close() };
}
