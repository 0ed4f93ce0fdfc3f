// The command that does in a terminal what the page shows: exactly quoted, so that it can be pasted as it is.

/** The filters of `3bot reserve` that the page has, in the order in which they stand in the command. */
export const FILTERS = ['cpu', 'memory', 'ssd', 'hdd', 'ipv4', 'location', 'runtime', 'farm', 'node', 'for', 'dedicated'] as const;
/** A filter of FILTERS. */
export type Filter = (typeof FILTERS)[number];
/** Filters with what was typed; those that say nothing are left out. */
export type Filters = { readonly [name in Filter]?: string };

const RESOURCES: readonly Filter[] = ['cpu', 'memory', 'ssd', 'hdd', 'ipv4'];

/** A word for any POSIX shell: as it is where nothing in it means anything there, else in single quotes. */
export function quoted(word: string): string {
  return /^[A-Za-z0-9_./:@%+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Reads the filters of an address; others are left alone. */
export function filtersOf(query: URLSearchParams): Filters {
  return Object.fromEntries(FILTERS.flatMap((name) => {
    const value = query.get(name)?.trim() ?? '';
    return value === '' ? [] : [[name, value]];
  }));
}

/** `3bot reserve --cpu 4 --ssd 100`; without resources `3bot explore`, as nothing can be reserved then. */
export function commandFor(filters: Filters): string {
  const isAmount = RESOURCES.some((name) => filters[name] !== undefined) || filters.dedicated !== undefined;
  const flags = FILTERS.flatMap((name) => {
    const value = filters[name];
    return value === undefined ? [] : name === 'dedicated' ? ['--dedicated'] : [`--${name}`, quoted(value)];
  });
  return ['3bot', isAmount ? 'reserve' : 'explore', ...flags].join(' ');
}
