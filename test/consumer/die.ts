// Places an order in a process of its own, which dies without a word once an effect has happened.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/base/clock.js';
import { placeOrder } from '../../src/consumer/order.js';
import { openHome } from '../../src/home.js';
import { openSecret } from '../../src/keys/keyring.js';
import { Client } from '../../src/net/client.js';
import { openGrid } from '../../src/net/grid.js';
import { openPrivate } from '../../src/private.js';
import { wanted } from '../deal.js';

/**
 * Runs this file; gives the signal that ended it, or what it printed where it was not killed.
 * @param point as `effect` knows them: `order_signed:after`
 */
export async function orderAndDie(home: string, name: string, point: string): Promise<string> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), home, name], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, THREEBOT_TEST_KILL: point } });
  let said = '';
  child.stdout.on('data', (chunk) => (said += String(chunk)));
  child.stderr.on('data', (chunk) => (said += String(chunk)));
  return new Promise((resolve) => child.once('close', (_code, signal) => resolve(signal ?? said)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [path = '', name = ''] = process.argv.slice(2);
  const home = openHome(path);
  const { signal } = new AbortController();
  // The secret that TestHome gives this name in this folder.
  const keyring = await openSecret('identity', name, createHash('sha256').update(`${name} ${path}`).digest());
  const grid = await openGrid({ home, clock: systemClock, signal, openKeyring: () => Promise.reject(new Error('no keys here')) });
  await placeOrder({
    home, grid, keyring, signal, clock: systemClock, private: openPrivate(home), approve: async () => undefined,
    post: (url) => (sealed, limit) => new Client({ url }).talk(sealed, limit),
  }, wanted(), null);
}
