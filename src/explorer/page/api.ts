// What the bot is asked. Answers come from its own copy: shown, and not proven, unless a receipt is checked.
import type { GridList, Line, MarketContract, MarketEvents, MarketFarms, MarketMachine, MarketNodes, MarketPlaces, MarketSeller, MarketSupply } from '../../schema/types.js';
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

  /** A farm with its nodes. */
  farm(id: string, signal?: AbortSignal): Promise<MarketSeller> {
    return json(`${this.#base}/market/farms/${encodeURIComponent(id)}`, signal);
  }

  /** A node, and each check of what is asked for. */
  node(key: string, filters: Filters, signal?: AbortSignal): Promise<MarketMachine> {
    return json(`${this.#base}/market/nodes/${encodeURIComponent(key)}?${query({ ...filters })}`, signal);
  }

  supply(signal?: AbortSignal): Promise<MarketSupply> {
    return json(`${this.#base}/market/supply`, signal);
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

  /** Lines in words, oldest first. @param after a line; undefined: the newest ones @param wait_ms how long to wait for the next one */
  events(after: number | undefined, limit: number, wait_ms: number, signal?: AbortSignal): Promise<MarketEvents> {
    return json(`${this.#base}/market/events?${query({ limit: `${limit}`, ...(after === undefined ? {} : { after: `${after}`, wait: `${wait_ms}` }) })}`, signal);
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

/** A line of the book with its place. */
export interface FoundRecord extends Line {
  readonly id: string;
  readonly index: number;
}

/** The grids that this bot serves. */
export async function grids(signal?: AbortSignal): Promise<ServedGrid[]> {
  return (await json<GridList>('v1/grids', signal)).grids;
}
