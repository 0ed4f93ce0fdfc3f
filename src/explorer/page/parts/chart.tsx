// Figures over time: what there is as an area, what of it is sold as another; the same as a table behind it.
import { scaleLinear, scaleUtc } from 'd3-scale';
import { area, curveStepAfter } from 'd3-shape';
import { time } from '../format.js';
import { Table } from './table.js';

/** A moment: all there is, and a part of it. */
export interface Moment {
  /** ms since 1970. */
  readonly at: number;
  readonly all: number;
  /** Left out where nothing is a part of it. */
  readonly part?: number;
}

const [WIDTH, HEIGHT] = [460, 150];
const EDGE = { left: 58, right: 8, top: 8, bottom: 22 };
const ROWS = 12;

/** A chart. @param names what `all` and `part` are called @param show an amount, for people */
export function Chart({ title, moments, names, show }: { title: string; moments: readonly Moment[]; names: readonly [all: string, part?: string]; show: (amount: number) => string }) {
  const [first, last] = [moments[0], moments.at(-1)];
  if (first === undefined || last === undefined) return null;
  const x = scaleUtc([first.at, Math.max(last.at, first.at + 1)], [EDGE.left, WIDTH - EDGE.right]);
  const y = scaleLinear([0, Math.max(1, ...moments.map(({ all }) => all))], [HEIGHT - EDGE.bottom, EDGE.top]).nice(3);
  const shape = (of: (moment: Moment) => number): string => area<Moment>().x(({ at }) => x(at)).y0(y(0)).y1((moment) => y(of(moment))).curve(curveStepAfter)(moments as Moment[]) ?? '';
  const [all, part] = names;
  const label = x.tickFormat(4);
  return (
    <figure class="chart">
      <figcaption><strong>{title}</strong> <span class="legend"><span class="all"><i />{all}: {show(last.all)}</span>{part !== undefined && <span class="part"><i />{part}: {show(last.part ?? 0)}</span>}</span></figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${title} over time, now ${show(last.all)}${part === undefined ? '' : `, of which ${show(last.part ?? 0)} ${part}`}; the table below says the same`}>
        {y.ticks(3).map((tick) => <g key={tick}><line class="grid" x1={EDGE.left} x2={WIDTH - EDGE.right} y1={y(tick)} y2={y(tick)} /><text x={EDGE.left - 6} y={y(tick) + 4} text-anchor="end">{show(tick)}</text></g>)}
        {x.ticks(4).map((tick) => <text key={tick.getTime()} x={x(tick)} y={HEIGHT - 6} text-anchor="middle">{label(tick)}</text>)}
        <path class="all" d={shape((moment) => moment.all)} />
        {part !== undefined && <path class="part" d={shape((moment) => moment.part ?? 0)} />}
      </svg>
      <details class="behind">
        <summary>As a table</summary>
        <Table caption={`${title} over time`} rows={thinned(moments)} keyOf={({ at }) => `${at}`} columns={[
          { name: 'Time', cell: ({ at }) => time(at) },
          { name: all, isNumber: true, cell: (moment) => show(moment.all) },
          ...(part === undefined ? [] : [{ name: part, isNumber: true, cell: (moment: Moment) => show(moment.part ?? 0) }]),
        ]} />
      </details>
    </figure>
  );
}

/** At most ROWS of them, evenly, the last one always. */
function thinned(moments: readonly Moment[]): Moment[] {
  const step = Math.max(1, Math.ceil(moments.length / ROWS));
  return moments.filter((_, i) => (moments.length - 1 - i) % step === 0);
}
