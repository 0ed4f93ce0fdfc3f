// Nodes: the filters of `reserve`, what fits, why the rest does not, and the command that does it.
import type { Route } from '../address.js';
import type { MarketNodes } from '../../../schema/types.js';
import { useShown } from '../context.js';
import { commandFor, FILTERS, filtersOf, type Filter, type Filters } from '../command.js';
import { country, number, resources, short, tft } from '../format.js';
import { useLoad } from '../load.js';
import { Card, Chip, Command, Id, Name } from '../parts/basics.js';
import { Empty, Waiting } from '../parts/states.js';
import { Pages, Table, type Column } from '../parts/table.js';
import { WorldMap } from '../parts/world.js';
import { go, href } from '../route.js';

type Node = MarketNodes['nodes'][number];

const LIMIT = 50;
const FIELDS: readonly { readonly name: Filter; readonly label: string; readonly hint: string }[] = [
  { name: 'cpu', label: 'vCPU', hint: '4' },
  { name: 'memory', label: 'Memory', hint: '8 or 512MiB' },
  { name: 'ssd', label: 'SSD', hint: '100' },
  { name: 'hdd', label: 'HDD', hint: '1TiB' },
  { name: 'ipv4', label: 'Public IPv4', hint: '1' },
  { name: 'location', label: 'Country or region', hint: 'BE' },
  { name: 'farm', label: 'Farm', hint: 'name or id' },
  { name: 'for', label: 'For how long', hint: '30d' },
];

/** `#/nodes?cpu=4&…` */
export function Nodes({ route }: { route: Route }) {
  const { api } = useShown();
  const filters = filtersOf(route.query);
  const skip = Number(route.query.get('skip') ?? 0) || 0;
  const found = useLoad(`nodes/${JSON.stringify(filters)}/${skip}`, (signal) => api.nodes(filters, skip, LIMIT, signal));
  const places = useLoad('places', (signal) => api.places(signal));
  return (
    <>
      <h1>Nodes</h1>
      <div class="split">
        <FilterForm key={JSON.stringify(filters)} filters={filters} />
        <Card title="Where they stand"><Waiting loaded={places} what="the map">{({ places: all }) => <WorldMap places={all} chosen={filters.location} />}</Waiting></Card>
      </div>
      <Card title="What fits"><Waiting loaded={found} what="nodes">{(value) => <Found found={value} filters={filters} skip={skip} />}</Waiting></Card>
    </>
  );
}

function FilterForm({ filters }: { filters: Filters }) {
  const submit = (form: HTMLFormElement): void => {
    const typed = new FormData(form);
    go(href('nodes', '', Object.fromEntries(FILTERS.map((name) => [name, String(typed.get(name) ?? '').trim()]))));
  };
  return (
    <Card title="What you need">
      <form class="filters" aria-label="filters" onSubmit={(event) => { event.preventDefault(); submit(event.currentTarget); }}>
        {FIELDS.map(({ name, label, hint }) => <label key={name}>{label}<input name={name} defaultValue={filters[name] ?? ''} placeholder={hint} autocomplete="off" spellcheck={false} maxLength={120} inputMode={name === 'cpu' || name === 'ipv4' ? 'numeric' : 'text'} /></label>)}
        <label>Runtime<select name="runtime" defaultValue={filters.runtime ?? ''}><option value="">any</option><option value="podman">podman</option><option value="process">process</option></select></label>
        <label class="check"><input type="checkbox" name="dedicated" value="true" defaultChecked={filters.dedicated !== undefined} />A node as a whole</label>
        <p class="actions"><button type="submit" class="primary">Search</button> <a href={href('nodes')}>Clear</a></p>
        <p class="quiet">A bare number is GiB.</p>
      </form>
    </Card>
  );
}

const COLUMNS: readonly Column<Node>[] = [
  { name: 'Farm', cell: ({ farm, farm_name }) => <Id view="farm" id={farm}><Name>{farm_name}</Name></Id> },
  { name: 'Place', cell: ({ location }) => <>{country(location.country)}{location.region !== null && <>, <Name>{location.region}</Name></>}</> },
  { name: 'Free', cell: ({ free }) => resources(free) },
  { name: 'Runtime', cell: ({ runtime, declared }) => <>{runtime}{declared && <> <Chip tone="plain">declared</Chip></>}</> },
];
/** Linked with what was asked, so that its page says why it fits. */
function nodeColumn({ node: _one, ...filters }: Filters): Column<Node> {
  return { name: 'Node', cell: ({ node }) => <a href={href('node', node, filters)} title={node}><code>{short(node)}</code></a> };
}

const UNIT_PRICES: readonly Column<Node>[] = [
  { name: 'TFT/h a CU', isNumber: true, cell: ({ cu_price }) => tft(cu_price) },
  { name: 'TFT/h an SU', isNumber: true, cell: ({ su_price }) => tft(su_price) },
];
const PRICE: readonly Column<Node>[] = [{ name: 'TFT an hour', isNumber: true, cell: ({ price_per_hour }) => tft(price_per_hour ?? '0') }];

/** What would do instead. */
function Nearest({ nearest }: { nearest: NonNullable<MarketNodes['nearest']> }) {
  return (
    <Empty title="No node fits">
      {nearest.length === 0 ? <p>Ask for less, or leave a filter out.</p> : <><p>What would do:</p><ul class="nearest">{nearest.map(({ text, nodes, price_per_hour, node, farm_name }) => <li key={text}><Name>{text}</Name>: {number(nodes)} node{nodes === 1 ? '' : 's'}, from {tft(price_per_hour)} TFT an hour on <Id view="node" id={node} /> of <Name>{farm_name}</Name></li>)}</ul></>}
    </Empty>
  );
}

function Found({ found, filters, skip }: { found: MarketNodes; filters: Filters; skip: number }) {
  const { nodes, fitting, considered, excluded, nearest = [] } = found;
  const isPriced = nodes[0]?.price_per_hour != null;
  const reached = (to: number): void => go(href('nodes', '', { ...filters, skip: to === 0 ? '' : `${to}` }));
  return (
    <>
      <p role="status"><strong>{number(fitting)}</strong> of {number(considered)} node{considered === 1 ? '' : 's'} fit{fitting === 1 ? 's' : ''}{fitting > 0 && ', cheapest first'}.</p>
      {excluded.length > 0 && <details class="why"><summary>Why the other {number(considered - fitting)} do not</summary><ul>{excluded.map(({ reason, count, text }) => <li key={reason}>{number(count)} {text}</li>)}</ul></details>}
      <Command text={commandFor(filters)} />
      {fitting === 0 ? <Nearest nearest={nearest} /> : (
        <>
          <Table caption="Nodes that fit, cheapest first" columns={[nodeColumn(filters), ...COLUMNS, ...(isPriced ? PRICE : UNIT_PRICES)]} rows={nodes} keyOf={({ node }) => node} />
          <Pages skip={skip} limit={LIMIT} total={fitting} go={reached} />
        </>
      )}
    </>
  );
}
