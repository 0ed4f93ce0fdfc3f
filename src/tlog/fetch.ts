// Proofs out of a log's published tiles: which tiles a proof needs follows from the sizes alone, so all come at once.
import { Problem } from '../base/errors.js';
import { EMPTY_ROOT, HASH_BYTES } from './merkle.js';
import type { SubtreeHash } from './prove.js';
import { Subtrees } from './subtrees.js';
import { tileWidth, type TileName } from './tiles.js';

/** Gets a tile's bytes, as its name says: from a web server, a mirror's folder. Hostile. */
export type FetchTile = (tile: TileName & { readonly of: number }) => Promise<Buffer>;

/**
 * Does `work` with the hashes of a tree of `size` leaves, read from its tiles. Each is fetched once, all side by side:
 * about two for each level of tiles.
 *
 * Nothing here makes the tiles true: verify the proof that comes out against a signed root, or compare the root.
 * @param work pure, and asks for the same hashes whatever their values: `treeRoot`, `inclusionProof`, `consistencyProof`
 * @throws Problem `integrity`, reason `tile`, where a tile does not have the length of its width; what `fetch` throws
 * @example const proof = await fromTiles(size, fetch, (hash) => inclusionProof(hash, index, size));
 */
export async function fromTiles<T>(size: number, fetch: FetchTile, work: (hash: SubtreeHash) => T): Promise<T> {
  const needed = new Set<string>();
  // A first run shows which tiles are read; what it computes is thrown away.
  const rehearsal = new Subtrees((level, n) => {
    needed.add(`${level}/${n}`);
    return Buffer.alloc(tileWidth(size, level, n) * HASH_BYTES, EMPTY_ROOT);
  });
  work(rehearsal.hash);
  const tiles = new Map(await Promise.all([...needed].map(async (name) => {
    const [level, n] = name.split('/').map(Number) as [number, number];
    const tile = { of: level, n, width: tileWidth(size, level, n) };
    const bytes = await fetch(tile);
    if (bytes.length !== tile.width * HASH_BYTES) throw new Problem('integrity', `tile ${name} does not have ${tile.width} hashes`, { reason: 'tile' });
    return [name, bytes] as const;
  })));
  return work(new Subtrees((level, n) => tiles.get(`${level}/${n}`)).hash);
}
