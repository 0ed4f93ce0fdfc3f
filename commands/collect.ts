// A flag that is given several times.

/** Parses such a flag: all its values, in the order in which they were typed. */
export const collect = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];
