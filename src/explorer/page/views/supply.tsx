// Supply over time: capacity and what of it is sold, nodes, prices.
import { useState } from 'preact/hooks';
import type { MarketSupply } from '../../../schema/types.js';
import { useShown } from '../context.js';
import { number, size } from '../format.js';
import { useLoad } from '../load.js';
import { Card } from '../parts/basics.js';
import type { Moment } from '../parts/chart.js';
import { Waiting } from '../parts/states.js';

type Point = MarketSupply['points'][number];

/** What can be drawn. */
interface Drawn {
  readonly title: string;
  readonly names: readonly [all: string, part?: string];
  readonly show: (amount: number) => string;
  readonly of: (point: Point) => Omit<Moment, 'at'>;
}

const CHARTS = {
  cru: { title: 'vCPU', names: ['there are', 'sold'], show: number, of: ({ capacity, sold }) => ({ all: capacity.cru, part: sold.cru }) },
  mru: { title: 'Memory', names: ['there is', 'sold'], show: size, of: ({ capacity, sold }) => ({ all: capacity.mru_mib, part: sold.mru_mib }) },
  sru: { title: 'SSD', names: ['there is', 'sold'], show: size, of: ({ capacity, sold }) => ({ all: capacity.sru_mib, part: sold.sru_mib }) },
  hru: { title: 'HDD', names: ['there is', 'sold'], show: size, of: ({ capacity, sold }) => ({ all: capacity.hru_mib, part: sold.hru_mib }) },
  nodes: { title: 'Nodes', names: ['nodes'], show: number, of: ({ nodes }) => ({ all: nodes }) },
  contracts: { title: 'Contracts in force', names: ['contracts'], show: number, of: ({ contracts }) => ({ all: contracts }) },
  price: { title: 'TFT an hour for a compute unit', names: ['middle of all farms'], show: (amount) => String(Number(amount.toPrecision(4))), of: ({ cu_price }) => ({ all: Number(cu_price ?? 0) }) },
} as const satisfies Readonly<Record<string, Drawn>>;


/** A chart, and the choice which. */
export function Supply() {
  const { api } = useShown();
  // What draws comes after what is read.
  const loaded = useLoad('supply', async (signal) => ({ ...(await api.supply(signal)), Chart: (await import('../parts/chart.js')).Chart }));
  const [chosen, choose] = useState<keyof typeof CHARTS>('cru');
  const { title, names, show, of }: Drawn = CHARTS[chosen];
  return (
    <Card title="Over time" aside={<label class="choice"><span class="hidden">what is drawn</span><select value={chosen} onChange={({ currentTarget }) => choose(currentTarget.value as keyof typeof CHARTS)}>{Object.entries(CHARTS).map(([name, { title: label }]) => <option key={name} value={name}>{label}</option>)}</select></label>}>
      <Waiting loaded={loaded} what="supply">
        {({ points, complete, Chart }) => <><Chart title={title} names={names} show={show} moments={points.map((point) => ({ at: Date.parse(point.at), ...of(point) }))} />{!complete && <p class="quiet">The book has more lines than were looked at: the newest are not drawn.</p>}</>}
      </Waiting>
    </Card>
  );
}
