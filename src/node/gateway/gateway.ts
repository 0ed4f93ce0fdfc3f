// The web gateway of a node: names that lead to workloads, by caddy. Its ports are the farmer's choice; without them,
// and without a name that is wanted, nothing listens.
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../base/clock.js';
import { isProblem, messageOf, Problem } from '../../base/errors.js';
import { GATEWAY_RETRY_MS } from '../../base/limits.js';
import { servedBy, type WebName } from '../../market/web.js';
import type { GatewayConfig } from '../../schema/types.js';
import type { Check, Driver, Running } from '../driver.js';
import { Caddy, type GatewayPlaces } from './caddy.js';
import { caddyConfig, type Listening, type Route } from './config.js';

/** Names of a contract that this node serves now. */
export interface Served {
  readonly contract: string;
  readonly names: readonly WebName[];
  /** False: they stay taken, and lead nowhere (a pause). */
  readonly leads: boolean;
}

/** What it asks of a driver. */
export type Addresses = Pick<Driver, 'address'>;

/** What a gateway is made of. */
export interface GatewayOptions {
  readonly settings: GatewayConfig;
  /** The node's, as announced. */
  readonly public_address: string | null;
  /** Address of this machine on which it listens. */
  readonly address: string;
  readonly places: GatewayPlaces;
  readonly clock: Clock;
  /** Test only, see `Listening`. */
  readonly testCertificates?: true;
}

/** Keeps caddy as it should be. What it has learned is forgotten without harm: caddy is asked. */
export class WebGateway implements AsyncDisposable {
  readonly #listening: Listening;
  readonly #places: GatewayPlaces;
  readonly #clock: Clock;
  readonly #caddy: Caddy;
  /** None runs, as far as we know. */
  #idle = false;
  #again_at = 0;
  #problem: Problem | null = null;
  /** Of a workload that runs: its address, by what changes when it is started again. */
  #addresses = new Map<string, string>();

  constructor({ settings, public_address, address, places, clock, testCertificates }: GatewayOptions) {
    const served = testCertificates === true ? settings : servedBy(settings, public_address);
    this.#places = places;
    this.#clock = clock;
    this.#listening = { served, address, ...places, ...(testCertificates === true ? { testCertificates } : {}) };
    this.#caddy = new Caddy(places);
  }

  /** Looks whether it works: caddy is there and can have the ports. */
  async check(signal: AbortSignal): Promise<Check> {
    const { served, address } = this.#listening;
    const name = 'gateway';
    const ports = served.https === null ? `port ${served.http}` : `ports ${served.http} and ${served.https}`;
    const what = `on ${ports} of ${address}${served.https === null ? '; plain HTTP only: certificates need a public address and ports 80 and 443' : ', with certificates'}`;
    try {
      if ((await this.#caddy.config(signal)) === null) await this.#try(signal);
      return { name, ok: true, evidence: `caddy answers ${what}`, remedy: null };
    } catch (error) {
      if (isProblem(error, 'interrupted')) throw error;
      return { name, ok: false, evidence: messageOf(error), remedy: (error instanceof Problem ? error.hint : undefined) ?? 'other ports (--gateway-http, --gateway-https); or systemctl disable --now caddy, should it be the package\'s own that has them' };
    }
  }

  /**
   * Makes caddy's routes those of this moment; starts it with the first name and ends it after the last. Whole state,
   * so it may be called at any time, and does next to nothing when nothing has changed.
   * @throws Problem what stands in the way; again without another try, as long as that has to wait
   */
  async apply(served: readonly Served[], running: readonly Running[], driver: Addresses, signal: AbortSignal): Promise<void> {
    if (this.#problem !== null && this.#clock() < this.#again_at) throw this.#problem;
    try {
      const routes = await this.#routes(served, running, driver, signal);
      if (routes.length > 0) await this.#load(routes, signal);
      else if (!this.#idle) await this.#end(signal);
      this.#problem = null;
    } catch (error) {
      if (signal.aborted) throw error;
      this.#idle = false;
      this.#again_at = this.#clock() + GATEWAY_RETRY_MS;
      this.#problem = isProblem(error) ? error : new Problem('failed', messageOf(error), { cause: error });
      throw this.#problem;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#caddy[Symbol.asyncDispose]();
  }

  async #routes(served: readonly Served[], running: readonly Running[], driver: Addresses, signal: AbortSignal): Promise<Route[]> {
    const known = new Map<string, string>();
    const routes = await Promise.all(served.flatMap(({ contract, names, leads }) => names.map(async ({ name, workload, port }): Promise<Route> => {
      const one = running.find((each) => each.contract === contract && each.workload === workload);
      if (!leads || one?.state !== 'running') return { name, to: null };
      const key = `${contract}/${workload}/${one.started ?? 0}/${one.digest}`;
      const address = this.#addresses.get(key) ?? (await driver.address(one, signal));
      if (address === null) return { name, to: null };
      known.set(key, address);
      return { name, to: { address, port } };
    })));
    this.#addresses = known;
    return routes;
  }

  async #load(routes: readonly Route[], signal: AbortSignal): Promise<void> {
    this.#idle = false;
    const config = caddyConfig(this.#listening, routes);
    // Whoever started it, and whatever became of it since: what counts is what it has.
    if (!isDeepStrictEqual(await this.#caddy.config(signal), config)) await this.#caddy.load(config, signal);
  }

  async #end(signal: AbortSignal): Promise<void> {
    if ((await this.#caddy.config(signal)) !== null) await this.#caddy.stop(signal);
    this.#idle = true;
  }

  /** Starts one on a socket beside the real one, and ends it again. */
  async #try(signal: AbortSignal): Promise<void> {
    const socket = `${dirname(this.#places.socket)}/try-${process.pid}.sock`;
    await using caddy = new Caddy({ ...this.#places, socket });
    try {
      await caddy.load(caddyConfig({ ...this.#listening, socket }, []), signal);
    } finally {
      await caddy.stop(signal);
      await rm(socket, { force: true });
    }
  }
}
