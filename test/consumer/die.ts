// Places an order, or a set of two, in a process of its own, which dies without a word once an effect has happened.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/base/clock.js';
import { placeOrder } from '../../src/consumer/order.js';
import { placeSet, type Group } from '../../src/consumer/set.js';
import { openHome } from '../../src/home.js';
import { openSecret } from '../../src/keys/keyring.js';
import { Client } from '../../src/net/client.js';
import { openGrid } from '../../src/net/grid.js';
import type { Post } from '../../src/net/talk.js';
import { openPrivate } from '../../src/private.js';
import { gib, wanted } from '../deal.js';

/** The set: the whole of two nodes of the market, so that what is held for it is missed by others. */
export const PAIR: readonly Group[] = [{ spread: 'farm', parts: ['1', '2'].map((name) => ({ name, wanted: wanted({ resources: gib(8, 16, 500), term_ms: 3_600_000 }) })) }];

/**
 * Runs this file; gives the signal that ended it, or what it printed where it was not killed.
 * @param point as `effect` knows them: `order_signed:after`
 */
export async function placeAndDie(what: 'order' | 'set', home: string, name: string, point: string): Promise<string> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), what, home, name], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, THREEBOT_TEST_KILL: point } });
  let said = '';
  child.stdout.on('data', (chunk) => (said += String(chunk)));
  child.stderr.on('data', (chunk) => (said += String(chunk)));
  return new Promise((resolve) => child.once('close', (_code, signal) => resolve(signal ?? said)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [what, path = '', name = ''] = process.argv.slice(2);
  const home = openHome(path);
  const { signal } = new AbortController();
  // The secret that TestHome gives this name in this folder.
  const keyring = await openSecret('identity', name, createHash('sha256').update(`${name} ${path}`).digest());
  const grid = await openGrid({ home, clock: systemClock, signal, openKeyring: () => Promise.reject(new Error('no keys here')) });
  const parts = {
    home, grid, keyring, signal, clock: systemClock, private: openPrivate(home), approve: async () => undefined,
    post: (url: string): Post => (sealed, limit) => new Client({ url }).talk(sealed, limit),
  };
  await (what === 'set' ? placeSet(parts, 'pair', PAIR) : placeOrder(parts, wanted(), null));
}
