// Who is in a list that the state holds. Thousands may ask it of one list, one record each; it is looked through once.

/** Of lists that are still in use, by the object itself: what a state gives is shared and never changed. */
const KNOWN = new WeakMap<object, ReadonlySet<string>>();

/**
 * The members of a list.
 * @param list as the state gives it
 * @param read what is in it; a list has the same members whoever asks
 */
export function membersOf<T extends object>(list: T, read: (list: T) => Iterable<string>): ReadonlySet<string> {
  const before = KNOWN.get(list);
  if (before !== undefined) return before;
  const members = new Set(read(list));
  KNOWN.set(list, members);
  return members;
}
