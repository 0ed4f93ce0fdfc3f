// The names and sizes of tiles and entry bundles (C2SP tlog-tiles).

/** Hashes in a full tile, entries in a full bundle; a tile's root is one hash of the level above. */
export const TILE_WIDTH = 256;
/** log2 of the width. */
export const TILE_HEIGHT = 8;

/** A tile, or a bundle (which has the numbers of a tile of level 0). */
export interface TileName {
  /** Level of a tile, 0 to 63; or what is bundled: `entries` in the specification, applications may add words of their own. */
  readonly of: number | string;
  /** Number within the level, from 0. */
  readonly n: number;
  /** Hashes or entries in it, 1 to 256; below 256 it is partial. */
  readonly width: number;
}

// No level above 6 has a tile below 2^53 leaves, but the form allows 63.
const LEVEL = /^(0|[1-9]|[1-5][0-9]|6[0-3])$/;
const WORD = /^[a-z]{1,20}$/;
const NUMBER = /^(x[0-9]{3}\/){0,4}[0-9]{3}$/;
const WIDTH = /^([1-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])$/;

/** The path below the log's prefix: `tile/<L>/<N>[.p/<W>]`. @example tilePath({ of: 0, n: 1234067, width: 256 }) // 'tile/0/x001/x234/067' */
export function tilePath({ of, n, width }: TileName): string {
  let path = String(n % 1_000).padStart(3, '0');
  for (let left = Math.floor(n / 1_000); left > 0; left = Math.floor(left / 1_000)) path = `x${String(left % 1_000).padStart(3, '0')}/${path}`;
  return `tile/${of}/${path}${width < TILE_WIDTH ? `.p/${width}` : ''}`;
}

/** Reads such a path in its one spelling; undefined where it is none, or its number above 10^15. @param path hostile */
export function parseTilePath(path: string): TileName | undefined {
  const [, of = '', number = '', partial] = /^tile\/([0-9a-z]+)\/([0-9x/]+)(?:\.p\/([0-9]+))?$/.exec(path) ?? [];
  if (!(LEVEL.test(of) || WORD.test(of)) || !NUMBER.test(number) || (partial !== undefined && !WIDTH.test(partial))) return undefined;
  const n = Number(number.replaceAll(/[x/]/g, ''));
  const name: TileName = { of: LEVEL.test(of) ? Number(of) : of, n, width: partial === undefined ? TILE_WIDTH : Number(partial) };
  // Leading zero groups are a second spelling.
  return tilePath(name) === path ? name : undefined;
}

/** How many hashes (of a bundle: entries) number `n` has in a tree of `size` leaves: 0 to 256. */
export function tileWidth(size: number, of: number | string, n: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** (typeof of === 'number' ? of : 0));
  return Math.max(0, Math.min(TILE_WIDTH, hashes - n * TILE_WIDTH));
}

/** Every tile of a tree of `size` leaves, upper levels last; bundles are those of level 0. @param before leaves of an earlier tree, whose full tiles are left out */
export function* tilesOf(size: number, before = 0): Generator<{ level: number; n: number; width: number }> {
  for (let level = 0; TILE_WIDTH ** level <= size; level++) {
    const first = Math.floor(before / TILE_WIDTH ** (level + 1));
    for (let n = first, width = tileWidth(size, level, n); width > 0; n++, width = tileWidth(size, level, n)) yield { level, n, width };
  }
}
