// Capacity, sold and free, as bars; what they show is also written beside them.
import type { Resources } from '../../../schema/types.js';
import { number, percent, size } from '../format.js';

const KINDS = [['cru', 'vCPU', number], ['mru_mib', 'Memory', size], ['sru_mib', 'SSD', size], ['hru_mib', 'HDD', size], ['ipv4', 'IPv4', number]] as const;

/** A bar for each resource that there is any of. */
export function CapacityBars({ capacity, free }: { capacity: Resources; free: Resources }) {
  const rows = KINDS.filter(([kind]) => capacity[kind] > 0);
  return (
    <ul class="bars">
      {rows.map(([kind, name, show]) => {
        const sold = Math.max(0, capacity[kind] - free[kind]);
        const part = percent(sold, capacity[kind]);
        return (
          <li key={kind}>
            <span class="bar-name">{name}</span>
            <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="bar-free" width="100" height="8" rx="0" /><rect class="bar-sold" width={part} height="8" /></svg>
            <span class="bar-says">{show(sold)} of {show(capacity[kind])} sold <span class="quiet">({part} %)</span></span>
          </li>
        );
      })}
    </ul>
  );
}
