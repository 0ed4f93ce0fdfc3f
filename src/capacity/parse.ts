// What people type for sizes, and what they mean by leaving something out.
import { Problem } from '../base/errors.js';
import type { Resources } from '../schema/types.js';

const MIB_PER: Readonly<Record<string, bigint>> = { m: 1n, g: 1_024n, t: 1_048_576n };
/** The largest size that a record can hold. */
const MAX_SIZE_MIB = 1_000_000_000_000n;

/**
 * MiB from what a person types: `100` and `100GiB` are 102,400, `512MiB` is 512, `1.5T` is 1,572,864.
 * A bare number is GiB. Never rounded.
 * @throws Problem `usage` on anything else, on parts of a MiB, and on GB (10^9), which nobody should mistake for GiB
 */
export function parseSize(text: string): number {
  const match = /^([0-9]{1,12})(?:\.([0-9]{1,6}))?(?:([mgt])(?:ib)?)?$/i.exec(text);
  const hint = 'a number of GiB, or a number with MiB, GiB or TiB, for example 100, 512MiB or 1TiB';
  if (match === null) throw new Problem('usage', `not a size: ${JSON.stringify(text)}`, { hint });
  const places = match[2] ?? '';
  const scaled = BigInt(`${match[1]}${places}`) * (MIB_PER[(match[3] ?? 'g').toLowerCase()] ?? 0n);
  const scale = 10n ** BigInt(places.length);
  if (scaled % scale !== 0n) throw new Problem('usage', `not a whole number of MiB: ${JSON.stringify(text)}`, { hint });
  if (scaled / scale > MAX_SIZE_MIB) throw new Problem('usage', `larger than anything can be: ${JSON.stringify(text)}`);
  return Number(scaled / scale);
}

/**
 * All resources from those a person named: memory defaults to 1 GiB a vCPU, everything else to none.
 * Without that default `--cpu 4 --sru 100` would cost half as much and could run nothing.
 */
export function defaultResources(named: Partial<Resources>): Resources {
  const cru = named.cru ?? 0;
  return { cru, mru_mib: named.mru_mib ?? 1_024 * cru, sru_mib: named.sru_mib ?? 0, hru_mib: named.hru_mib ?? 0, ipv4: named.ipv4 ?? 0 };
}
