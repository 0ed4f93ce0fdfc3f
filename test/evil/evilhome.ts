// A home that lies: it has the log's keys, so whatever it serves is properly signed and proven.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { toBase64 } from '../../src/base/bytes.js';
import { sha256Hex } from '../../src/base/hash.js';
import { signCheckpoint } from '../../src/bcdb/checkpoint.js';
import { entryText } from '../../src/bcdb/entry.js';
import { leafHash } from '../../src/tlog/merkle.js';
import { pinnedBy } from '../../src/bcdb/pinned.js';
import { signaturesText } from '../../src/bcdb/record.js';
import { Tree } from '../../src/tlog/tree.js';
import type { Keyring } from '../../src/keys/keyring.js';
import type { Line, Trailer } from '../../src/schema/types.js';

/** The tree over any lines, whether they hold or not. */
export function treeOf(lines: readonly Line[]): Tree {
  const tiles = new Map<string, Buffer>();
  const tree = Tree.open({ get: (level, n) => tiles.get(`${level}/${n}`), put: (level, n, hashes) => tiles.set(`${level}/${n}`, hashes) }, 0);
  tree.append(lines.map(({ payload, signatures, at }) => leafHash(entryText(sha256Hex(payload), signaturesText(signatures), at))));
  return tree;
}

/** Serves lines as it likes; change `lines`, `signed` and `time_ms` between requests. */
export class EvilHome implements AsyncDisposable {
  lines: Line[];
  /** Lines that the tree and the checkpoint are made of, where they are not those that are served. */
  signed: Line[] | undefined;
  time_ms = Date.now();
  /** What it says of every record that is handed in, by its id. */
  verdict: ((id: string) => object) | undefined;
  readonly #log: Keyring;
  readonly #server: Server;

  private constructor(lines: Line[], log: Keyring) {
    this.lines = lines;
    this.#log = log;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** @param port where the honest home was, so that those who followed it ask here; any free one if left out */
  static async start(lines: Line[], log: Keyring, port = 0): Promise<EvilHome> {
    const evil = new EvilHome(lines, log);
    await new Promise<void>((resolve) => evil.#server.listen(port, '127.0.0.1', resolve));
    return evil;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? '';
    if (request.method === 'POST') {
      const { records } = JSON.parse(await text(request)) as { records: { payload: string }[] };
      return void response.end(JSON.stringify({ outcomes: records.map(({ payload }) => this.verdict?.(sha256Hex(payload))) }));
    }
    const { grid, origin } = pinnedBy(this.lines[0] as Line);
    if (url === '/v1/grids') return void response.end(JSON.stringify({ grids: [{ id: grid, name: 'evil-grid', dev: true, home: true, size: this.lines.length, time: 0 }] }));
    if (url.endsWith('/genesis')) return void response.end(JSON.stringify(this.lines[0]));
    const asked = new URLSearchParams(url.split('?')[1]);
    const [from, limit] = [Number(asked.get('from')), Number(asked.get('limit') ?? 1_000)];
    const tree = treeOf(this.signed ?? this.lines);
    const checkpoint = await signCheckpoint({ origin, size: tree.size, root: tree.root(), time_ms: this.time_ms }, this.#log.signer('log'), this.#log.signer('clock'));
    const to = Math.min(this.lines.length, tree.size, Math.max(from, 0) + limit);
    const trailer: Trailer = { checkpoint, consistency: tree.consistencyProof(to).map(toBase64) };
    response.end([...this.lines.slice(from, Math.min(this.lines.length, from + limit)), trailer].map((row) => JSON.stringify(row)).join('\n'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
