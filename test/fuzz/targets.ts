// The parsers that strangers feed, and what holds of each whatever it is fed: a Problem or a value, never anything else,
// and a value that says the same when it is written again.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonical, parseCanonical } from '../../src/base/canonical.js';
import { Problem } from '../../src/base/errors.js';
import { parseReceipt } from '../../src/bcdb/receipt.js';
import { parseQuery } from '../../src/bcdb/query/parse.js';
import { makeRecord, parseRecord } from '../../src/bcdb/record.js';
import { parseTranscript } from '../../src/consumer/transcript.js';
import { openHome } from '../../src/home.js';
import { parseKey } from '../../src/keys/did.js';
import { readKeystore } from '../../src/keys/keystore.js';
import { invitationText, parseInvitation } from '../../src/market/invitation.js';
import { parseRequest, requestText } from '../../src/market/request.js';
import { parseMail } from '../../src/net/mail/letter.js';
import { problemFrom } from '../../src/net/problems.js';
import { parseManifest } from '../../src/net/registry/manifest.js';
import { parseReference, pinned } from '../../src/net/registry/reference.js';
import { openHello } from '../../src/net/relay/hello.js';
import { readTrust } from '../../src/net/trustfile.js';
import { parseLogin } from '../../src/net/registry/login.js';
import { parse as parseMessage } from '../../src/node/inside/inside.js';
import { parseQcow2 } from '../../src/node/machines/disk.js';
import { readBlueprint } from '../../src/architect/file/blueprint.js';
import { designHash } from '../../src/architect/design.js';
import { readRelease } from '../../src/node/release/note.js';
import { validated } from '../../src/schema/validate.js';
import { parseBundle } from '../../src/tlog/bundle.js';
import { checkpointText, parseCheckpointText } from '../../src/tlog/checkpoint.js';
import { formatNote, formatVkey, parseNote, parseVkey } from '../../src/tlog/note.js';
import { parsePolicy } from '../../src/tlog/policy.js';
import { formatProof, parseProof } from '../../src/tlog/proof.js';
import { parseTilePath, tilePath } from '../../src/tlog/tiles.js';
import { parseAddCheckpoint } from '../../src/tlog/witness.js';

/** Feeds one input to a parser. @throws Problem where it is refused; anything else is a defect */
export type Target = (input: string) => unknown;

const folder = mkdtempSync(join(tmpdir(), '3bot-fuzz-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const home = openHome(folder);
mkdirSync(home.keys);

/** What parsers that refuse without a Problem refuse with here. */
const NONE = new Problem('malformed', 'it is none');

/** What the hellos and releases of the corpus were made for: a relay's nonce, a time, and a release key (seed 07…07). */
const NONCE = '5a'.repeat(16);
const TIME = 1_763_900_000_000;
const RELEASE_KEY = 'releases+1ed268bc+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs';

/** By name of the corpus file. Bytes are characters of Latin-1 in those that take bytes. */
export const TARGETS: Readonly<Record<string, Target>> = {
  record: (text) => assert.equal(makeRecord(parseRecord(text).payload).text, text),
  canonical: (text) => assert.equal(canonical(parseCanonical(text)), text),
  note(text) {
    const note = parseNote(text);
    assert.deepEqual(parseNote(formatNote(note.text, note.signatures)), note);
  },
  vkey: (text) => assert.equal(formatVkey(parseVkey(text)), text),
  checkpoint(text) {
    const point = parseCheckpointText(text);
    assert.deepEqual(parseCheckpointText(checkpointText(point)).root, point.root);
  },
  proof: (text) => assert.deepEqual(parseProof(formatProof(parseProof(text))), parseProof(text)),
  payment_request: (text) => assert.deepEqual(parseRequest(requestText(parseRequest(text))), parseRequest(text)),
  receipt: (text) => parseReceipt(text),
  tile_path(text) {
    const name = parseTilePath(text);
    if (name === undefined) throw NONE;
    assert.equal(tilePath(name), text);
  },
  bundle(text) {
    const bytes = Buffer.from(text, 'latin1');
    const entries = parseBundle(bytes, 2);
    assert.equal(entries.reduce((sum, entry) => sum + 2 + entry.length, 0), bytes.length);
  },
  policy: (text) => parsePolicy(text),
  add_checkpoint: (text) => parseAddCheckpoint(text),
  query: (text) => parseQuery(text),
  talk: (text) => validated('talk@1', parseCanonical(text)),
  mail: (text) => parseMail(text),
  keystore(text) {
    writeFileSync(join(home.keys, 'identity-ann.json'), text, { mode: 0o600 });
    assert.equal(readKeystore(home, 'identity', 'ann').name, 'ann');
  },
  invitation: (text) => assert.equal(invitationText(parseInvitation(text)), text.trim()),
  key: (text) => assert.match(parseKey(text), /^[0-9a-f]{64}$/),
  trust: (text) => readTrust(text),
  image_name(text) {
    const reference = parseReference(text);
    assert.equal(`${pinned({ ...reference, path: reference.path + (reference.tag === null ? '' : `:${reference.tag}`) }, reference.digest ?? '')}`.replace(/@$/, ''), text);
  },
  manifest: (text) => parseManifest(Buffer.from(text), 'application/vnd.oci.image.index.v1+json'),
  hello: (text) => assert.equal(openHello(text, NONCE, TIME).nonce, NONCE),
  transcript: (text) => assert.match(parseTranscript(text).sha256, /^[0-9a-f]{64}$/),
  wish: (text) => validated('inside@1', parseMessage(Buffer.from(text))),
  release: (text) => assert.match(readRelease(text, RELEASE_KEY).sha256, /^[0-9a-f]{64}$/),
  qcow2(text) {
    if (parseQcow2(Buffer.from(text, 'latin1')) === null) throw NONE;
  },
  login: (text) => parseLogin(Buffer.from(text), 'login'),
  blueprint(text) {
    const { design, faults } = readBlueprint(Buffer.from(text), { name: 'shop', values: new Map(), beside: null });
    assert.equal(design === null, faults.length > 0);
    if (design === null) throw NONE;
    assert.equal(designHash(design), design.hash);
  },
  problem(text) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw NONE;
    }
    if (problemFrom(value) === undefined) throw NONE;
  },
};
