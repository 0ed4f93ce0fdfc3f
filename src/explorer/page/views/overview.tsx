// The grid at a glance: how large, how fresh, what is sold, where, and what happens now.
import { add, NOTHING } from '../../../capacity/fit.js';
import type { MarketPlaces } from '../../../schema/types.js';
import { useShown } from '../context.js';
import { country, number, percent, span } from '../format.js';
import { useEvery, useLoad } from '../load.js';
import { CapacityBars } from '../parts/bars.js';
import { Card, Figure, Name } from '../parts/basics.js';
import { Records } from '../parts/records.js';
import { Empty, Waiting } from '../parts/states.js';
import { WorldMap } from '../parts/world.js';
import { href } from '../route.js';
import { grids } from '../api.js';
import { useLines } from './lines.js';
import { Supply } from './supply.js';

const NEWEST = 8;
const AGAIN_MS = 30_000;

/** `#/` */
export function Overview() {
  const { api, grid } = useShown();
  const places = useLoad('places', (signal) => api.places(signal));
  const head = useLoad('head', async (signal) => (await grids(signal)).find(({ id }) => id === grid.id) ?? grid);
  useEvery(AGAIN_MS, head.reload);
  const { size, time } = head.value ?? grid;
  const sum = totals(places.value?.places ?? []);
  return (
    <>
      <h1><Name>{grid.name}</Name>{grid.dev && <span class="quiet"> development grid</span>}</h1>
      <dl class="figures">
        <Figure name="Lines" value={number(size)} note={time === null ? 'never stamped' : `stamped ${span(Date.now() - time)} ago`} />
        <Figure name="Farms" value={places.value === undefined ? '…' : number(places.value.farms)} note={<a href={href('farms')}>all farms</a>} />
        <Figure name="Nodes" value={places.value === undefined ? '…' : number(sum.nodes)} note={<a href={href('nodes')}>find one</a>} />
        <Figure name="vCPU sold" value={places.value === undefined ? '…' : `${percent(sum.capacity.cru - sum.free.cru, sum.capacity.cru)} %`} note={`${number(sum.capacity.cru - sum.free.cru)} of ${number(sum.capacity.cru)}`} />
      </dl>
      <div class="split">
        <div class="stack">
          <Card title="Capacity"><Waiting loaded={places} what="capacity">{({ places: all }) => (all.length === 0 ? <Empty title="Nothing is sold here yet" /> : <CapacityBars {...totals(all)} />)}</Waiting></Card>
          <Supply />
        </div>
        <Card title="Newest lines" aside={<a href={href('lines')}>live</a>}><Newest /></Card>
      </div>
      <Card title="Where it stands"><Waiting loaded={places} what="the map">{({ places: all }) => <><WorldMap places={all} /><p class="quiet">{describe(all)}</p></>}</Waiting></Card>
    </>
  );
}

function Newest() {
  const { lines } = useLines(NEWEST, true);
  return lines.length === 0 ? <Empty title="Waiting for lines…" /> : <Records lines={lines} label="newest lines first" />;
}

function totals(places: MarketPlaces['places']) {
  return places.reduce((sum, one) => ({ nodes: sum.nodes + one.nodes, capacity: add(sum.capacity, one.capacity), free: add(sum.free, one.free) }), { nodes: 0, capacity: NOTHING, free: NOTHING });
}

function describe(places: MarketPlaces['places']): string {
  const countries = new Set(places.flatMap((one) => (one.country === null ? [] : [one.country])));
  const unsaid = places.filter((one) => one.country === null).reduce((sum, { nodes }) => sum + nodes, 0);
  const named = [...countries].slice(0, 5).map(country).join(', ');
  return `${countries.size === 0 ? 'No node says where it stands' : `${countries.size} countr${countries.size === 1 ? 'y' : 'ies'}: ${named}${countries.size > 5 ? ' and others' : ''}`}${unsaid > 0 && countries.size > 0 ? `; ${unsaid} nodes do not say` : ''}. A place is what the owner says.`;
}
