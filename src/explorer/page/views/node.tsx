// A node: what it offers, what is left, and why it fits or not.
import type { Announcement } from '../../../schema/types.js';
import { useShown } from '../context.js';
import { commandFor } from '../command.js';
import { country, resources, short, tft } from '../format.js';
import { useLoad } from '../load.js';
import { CapacityBars } from '../parts/bars.js';
import { Card, Chip, Command, Facts, Id, Name } from '../parts/basics.js';
import { Records } from '../parts/records.js';
import { Failed, Waiting } from '../parts/states.js';
import type { Route } from '../address.js';

const LINES = 20;

/** `#/node/<key>` */
export function Node({ route }: { route: Route }) {
  const { api } = useShown();
  const node = useLoad(`node/${route.id}`, (signal) => api.object(`node/${route.id}`, signal));
  const found = useLoad(`node/${route.id}/found`, (signal) => api.nodes({ node: route.id }, 0, 1, signal));
  const lines = useLoad(`node/${route.id}/lines`, (signal) => api.query(`chain = node/${route.id}`, LINES, signal));
  return (
    <Waiting loaded={node} what="the node">
      {(object) => {
        if (object === undefined) return <><h1>Node</h1><Failed what="the node" error={new Error(`no node ${route.id.slice(0, 80)} on this grid`)} /></>;
        const { capacity, declared, runtime, platform, features, location, address, host_share, devices } = object['announcement'] as Announcement;
        const farm = String(object['farm']);
        return (
          <>
            <h1>Node <code>{short(route.id)}</code></h1>
            <Waiting loaded={found} what="what is left">
              {({ nodes: [match], excluded }) => (
                <>
                  <Card title={match === undefined ? 'Not for sale now' : 'For sale'} aside={<Chip tone={match === undefined ? 'warn' : 'good'}>{match === undefined ? 'does not match' : 'matches'}</Chip>}>
                    {match === undefined
                      ? <ul>{excluded.filter(({ reason }) => reason !== 'node').map(({ reason, text }) => <li key={reason}>It is {text}.</li>)}</ul>
                      : <><CapacityBars capacity={capacity} free={match.free} /><p class="quiet">A compute unit costs {tft(match.cu_price)} TFT an hour, a storage unit {tft(match.su_price)}.</p></>}
                    <Command text={match === undefined ? `3bot explore --node ${short(route.id)}` : commandFor({ cpu: `${Math.max(1, Math.min(1, match.free.cru))}`, node: short(route.id) })} />
                  </Card>
                </>
              )}
            </Waiting>
            <Card title="What it says of itself" aside={declared ? <Chip tone="warn">declared, not measured</Chip> : <Chip tone="good">measured</Chip>}>
              <Facts rows={[
                ['key', <code class="break">{route.id}</code>],
                ['farm', <Id view="farm" id={farm} />],
                ['admitted', object['admitted'] === farm ? 'yes, by that farm' : 'no: its farm does not say that it is its own'],
                ['capacity', resources(capacity)],
                ['kept for itself', resources(host_share)],
                ['place', <>{country(location.country)}{location.region !== null && <>, <Name>{location.region}</Name></>}</>],
                ['address', <Name>{address ?? 'none'}</Name>],
                ['runtime', `${runtime}, ${platform}`],
                ['features', features.length === 0 ? 'none' : <Name>{features.join(', ')}</Name>],
                ...devices.slice(0, 16).map(({ class: kind, model, size_mib }) => [kind, <Name>{model}{size_mib === null || size_mib === 0 ? '' : `, ${size_mib} MiB`}</Name>] as const),
              ]} />
            </Card>
            <Card title="Its own lines of the book"><Waiting loaded={lines} what="its lines">{(records) => <Records records={records} label="lines of this node, newest first" />}</Waiting></Card>
          </>
        );
      }}
    </Waiting>
  );
}
