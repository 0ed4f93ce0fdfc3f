// A map of the world with a mark for each country that has nodes, and the table that says the same.
import type { MarketPlaces } from '../../../schema/types.js';
import { country as nameOf, number, resources } from '../format.js';
import { useLoad } from '../load.js';
import { href } from '../route.js';
import { Name } from './basics.js';
import { Empty } from './states.js';
import { Table } from './table.js';

type Place = MarketPlaces['places'][number];

/** What src/explorer/page/world.mjs makes. */
interface World {
  readonly width: number;
  readonly height: number;
  readonly outline: string;
  readonly marks: Readonly<Record<string, readonly [name: string, x: number, y: number]>>;
}

const [SMALLEST, LARGEST] = [5, 20];

/** Nodes of a country, of all its regions. */
function byCountry(places: readonly Place[]): { code: string; nodes: number }[] {
  const counts = new Map<string, number>();
  for (const { country, nodes } of places) if (country !== null) counts.set(country, (counts.get(country) ?? 0) + nodes);
  // Large marks first, so that small ones lie on top.
  return [...counts].map(([code, nodes]) => ({ code, nodes })).sort((a, b) => b.nodes - a.nodes);
}

/** Map and table. @param chosen what is filtered by now */
export function WorldMap({ places, chosen }: { places: readonly Place[]; chosen?: string | undefined }) {
  const world = useLoad('world', async () => (await import('map:world')).default as World);
  if (places.length === 0) return <Empty title="No farm has admitted a node yet"><p>Sell one: <code>3bot farm create NAME</code></p></Empty>;
  const countries = byCountry(places);
  const most = Math.max(...countries.map(({ nodes }) => nodes), 1);
  return (
    <>
      {world.value === undefined ? <div class="map waits" /> : (
        <svg class="map" viewBox={`0 0 ${world.value.width} ${world.value.height}`} role="group" aria-label="Map of the nodes by country; the table below says the same">
          <path class="land" d={world.value.outline} aria-hidden="true" />
          {countries.map(({ code, nodes }) => {
            const [, x, y] = world.value?.marks[code] ?? [];
            if (x === undefined || y === undefined) return null;
            const r = SMALLEST + (LARGEST - SMALLEST) * Math.sqrt(nodes / most);
            return (
              <a key={code} href={href('nodes', '', { location: code })} aria-label={`${nameOf(code)}: ${nodes} node${nodes === 1 ? '' : 's'}`} aria-current={chosen?.toUpperCase() === code ? 'true' : undefined}>
                <title>{nameOf(code)}: {nodes}</title>
                <circle cx={x} cy={y} r={r} />
                <text x={x} y={y + 5} text-anchor="middle" aria-hidden="true">{r > 11 ? number(nodes) : ''}</text>
              </a>
            );
          })}
        </svg>
      )}
      <details class="behind">
        <summary>As a table</summary>
        <Table caption="Nodes by country and region" rows={places} keyOf={({ country, region }) => `${country}/${region}`} columns={[
          { name: 'Country', cell: ({ country }) => (country === null ? nameOf(null) : <a href={href('nodes', '', { location: country })}>{nameOf(country)}</a>) },
          { name: 'Region', cell: ({ region }) => (region === null ? '–' : <a href={href('nodes', '', { location: region })}><Name>{region}</Name></a>) },
          { name: 'Nodes', isNumber: true, cell: ({ nodes }) => number(nodes) },
          { name: 'Free', cell: ({ free }) => resources(free) },
        ]} />
      </details>
    </>
  );
}
