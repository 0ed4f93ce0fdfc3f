// A node's watcher with all that it works with, opened in one place and closed in the order that it needs.
import type { Clock } from '../base/clock.js';
import { MAX_LONG_POLL_MS } from '../base/limits.js';
import type { Home } from '../home.js';
import type { Keyring } from '../keys/keyring.js';
import type { Grid } from '../net/grid.js';
import { openPrivate } from '../private.js';
import type { NodeConfig } from '../schema/types.js';
import type { Driver } from './driver.js';
import { servedNames } from './gateway/names.js';
import { Lives } from './life/lives.js';
import { Taken } from './plan/taken.js';
import { Journal } from './report/journal.js';
import { secretsOf } from './secrets/secrets.js';
import { openGateway, openTools } from './tools.js';
import type { Volumes } from './volume.js';
import { Watcher, type WatchParts } from './watch.js';

/** What a node is opened from. */
export interface NodeParts extends Pick<WatchParts, 'tell' | 'rounded'> {
  readonly home: Home;
  readonly grid: Grid;
  readonly config: NodeConfig;
  /** The node's own keys. */
  readonly keyring: Keyring;
  /** Volumes may add up to more than the disk has: the node's capacity is declared, not measured. */
  readonly overcommit: boolean;
  /** It looks once and ends, so it waits for no letters. */
  readonly once: boolean;
  readonly clock: Clock;
  /** Ends the watcher; whatever runs goes on. */
  readonly signal: AbortSignal;
  /** Test only: puts another driver around the real one. */
  readonly around?: (driver: Driver) => Driver;
}

/** A node that is ready to watch. Dispose of it once the watcher has ended; no workload ends with it. */
export interface OpenNode extends AsyncDisposable {
  readonly watcher: Watcher;
  readonly driver: Driver;
  readonly volumes: Volumes;
}

/** Opens a node; nothing is started or made yet. */
export function openNode({ home, grid, config, keyring, overcommit, once, clock, signal, tell, rounded, around = (driver) => driver }: NodeParts): OpenNode {
  const { driver: own, volumes, networks, address } = openTools(home, config, overcommit);
  const driver = around(own);
  const web = openGateway(home, config, clock);
  const taken = new Taken(home, grid.id, config.key);
  const lives = new Lives(home, grid.id, config.key);
  const data = openPrivate(home);
  const journal = new Journal(data, { grid: grid.id, node: config.key });
  const secrets = secretsOf(home, grid, keyring, data, { signal, wait_ms: once ? 0 : MAX_LONG_POLL_MS });
  const gateway: Pick<WatchParts, 'gateway'> = web === null ? {} : { gateway: (wanted, running, end) => web.apply(servedNames(grid.reader, config, wanted), running, driver, end) };
  const watcher = new Watcher({
    grid, config, driver, volumes, networks, taken, lives, journal, secrets, ...gateway, signer: keyring.signer('node'), address, clock, signal, tell,
    ...(rounded === undefined ? {} : { rounded }),
  });
  return {
    watcher, driver, volumes,
    async [Symbol.asyncDispose]() {
      data[Symbol.dispose]();
      lives[Symbol.dispose]();
      taken[Symbol.dispose]();
      await web?.[Symbol.asyncDispose]();
      await driver[Symbol.asyncDispose]();
    },
  };
}
