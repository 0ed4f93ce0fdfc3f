// Numbers, sizes, times and names as the page shows them.
import type { Resources } from '../../schema/types.js';

const count = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' });

/** `12,345` */
export const number = (value: number): string => count.format(value);

/** TFT as the API gives it (7 places), without zeros that say nothing: `1.5`, `20`. */
export function tft(text: string): string {
  const [whole = '0', part = ''] = text.split('.');
  const rest = part.replace(/0+$/, '');
  return `${count.format(BigInt(whole))}${rest === '' ? '' : `.${rest}`}`;
}

/** MiB as people read them: `512 MiB`, `100 GiB`, `1.5 TiB`. */
export function size(mib: number): string {
  if (mib < 1024) return `${number(mib)} MiB`;
  if (mib < 1024 * 1024) return `${fine.format(mib / 1024)} GiB`;
  return `${fine.format(mib / 1024 / 1024)} TiB`;
}

/** `4 vCPU · 8 GiB · 100 GiB SSD` */
export function resources({ cru, mru_mib, sru_mib, hru_mib, ipv4 }: Resources): string {
  const parts = [
    [cru, `${number(cru)} vCPU`], [mru_mib, size(mru_mib)], [sru_mib, `${size(sru_mib)} SSD`], [hru_mib, `${size(hru_mib)} HDD`], [ipv4, `${number(ipv4)} IPv4`],
  ] as const;
  return parts.filter(([amount]) => amount > 0).map(([, text]) => text).join(' · ') || 'nothing';
}

/** `23 Nov 2026, 09:17:22 UTC` */
export const time = (at: number | string): string => `${day.format(new Date(at))} UTC`;

/** How long ago, or how far ahead: `12 s`, `3 min`, `5 h`, `2 d`. */
export function span(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000);
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129_600) return `${Math.round(seconds / 3_600)} h`;
  return `${number(Math.round(seconds / 86_400))} d`;
}

/** The beginning of an id, enough to tell it from others. */
export const short = (id: string): string => id.slice(0, 12);

/** Percent of a whole, 0 where there is none. */
export const percent = (part: number, whole: number): number => (whole === 0 ? 0 : Math.round((part / whole) * 100));

const names = new Intl.DisplayNames('en', { type: 'region' });

/** A country's name by its two letters. */
export function country(code: string | null): string {
  if (code === null) return 'not said';
  try {
    return names.of(code) ?? code;
  } catch {
    return code;
  }
}
