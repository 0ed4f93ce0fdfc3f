// Which published blueprint is meant.

/** The argument of commands about a published blueprint. */
export const BLUEPRINT_ARGUMENT: readonly [string, string] = ['<blueprint>', 'ARCHITECT/NAME, or the first digits of its id; with @VERSION, else the newest that is not withdrawn'];
