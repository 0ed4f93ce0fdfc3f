// OrbitDB: entries of about 1 KiB appended to a log kept on disk, each signed by the log's identity.
// usage: node orbit.mjs COUNT FOLDER; prints entries a second.
import { join } from 'node:path';
import { ComposedStorage, Identities, KeyStore, LevelStorage, Log, LRUStorage } from '@orbitdb/core';

const [count, folder] = [Number(process.argv[2]), process.argv[3]];
const keystore = await KeyStore({ path: join(folder, 'keys') });
const identities = await Identities({ keystore, path: join(folder, 'identities') });
const identity = await identities.createIdentity({ id: 'farm' });
// As its own Database sets a log up: a cache in memory before LevelDB.
const store = async (name) => ComposedStorage(await LRUStorage({ size: 1_000 }), await LevelStorage({ path: join(folder, name), valueEncoding: 'buffer' }));
const log = await Log(identity, { logId: 'bench', entryStorage: await store('entries'), headsStorage: await store('heads'), indexStorage: await store('index') });
const start = performance.now();
for (let i = 0; i < count; i++) await log.append({ place: `${i} `.padEnd(640, 'p') });
const ms = performance.now() - start;
process.stdout.write(`${(count * 1000) / ms}\n`);
process.exit(0);
