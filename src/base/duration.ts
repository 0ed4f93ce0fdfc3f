// Spans of time as people type and read them: 90s, 15m, 1h, 30d.
import { Problem } from './errors.js';
import { MAX_DURATION_MS } from './limits.js';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/**
 * Milliseconds of `90s`, `15m`, `1h`, `30d`, `2w` or several of them (`1h30m`), more than none and at most ten years.
 * @throws Problem `usage` on anything else, also on a number without a unit
 */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/([0-9]{1,9})(ms|[smhdw])/g)];
  const total = parts.reduce((sum, part) => sum + Number(part[1]) * (UNITS[part[2] ?? ''] ?? Number.NaN), 0);
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text || total === 0 || total > MAX_DURATION_MS) {
    throw new Problem('usage', `not a span of time: ${JSON.stringify(text)}`, { hint: 'a number with a unit, for example 90s, 15m, 1h, 30d' });
  }
  return total;
}

/** A span for people, in its two largest units: `formatDuration(5_400_000) === '1h30m'`. */
export function formatDuration(spanMs: number): string {
  let rest = Math.max(0, Math.round(spanMs));
  const parts: string[] = [];
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const size = UNITS[unit] ?? 1;
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count}${unit}`);
    rest -= count * size;
  }
  return parts.slice(0, 2).join('') || '0s';
}
