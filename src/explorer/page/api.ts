// What the bot is asked. Answers come from its own copy: shown, and not proven, unless a receipt is checked.
import type { GridList, Line, MarketContract, MarketFarms, MarketNodes, MarketPlaces, Resources } from '../../schema/types.js';
import type { Filters } from './command.js';

/** A refusal of the bot, or none reached. */
export class ApiProblem extends Error {
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** A grid that this bot serves. */
export type ServedGrid = GridList['grids'][number];
/** An object of the state, with its id. */
export interface StateObject {
  readonly id: string;
  readonly value: Readonly<Record<string, unknown>>;
}

async function ask(path: string, signal?: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, signal === undefined ? {} : { signal });
  } catch (thrown) {
    if (signal?.aborted === true) throw thrown;
    throw new ApiProblem('unreachable', 'this bot does not answer', 'is 3bot serve still running?');
  }
  if (response.ok) return response;
  const { code = 'failed', detail = response.statusText, hint } = (await response.json().catch(() => ({}))) as { code?: string; detail?: string; hint?: string };
  throw new ApiProblem(code, detail, hint);
}

/** An answer as JSON. @throws ApiProblem */
export async function json<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await ask(path, signal)).json() as Promise<T>;
}

/** An answer as text. @throws ApiProblem */
export async function text(path: string, signal?: AbortSignal): Promise<string> {
  return (await ask(path, signal)).text();
}

/** An answer as bytes. @throws ApiProblem */
export async function bytes(path: string, signal?: AbortSignal): Promise<Uint8Array> {
  return new Uint8Array(await (await ask(path, signal)).arrayBuffer());
}

const query = (asked: Readonly<Record<string, string>>): string => new URLSearchParams(asked).toString();
const found = <T>(thrown: unknown, otherwise: T): T => {
  if (thrown instanceof ApiProblem && thrown.code === 'not_found') return otherwise;
  throw thrown;
};

/** Every question about one grid. */
export class GridApi {
  readonly id: string;
  readonly #base: string;

  constructor(id: string) {
    this.id = id;
    this.#base = `v1/grids/${id}`;
  }

  nodes(filters: Filters, skip: number, limit: number, signal?: AbortSignal): Promise<MarketNodes> {
    return json(`${this.#base}/market/nodes?${query({ ...filters, skip: `${skip}`, limit: `${limit}` })}`, signal);
  }

  places(signal?: AbortSignal): Promise<MarketPlaces> {
    return json(`${this.#base}/market/places`, signal);
  }

  farms(signal?: AbortSignal): Promise<MarketFarms> {
    return json(`${this.#base}/market/farms`, signal);
  }

  /** Undefined where this bot is of a release that does not draw it. */
  supply(signal?: AbortSignal): Promise<{ points: SupplyPoint[]; complete: boolean } | undefined> {
    return json<{ points: SupplyPoint[]; complete: boolean }>(`${this.#base}/market/supply`, signal).catch((thrown: unknown) => found(thrown, undefined));
  }

  contract(id: string, signal?: AbortSignal): Promise<MarketContract> {
    return json(`${this.#base}/market/contracts/${encodeURIComponent(id)}`, signal);
  }

  /** Undefined where there is none. */
  object(id: string, signal?: AbortSignal): Promise<StateObject['value'] | undefined> {
    return json<StateObject>(`${this.#base}/objects/${id}`, signal).then(({ value }) => value, (thrown) => found(thrown, undefined));
  }

  /** At most `limit`, 1 to 1,000, in order of id. */
  objects(prefix: string, limit: number, signal?: AbortSignal): Promise<StateObject[]> {
    return json<{ objects: StateObject[] }>(`${this.#base}/objects?${query({ prefix, limit: `${limit}` })}`, signal).then(({ objects }) => objects);
  }

  /** Undefined where there is none with this beginning. */
  record(id: string, signal?: AbortSignal): Promise<FoundRecord | undefined> {
    return json<FoundRecord>(`${this.#base}/records/${id}`, signal).catch((thrown: unknown) => found(thrown, undefined));
  }

  /** Records that a query finds, newest first. */
  query(q: string, limit: number, signal?: AbortSignal): Promise<FoundRecord[]> {
    return json<{ records: FoundRecord[] }>(`${this.#base}/query?${query({ q, limit: `${limit}` })}`, signal).then(({ records }) => records);
  }

  /** Lines there are. */
  async size(signal?: AbortSignal): Promise<number> {
    return (await grids(signal)).find(({ id }) => id === this.id)?.size ?? 0;
  }

  /** Lines from a number on, oldest first. @param wait_ms how long to wait for the next one where there is none */
  async lines(from: number, wait_ms: number, signal?: AbortSignal): Promise<FoundRecord[]> {
    const [rows, { sha256Hex }] = await Promise.all([text(`${this.#base}/lines?${query({ from: `${from}`, limit: '200', wait: `${wait_ms}` })}`, signal), import('../../base/hash.js')]);
    // The last row is the checkpoint below which they stand.
    return rows.trimEnd().split('\n').slice(0, -1).map((row, i) => {
      const line = JSON.parse(row) as Line;
      return { ...line, index: from + i, id: sha256Hex(line.payload) };
    });
  }

  receipt(id: string, signal?: AbortSignal): Promise<string> {
    return text(`${this.#base}/receipts/${id}`, signal);
  }

  trust(signal?: AbortSignal): Promise<string> {
    return text(`${this.#base}/trust`, signal);
  }

  checkpoint(signal?: AbortSignal): Promise<string> {
    return text(`log/${this.id}/checkpoint`, signal);
  }

  /** Hashes of the log. @param path as C2SP tlog-tiles names it */
  tile(path: string): Promise<Uint8Array> {
    return bytes(`log/${this.id}/${path}`);
  }
}

/** A grid at a moment, as schema market_point@1 has it. */
export interface SupplyPoint {
  /** ISO 8601. */
  readonly at: string;
  readonly farms: number;
  readonly nodes: number;
  readonly contracts: number;
  readonly capacity: Resources;
  readonly sold: Resources;
  /** The middle of what farms ask for a compute unit, TFT an hour. */
  readonly cu_price: string | null;
}

/** A line of the book with its place. */
export interface FoundRecord extends Line {
  readonly id: string;
  readonly index: number;
}

/** The grids that this bot serves. */
export async function grids(signal?: AbortSignal): Promise<ServedGrid[]> {
  return (await json<GridList>('v1/grids', signal)).grids;
}
