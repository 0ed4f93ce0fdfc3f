// Names as Compose people write them, and as records hold them: a-z, 0-9 and -.
import type { Faults, Where } from './faults.js';

/** Of workloads, secrets and folders of a volume. */
export const NAME = /^[a-z0-9-]{1,50}$/;
/** Of hosts, as files of hosts know them; Compose's own names of services have `_`, too. */
export const HOST = /^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9_])?$/;

/** The same name in the letters that records know: `db_Data` is `db-data`. */
export function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-');
}

/** Gives each name its plain form, and notices where two become one. */
export class Names {
  readonly #what: string;
  readonly #taken = new Map<string, string>();

  /** @param what for messages: `service` */
  constructor(what: string) {
    this.#what = what;
  }

  /** @returns the plain name; a fault where it is none, or another has it */
  of(name: string, where: Where, faults: Faults): string {
    const made = plain(name);
    const other = this.#taken.get(made);
    if (!NAME.test(made)) faults.refuse(where, `not a name for a ${this.#what}: it has ${name.length} characters`, 'at most 50 of a-z, 0-9 and -');
    else if (other !== undefined && other !== name) faults.refuse(where, `${name} and ${other} are both ${made} here`, 'call one of them otherwise');
    this.#taken.set(made, other ?? name);
    return made;
  }
}
