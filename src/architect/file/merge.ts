// `extends` within one file, and profiles: which services there are, as tables that say all of themselves.
import { MAX_BLUEPRINT_SERVICES, MAX_EXTENDED } from '../../base/limits.js';
import type { Faults } from './faults.js';
import { at, knownOnly, nameOf, scalarText, tableAt, textAt, textsOf } from './read.js';
import { moved, type Entry, type Table, type Tree } from './tree.js';

/** Of these the later stands in place of the earlier; other lists follow one another. */
const REPLACED = ['command', 'entrypoint', 'test'];

/** All services of a file with what they extend, without those of profiles that are not chosen. */
export function servicesOf(root: Table, profiles: ReadonlySet<string>, faults: Faults): ReadonlyMap<string, Table> {
  const services = tableAt(root, 'services', faults);
  if (services === undefined || services.entries.size === 0) faults.refuse(root, 'there are no services', 'services: {web: {image: docker.io/library/nginx:1.27}}');
  if (services !== undefined && services.entries.size > MAX_BLUEPRINT_SERVICES) return faults.refuse(services, `there are ${services.entries.size} services`, `at most ${MAX_BLUEPRINT_SERVICES}`) ?? new Map();
  const whole = new Map<string, Table>();
  for (const [name, { at: place, value }] of services?.entries ?? []) {
    if (value.kind !== 'table') faults.refuse({ at: place, path: value.path }, 'a service is a table of fields', `${name}: {image: …}`);
    else if (isChosen(value, profiles, faults)) whole.set(name, extended(name, value, services as Table, [], faults));
    else faults.note({ at: place, path: value.path }, 'left out: none of its profiles is chosen; x-3bot: {profiles: [NAME]} chooses one');
  }
  return whole;
}

function isChosen(service: Table, profiles: ReadonlySet<string>, faults: Faults): boolean {
  const own = textsOf(at(service, 'profiles'), faults) ?? [];
  return own.length === 0 || own.some((one) => profiles.has(one));
}

function extended(name: string, service: Table, services: Table, before: readonly string[], faults: Faults): Table {
  const said = at(service, 'extends');
  if (said === undefined) return service;
  if (said.kind === 'table') knownOnly(said, ['service', 'file'], faults);
  if (said.kind === 'table' && at(said, 'file') !== undefined) return faults.refuse(nameOf(said, 'file'), 'not supported: a blueprint is one file', 'copy the service into this one, or use an anchor') ?? service;
  const other = said.kind === 'table' ? textAt(said, 'service', faults) : said.kind === 'scalar' ? scalarText(said) : undefined;
  const base = other === undefined ? undefined : services.entries.get(other)?.value;
  if (other === undefined || base?.kind !== 'table') return faults.refuse(said, `there is no service ${JSON.stringify((other ?? '').slice(0, 60))} to extend`, '') ?? service;
  if (other === name || before.includes(other)) return faults.refuse(said, `${[...before, name, other].join(' extends ')}`, 'leave one of them out') ?? service;
  if (before.length >= MAX_EXTENDED) return faults.refuse(said, 'one extends the other too often', `at most ${MAX_EXTENDED} in a row`) ?? service;
  const whole = extended(other, base, services, [...before, name], faults);
  return merged(moved({ ...whole, entries: without(whole.entries, ['profiles']) }, service.path) as Table, service);
}

function without(entries: ReadonlyMap<string, Entry>, names: readonly string[]): Map<string, Entry> {
  return new Map([...entries].filter(([name]) => !names.includes(name)));
}

/** What `over` says on top of what `base` says. */
function merged(base: Table, over: Table): Table {
  const entries = new Map(base.entries);
  for (const [name, { at: place, value }] of over.entries) {
    const before = entries.get(name)?.value;
    entries.set(name, { at: place, value: before === undefined || REPLACED.includes(name) ? value : both(before, value) });
  }
  return { ...over, entries };
}

function both(base: Tree, over: Tree): Tree {
  const [a, b] = base.kind === 'list' && over.kind === 'table' ? [named(base), over] : base.kind === 'table' && over.kind === 'list' ? [base, named(over)] : [base, over];
  if (a.kind === 'table' && b.kind === 'table') return merged(a, b);
  return a.kind === 'list' && b.kind === 'list' ? { ...b, items: [...a.items, ...b.items] } : b;
}

/** A list of `NAME=VALUE` or NAME as a table, so that the later one of a name stands. */
function named(tree: Tree): Tree {
  if (tree.kind !== 'list') return tree;
  const entries = tree.items.flatMap((item): [string, Entry][] => {
    if (item.kind !== 'scalar') return [];
    const text = scalarText(item);
    const split = text.indexOf('=');
    const value: Tree = split < 0 ? { ...item, value: null, text: '' } : { ...item, value: text.slice(split + 1), text: text.slice(split + 1) };
    return [[split < 0 ? text : text.slice(0, split), { at: item.at, value }]];
  });
  return { kind: 'table', at: tree.at, path: tree.path, entries: new Map(entries) };
}
