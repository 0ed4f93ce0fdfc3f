// A contract: parties, price, money, workloads, what became of it, and the receipt of its agreement.
import type { Route } from '../address.js';
import type { Agreement, MarketContract } from '../../../schema/types.js';
import { useShown } from '../context.js';
import { resources, short, tft, time } from '../format.js';
import { useLoad } from '../load.js';
import { Card, Chip, Command, Facts, Id, Name } from '../parts/basics.js';
import { Records, shownLine } from '../parts/records.js';
import { Empty, Waiting } from '../parts/states.js';
import { Table } from '../parts/table.js';
import { href } from '../route.js';
import { Checked } from './receipt.js';

const LINES = 200;
const TONES: Readonly<Record<string, 'good' | 'warn' | 'plain'>> = { active: 'good', committed: 'plain', paused: 'warn', ended: 'plain' };

/** `#/contract/<id>` */
export function Contract({ route }: { route: Route }) {
  const { api } = useShown();
  const loaded = useLoad(`contract/${route.id}`, (signal) => api.contract(route.id, signal));
  return (
    <Waiting loaded={loaded} what="the contract">
      {(contract) => (
        <>
          <h1>Contract <code>{short(contract.id)}</code>{contract.name !== null && <> <Name>{contract.name}</Name></>}</h1>
          <div class="split">
            <State contract={contract} />
            <Money contract={contract} />
          </div>
          <Workloads contract={contract} />
          <Timeline id={contract.id} />
          <Agreed id={contract.id} />
          <OwnReceipt record={contract.record} />
        </>
      )}
    </Waiting>
  );
}

function State({ contract }: { contract: MarketContract }) {
  const { state, progress, reason, farm, farm_name, node, consumer, consumer_name, meter, notice, draining } = contract;
  return (
    <Card title="Who and where" aside={<Chip tone={TONES[state] ?? 'plain'}>{state}{state === 'ended' ? '' : `, ${progress}`}</Chip>}>
      <Facts rows={[
        ['id', <code class="break">{contract.id}</code>],
        ['consumer', <Id view="bot" id={consumer}>{consumer_name === null ? undefined : <Name>{consumer_name}</Name>}</Id>],
        ['farm', <Id view="farm" id={farm}>{farm_name === null ? undefined : <Name>{farm_name}</Name>}</Id>],
        ['node', <Id view="node" id={node} />],
        ['capacity', resources(contract.resources)],
        ['time confirmed by', meter === null ? 'nobody: unmetered' : <Name>{short(meter.by.replace('node/', 'node '))}</Name>],
        reason === null ? null : ['reason', <Name>{reason}</Name>],
        notice === null ? null : ['notice', <>ends {time(notice.ends_at)}: <Name>{notice.reason}</Name></>],
        draining === null ? null : ['its node drains', <Name>{draining.reason}</Name>],
      ]} />
    </Card>
  );
}

function Money({ contract }: { contract: MarketContract }) {
  return (
    <Card title="Price and money">
      <Facts rows={[
        ['price', `${tft(contract.price_per_hour)} TFT an hour`],
        ['whole term', `${tft(contract.total)} TFT`],
        ['in escrow', `${tft(contract.escrow)} TFT`],
        ['billed', `${tft(contract.billed)} TFT`],
        ['would come back now', `${tft(contract.refundable)} TFT`],
        contract.refunded === '0.0000000' ? null : ['came back', `${tft(contract.refunded)} TFT`],
        ['committed', time(contract.committed_at)],
        ['began', contract.started_at === null ? 'not yet' : time(contract.started_at)],
        ['paid until', contract.funded_until === null ? 'not begun' : time(contract.funded_until)],
        ['ends', time(contract.expires_at)],
      ]} />
    </Card>
  );
}

function Workloads({ contract: { workloads } }: { contract: MarketContract }) {
  return (
    <Card title="Workloads">
      {workloads.length === 0 ? <Empty title="None: capacity alone" /> : (
        <Table caption="Workloads of this contract" rows={workloads} keyOf={({ name }) => name} columns={[
          { name: 'Name', cell: ({ name }) => <Name>{name}</Name> },
          { name: 'State', cell: ({ state, reason, exit_code }) => <><Chip tone={state === 'running' ? 'good' : state === 'failed' ? 'bad' : 'plain'}>{state}{exit_code === null ? '' : ` ${exit_code}`}</Chip>{reason !== null && <> <Name>{reason}</Name></>}</> },
          { name: 'Health', cell: ({ health }) => health ?? '–' },
          { name: 'Restarts', cell: ({ restarts }) => restarts ?? '–' },
          // A link from the book could lead anywhere; it is shown, not made clickable.
          { name: 'Reached at', cell: ({ url, web }) => <code class="break">{[...web, ...(url === null ? [] : [url])].join(' ') || '–'}</code> },
        ]} />
      )}
    </Card>
  );
}

function Timeline({ id }: { id: string }) {
  const { api } = useShown();
  const loaded = useLoad(`timeline/${id}`, (signal) => api.query(`tag = contract/${id}`, LINES, signal));
  return <Card title="What became of it"><Waiting loaded={loaded} what="its lines">{(records) => <><Records lines={records.map(shownLine)} label="lines that concern this contract, newest first" />{records.length === LINES && <p class="quiet">The newest {LINES}; <code>3bot contract show {short(id)} --history</code> has all.</p>}</>}</Waiting></Card>;
}

function Agreed({ id }: { id: string }) {
  const { api } = useShown();
  const loaded = useLoad(`agreed/${id}`, async (signal) => {
    const [object, { agreementText }] = await Promise.all([api.object(`contract/${id}`, signal), import('../../../market/words.js')]);
    return agreementText(id, object?.['agreement'] as Agreement);
  });
  return <details class="card fold"><summary>What was agreed, in full</summary><Waiting loaded={loaded} what="the agreement">{(rows) => <Facts rows={rows.map(([name, value]) => [name, <span class="break"><Name>{value}</Name></span>] as const)} />}</Waiting></details>;
}

function OwnReceipt({ record }: { record: string }) {
  const { api } = useShown();
  const loaded = useLoad(`receipt/${record}`, (signal) => api.receipt(record, signal));
  return (
    <>
      <h2 class="above">Its receipt</h2>
      <Waiting loaded={loaded} what="the receipt">{(text) => <Checked text={text} name={record} />}</Waiting>
      <p class="actions"><a href={href('receipt', record)}>This receipt alone</a></p>
      <Command text={`3bot receipt get ${short(record)}`} />
    </>
  );
}
