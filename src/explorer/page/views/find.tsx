// Finds by id, by the beginning of one, by name and by address.
import type { Route } from '../address.js';
import { parseKey } from '../../../keys/did.js';
import type { GridApi } from '../api.js';
import { useShown } from '../context.js';
import { short } from '../format.js';
import { useLoad } from '../load.js';
import { Card, Chip, Name } from '../parts/basics.js';
import { Empty, Waiting } from '../parts/states.js';
import { href } from '../route.js';

/** Something that was meant. */
interface Hit {
  readonly view: string;
  readonly id: string;
  readonly name: string;
}

const EACH = 8;
const TYPES = ['contract', 'farm', 'node', 'bot', 'account'] as const;

/** `#/find?q=…` */
export function Find({ route }: { route: Route }) {
  const { api } = useShown();
  const q = (route.query.get('q') ?? '').trim();
  const loaded = useLoad(`find/${q}`, (signal) => find(api, q, signal));
  return (
    <>
      <h1>Search</h1>
      <Card title={`Found for “${q.slice(0, 80)}”`}>
        <Waiting loaded={loaded} what="what was found">
          {(hits) => (hits.length === 0 ? <Empty title="Nothing"><p>Ids are found by their first 4 digits or more, farms and bots also by name, accounts by address.</p></Empty> : (
            <ul class="hits">{hits.map(({ view, id, name }) => <li key={`${view}/${id}`}><a href={href(view, id)}><Chip tone="plain">{view}</Chip> <code>{short(id)}</code> <Name>{name}</Name></a></li>)}</ul>
          ))}
        </Waiting>
      </Card>
    </>
  );
}

async function find(api: GridApi, q: string, signal: AbortSignal): Promise<Hit[]> {
  if (q === '') return [];
  const id = keyIn(q) ?? q.toLowerCase();
  const asked: Promise<Hit[]>[] = ['farm', 'bot'].map((type) => named(api, type, q, signal));
  if (/^[0-9a-f]{4,64}$/.test(id)) {
    asked.push(...TYPES.map(async (type) => (await api.objects(`${type}/${id}`, EACH, signal)).map(({ id: found, value }) => ({ view: type, id: found.slice(type.length + 1), name: nameIn(value) }))));
    if (id.length >= 6) asked.push(api.record(id, signal).then((record) => (record === undefined ? [] : [{ view: 'receipt', id: record.id, name: `line ${record.index}` }])));
  }
  const found = await Promise.allSettled(asked);
  const failed = found.find((one) => one.status === 'rejected');
  const hits = found.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  if (hits.length === 0 && failed !== undefined) throw failed.reason;
  return [...new Map(hits.map((hit) => [`${hit.view}/${hit.id}`, hit])).values()];
}

/** A key as an address or a did has it. */
function keyIn(text: string): string | undefined {
  try {
    return /^(G[A-Z2-7]{55}|did:key:.+)$/.test(text) ? parseKey(text) : undefined;
  } catch {
    return undefined;
  }
}

async function named(api: GridApi, type: string, name: string, signal: AbortSignal): Promise<Hit[]> {
  const prefix = `name/${type}/`;
  const found = await api.objects(prefix + name, EACH, signal);
  return found.flatMap(({ id, value }) => (typeof value['holder'] === 'string' ? [{ view: type, id: value['holder'].slice(type.length + 1), name: id.slice(prefix.length) }] : []));
}

function nameIn(value: Readonly<Record<string, unknown>>): string {
  const { name, agreement } = value as { name?: unknown; agreement?: { order?: unknown } };
  return typeof name === 'string' ? name : typeof agreement?.order === 'string' ? agreement.order : '';
}
