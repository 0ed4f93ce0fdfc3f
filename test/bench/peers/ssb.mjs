// ssb-db2: signed messages of about 1 KiB of one feed, checked and added in batches of 1,000; acknowledged from memory.
// usage: node ssb.mjs COUNT FOLDER; prints messages a second.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
const [count, folder] = [Number(process.argv[2]), process.argv[3]];
const ssbKeys = require('ssb-keys');
const classic = require('ssb-classic/format');

const author = ssbKeys.generate();
const messages = [];
for (let i = 0, previous = null; i < count; i++) {
  const msgVal = classic.newNativeMsg({ keys: author, content: { type: 'farm', place: `${i} `.padEnd(640, 'p') }, previous, timestamp: 1_700_000_000_000 + i, hmacKey: null });
  messages.push(msgVal);
  previous = { key: classic.getMsgId(msgVal), value: msgVal };
}
const sbot = require('secret-stack')({ appKey: require('ssb-caps').shs }).use(require('ssb-db2/core')).use(require('ssb-classic'))({ path: join(folder, 'ssb'), keys: ssbKeys.generate(), caps: require('ssb-caps') });
const start = performance.now();
for (let i = 0; i < count; i += 1_000) {
  await new Promise((resolve, reject) => sbot.db.addBatch(messages.slice(i, i + 1_000), (error) => (error ? reject(error) : resolve())));
}
const ms = performance.now() - start;
process.stdout.write(`${(count * 1000) / ms}\n`);
sbot.close(true, () => process.exit(0));
