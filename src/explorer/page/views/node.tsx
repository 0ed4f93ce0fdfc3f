// A node: what it offers, what is left, and why it fits or not.
import type { MarketMachine } from '../../../schema/types.js';
import { useShown } from '../context.js';
import { commandFor, filtersOf } from '../command.js';
import { country, number, resources, short } from '../format.js';
import { useLoad } from '../load.js';
import { CapacityBars } from '../parts/bars.js';
import { Card, Chip, Command, Facts, Id, Name } from '../parts/basics.js';
import { Records, shownLine } from '../parts/records.js';
import { Waiting } from '../parts/states.js';
import { Table } from '../parts/table.js';
import type { Route } from '../address.js';

const LINES = 20;

/** `#/node/<key>` */
export function Node({ route }: { route: Route }) {
  const { api } = useShown();
  const filters = filtersOf(route.query);
  const loaded = useLoad(`node/${route.id}/${JSON.stringify(filters)}`, (signal) => api.node(route.id, filters, signal));
  return (
    <Waiting loaded={loaded} what="the node">
      {(node) => {
        const { capacity, declared, runtime, platform, features, location, address, host_share, devices } = node.announcement;
        return (
          <>
            <h1>Node <code>{short(node.node)}</code></h1>
            <Card title={node.fits ? 'It fits' : 'It does not fit'} aside={<Chip tone={node.fits ? 'good' : 'warn'}>{node.fits ? 'matches' : 'does not match'}</Chip>}>
              <CapacityBars capacity={capacity} free={node.free} />
              <p class="quiet above">{number(node.contracts)} contract{node.contracts === 1 ? '' : 's'} on it now. {Object.keys(filters).length === 0 ? 'Asked: whether it is for sale at all.' : `Asked: ${Object.entries(filters).map(([name, value]) => `${name} ${value}`).join(', ')}.`}</p>
              <Checks checks={node.checks} />
              <Command text={commandFor({ cpu: '1', ...filters, node: short(node.node) })} />
            </Card>
            <Card title="What it says of itself" aside={declared ? <Chip tone="warn">declared, not measured</Chip> : <Chip tone="good">measured</Chip>}>
              <Facts rows={[
                ['key', <code class="break">{node.node}</code>],
                ['farm', <Id view="farm" id={node.farm}>{node.farm_name === null ? undefined : <Name>{node.farm_name}</Name>}</Id>],
                ['admitted', node.admitted ? 'yes, by that farm' : 'no: its farm does not say that it is its own'],
                ['capacity', resources(capacity)],
                ['kept for itself', resources(host_share)],
                ['place', <>{country(location.country)}{location.region !== null && <>, <Name>{location.region}</Name></>}</>],
                ['address', <Name>{address ?? 'none'}</Name>],
                ['runtime', `${runtime}, ${platform}`],
                ['features', features.length === 0 ? 'none' : <Name>{features.join(', ')}</Name>],
                ...devices.slice(0, 16).map(({ class: kind, model, size_mib }) => [kind, <Name>{model}{size_mib === null || size_mib === 0 ? '' : `, ${size_mib} MiB`}</Name>] as const),
              ]} />
            </Card>
            <Own node={node.node} />
          </>
        );
      }}
    </Waiting>
  );
}

/** Each thing that a search asks of a node, and what it found. */
function Checks({ checks }: { checks: MarketMachine['checks'] }) {
  return (
    <details class="why" open={checks.some(({ passed }) => !passed)}>
      <summary>What was asked of it, and what it has</summary>
      <Table caption="Checks of this node" rows={checks} keyOf={({ check, feature }) => `${check}/${feature ?? ''}`} columns={[
        { name: 'Asked', cell: ({ wanted }) => <Name>{wanted}</Name> },
        { name: 'Found', cell: ({ found }) => <Name>{found}</Name> },
        { name: 'So', cell: ({ passed, remedy }) => <><Chip tone={passed ? 'good' : 'bad'}>{passed ? 'fits' : 'does not'}</Chip>{remedy !== null && <> <Name>{remedy}</Name></>}</> },
      ]} />
    </details>
  );
}

function Own({ node }: { node: string }) {
  const { api } = useShown();
  const lines = useLoad(`node/${node}/lines`, (signal) => api.query(`chain = node/${node}`, LINES, signal));
  return <Card title="Its own lines of the book"><Waiting loaded={lines} what="its lines">{(records) => <Records lines={records.map(shownLine)} label="lines of this node, newest first" />}</Waiting></Card>;
}
