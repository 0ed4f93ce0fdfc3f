// The process whose files are traced: a home and a copy do everything that has to outlive a power cut, with the real
// modules, and each promise is noted in the file `promises` the moment it is made.
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { makeRecord, signRecord } from '../../src/bcdb/record.js';
import { Holds, type Hold } from '../../src/farmer/hold.js';
import { openHome, updateConfig, type Home } from '../../src/home.js';
import type { Keyring, KeyringType } from '../../src/keys/keyring.js';
import { createKeystore } from '../../src/keys/keystore.js';
import { Unsent } from '../../src/market/unsent.js';
import { ensureIdentity, nextPayload } from '../../src/net/compose.js';
import { startDaemon } from '../../src/net/daemon.js';
import { createGrid } from '../../src/net/genesis.js';
import { openGrid, type Grid } from '../../src/net/grid.js';
import { joinGrid } from '../../src/net/join.js';
import { sendMail } from '../../src/net/mail/mail.js';
import { openPrivate } from '../../src/private.js';
import { Ledger } from '../../src/witness/ledger.js';
import { keyringOf, optionsOf, ownMail } from '../named.js';
import { send } from '../net/homes.js';
import { TestLog, TestWitness } from '../witness/support.js';

/** What was promised: each must hold of the disk after any later cut. */
export type Promised =
  | { readonly recorded: string; readonly index: number }
  | { readonly published: string }
  | { readonly copied: number }
  | { readonly grid: string }
  | { readonly keystore: string }
  | { readonly cosigned: number }
  | { readonly spend: string }
  | { readonly unsent: string }
  | { readonly held: string }
  | { readonly letter: string };

/** What the witness here cosigns; its ledger lies in `witness`. */
export const WITNESSED = new TestLog('power', 6);

/** A keyring that does not sign at once, as the unlock agent's: checkpoints are signed after their lines are durable. */
async function keyringAsked(type: KeyringType, name: string): Promise<Keyring> {
  const { signer, ...keyring } = await keyringOf(type, name);
  return { ...keyring, signer: (role) => (({ key, sign }) => ({ key, sign }))(signer(role)) };
}

/** The two home folders below a root. */
export function homesIn(root: string): { home: Home; copy: Home } {
  return { home: openHome(join(root, 'home')), copy: openHome(join(root, 'copy')) };
}

const [, , root] = process.argv;
if (root !== undefined) await work(root);

async function work(root: string): Promise<never> {
  const promises = openSync(join(root, 'promises'), 'a');
  const promise = (promised: Promised): void => void writeSync(promises, `${JSON.stringify(promised)}\n`);
  const { home, copy } = homesIn(root);
  const owner = await keyringOf('identity', 'owner');
  const account = owner.public['wallet'] ?? '';
  await createKeystore(home, { type: 'identity', name: 'owner', public: owner.public, secret: Buffer.alloc(32, 1) }, 'passphrase', { n: 16_384, r: 8, p: 1 });
  promise({ keystore: 'owner' });
  const { id } = await createGrid({ ...optionsOf(home), name: 'power', dev: true, owner, allocations: [{ account, amount_stroops: '10000000000' }] });
  promise({ grid: id });

  const sent = async (grid: Grid): Promise<void> => {
    const { id: recorded, index } = await send(grid, owner, 'ab'.repeat(32));
    promise({ recorded, index });
    promise({ published: grid.reader.checkpoint()?.note ?? '' });
  };
  {
    await using asked = await openGrid({ ...optionsOf(home), openKeyring: keyringAsked });
    for (let i = 0; i < 4; i += 1) await sent(asked);
  }
  {
    await using grid = await openGrid(optionsOf(home));
    for (let i = 0; i < 4; i += 1) await sent(grid);
    // Side by side, so that they share a transaction.
    await Promise.all(['one', 'two', 'three', 'four', 'five'].map(async (name) => ensureIdentity(grid, await keyringOf('identity', name))));
    promise({ published: grid.reader.checkpoint()?.note ?? '' });
  }

  {
    const folder = join(root, 'witness');
    using made = Ledger.create(join(folder, 'ledger.sqlite'), { key_name: 'watcher.example/w', audits: false });
    made.trust({ origin: WITNESSED.origin, vkey: WITNESSED.vkey, source: null });
    await using memory = new TestWitness('watcher', { folder });
    for (let size = 1; size <= 5; size += 1) {
      const { status } = await memory.witness.addCheckpoint(Buffer.from(WITNESSED.request(size - 1, size)));
      if (status === 200) promise({ cosigned: size });
    }
  }

  const daemon = await startDaemon({ ...optionsOf(home), log: pino({ level: 'silent' }), listen: { host: '127.0.0.1', port: 0 } });
  const { size } = await joinGrid({ ...optionsOf(copy), url: daemon.url ?? '' });
  promise({ copied: size });
  for (let i = 1; i <= 3; i += 1) {
    updateConfig(copy, (config) => void (config.spend.per_command_stroops = `${i}`));
    promise({ spend: `${i}` });
  }
  const grid = await openGrid(optionsOf(copy));
  const data = openPrivate(copy);
  for (let i = 0; i < 5; i += 1) {
    const record = makeRecord(nextPayload(grid, `account/${account}`, 'transfer@1', { payers: [], to: account, memo: `${i}` }, Date.now()));
    new Unsent(data, id).keep(record, await signRecord(record, [owner.signer('wallet')]), Date.now());
    promise({ unsent: record.id });
    const hold = { contract: `${i}`, record: record.id, payload: record.text, agreement: { node: 'a', commit_by: Date.now() + 60_000 } } as unknown as Hold;
    new Holds(data, id).take(hold, Date.now());
    promise({ held: record.id });
    const mail = ownMail(copy, grid, owner);
    promise({ letter: (await sendMail(mail, mail.me.party, 'declined', { record: id, reason: `${i}` })).id });
    await sent(grid);
    promise({ copied: grid.reader.size });
  }
  // Not in order: what is open stays open, as when the power goes.
  process.exit(0);
}
