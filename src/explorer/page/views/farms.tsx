// Farms, and one of them: what it sells, for how much, on which nodes.
import type { Route } from '../address.js';
import { useShown } from '../context.js';
import { commandFor } from '../command.js';
import { country, number, percent, resources, span, tft } from '../format.js';
import { useLoad } from '../load.js';
import { CapacityBars } from '../parts/bars.js';
import { Card, Chip, Command, Facts, Id, Name } from '../parts/basics.js';
import { Qr } from '../parts/qr.js';
import { Empty, Waiting } from '../parts/states.js';
import { Pages, Table } from '../parts/table.js';
import { go, href } from '../route.js';

const LIMIT = 50;
const PPM_PERCENT = 10_000;

/** `#/farms` */
export function Farms({ route }: { route: Route }) {
  const { api } = useShown();
  const loaded = useLoad('farms', (signal) => api.farms(signal));
  const skip = Number(route.query.get('skip') ?? 0) || 0;
  return (
    <>
      <h1>Farms</h1>
      <Card title="Who sells">
        <Waiting loaded={loaded} what="farms">
          {({ farms }) => (farms.length === 0 ? <Empty title="No farm yet"><p>Begin to sell: <code>3bot farm create NAME</code></p></Empty> : (
            <>
              <Table caption="Farms" rows={farms.slice(skip, skip + LIMIT)} keyOf={({ farm }) => farm} columns={[
                { name: 'Farm', cell: ({ farm, name }) => <Id view="farm" id={farm}><Name>{name}</Name></Id> },
                { name: 'Place', cell: ({ place }) => <Name>{place === '' ? '–' : place}</Name> },
                { name: 'Nodes', isNumber: true, cell: ({ nodes }) => number(nodes) },
                { name: 'Free', cell: ({ free }) => resources(free) },
                { name: 'Sold', isNumber: true, cell: ({ capacity, free }) => `${percent(capacity.cru - free.cru, capacity.cru)} %` },
                { name: 'TFT/h a CU', isNumber: true, cell: ({ prices }) => tft(prices.cu) },
                { name: 'TFT/h an SU', isNumber: true, cell: ({ prices }) => tft(prices.su) },
              ]} />
              <Pages skip={skip} limit={LIMIT} total={farms.length} go={(to) => go(href('farms', '', { skip: to === 0 ? '' : `${to}` }))} />
            </>
          ))}
        </Waiting>
      </Card>
    </>
  );
}

/** `#/farm/<id>` */
export function Farm({ route }: { route: Route }) {
  const { api } = useShown();
  const loaded = useLoad(`farm/${route.id}`, (signal) => api.farm(route.id, signal));
  const skip = Number(route.query.get('skip') ?? 0) || 0;
  return (
    <Waiting loaded={loaded} what="the farm">
      {({ farm, contracts, machines }) => (
        <>
          <h1>Farm <Name>{farm.name}</Name></h1>
          <div class="split">
            <Card title="Sold and free"><CapacityBars capacity={farm.capacity} free={farm.free} /><p class="quiet">{number(farm.nodes)} node{farm.nodes === 1 ? '' : 's'} admitted, {number(contracts)} contract{contracts === 1 ? '' : 's'} on them</p></Card>
            <Card title="Prices">
              <Facts rows={[
                ['compute unit', `${tft(farm.prices.cu)} TFT an hour`],
                ['storage unit', `${tft(farm.prices.su)} TFT an hour`],
                ['public IPv4', `${tft(farm.prices.ipv4)} TFT an hour`],
                ['traffic', `${tft(farm.prices.nu)} TFT a GB`],
                ['a node as a whole', `${farm.dedicated_ppm / PPM_PERCENT} % off`],
                ['architects', `up to ${farm.architect_ppm / PPM_PERCENT} % of the farm's part`],
                ...farm.lengths.map(({ at_least_ms, ppm }) => [`${span(at_least_ms)} or longer`, `${ppm / PPM_PERCENT} % off`] as const),
              ]} />
            </Card>
          </div>
          <Card title="Who it is">
            <Facts rows={[
              ['id', <code class="break">{farm.farm}</code>],
              ['place', <Name>{farm.place === '' ? 'not said' : farm.place}</Name>],
              ['owner', <Id view="bot" id={farm.owner.replace('bot/', '')} />],
              ['paid on', <a href={href('account', farm.payout)}><code class="break">{farm.payout}</code></a>],
              ['answers at', farm.endpoint === null ? 'nowhere: it cannot be bought from' : <code class="break">{farm.endpoint}</code>],
            ]} />
            <Command text={commandFor({ farm: farm.name })} />
            <Qr text={`farm/${farm.farm}`} what="the farm's id" />
          </Card>
          <Card title="Its nodes">
            {machines.length === 0 ? <Empty title="It has admitted none" /> : (
              <Table caption="Nodes of this farm" rows={machines.slice(skip, skip + LIMIT)} keyOf={({ node }) => node} columns={[
                { name: 'Node', cell: ({ node, drained }) => <><Id view="node" id={node} />{drained && <> <Chip tone="warn">drains</Chip></>}</> },
                { name: 'Place', cell: ({ location }) => <>{country(location.country)}{location.region !== null && <>, <Name>{location.region}</Name></>}</> },
                { name: 'Capacity', cell: ({ capacity }) => resources(capacity) },
                { name: 'Free', cell: ({ free }) => resources(free) },
                { name: 'Contracts', isNumber: true, cell: (machine) => number(machine.contracts) },
                { name: 'Runtime', cell: ({ runtime }) => runtime },
              ]} />
            )}
            <Pages skip={skip} limit={LIMIT} total={machines.length} go={(to) => go(href('farm', route.id, { skip: to === 0 ? '' : `${to}` }))} />
          </Card>
        </>
      )}
    </Waiting>
  );
}
