// What the rules say of a line that evidence shows, by the lines before it in a copy of this home folder.
import { existsSync } from 'node:fs';
import { isProblem } from '../base/errors.js';
import { sha256Hex } from '../base/hash.js';
import type { Book, Head } from '../bcdb/book.js';
import type { AskRules } from '../bcdb/evidence.js';
import { foldTo } from '../bcdb/fold.js';
import { ingest } from '../bcdb/ingest.js';
import type { Reader } from '../bcdb/reader.js';
import { Store } from '../bcdb/store.js';
import type { Home } from '../home.js';
import { gridRules } from '../rules/all.js';
import type { Payload } from '../schema/types.js';

/** Asks the rules with the copy of a grid; no copy, or another beginning, and they cannot say. */
export function rulesOfCopy(home: Home, grid: string): AskRules {
  return async (line, index, prefix) => {
    if (!existsSync(home.gridDatabase(grid))) return undefined;
    using store = Store.read(home.gridDatabase(grid));
    if (store.size < index || !store.tree.root(index).equals(prefix)) return undefined;
    try {
      ingest(await bookOf(store, index, line.payload), gridRules, line, undefined);
      return null;
    } catch (thrown) {
      if (isProblem(thrown, 'failed')) return undefined; // a kind that needs a newer release
      if (isProblem(thrown)) return thrown.message;
      throw thrown;
    }
  };
}

/** The first lines of a book, for one more; what that one changes is thrown away. */
async function bookOf(store: Reader, size: number, next: string): Promise<Book> {
  const state = await foldTo(store, gridRules, size);
  const { chain } = JSON.parse(next) as Payload;
  let head: Head | undefined;
  for (const { payload: text } of store.lines(0, size)) {
    const payload = JSON.parse(text) as Payload;
    if (payload.chain === chain) head = { height: payload.height, id: sha256Hex(text) };
  }
  return {
    size,
    lastAt: size === 0 ? 0 : store.line(size - 1).at,
    grid: size === 0 ? null : store.grid,
    get: (id) => state.get(id),
    put: (id, value) => state.put(id, value),
    head: (name) => (name === chain ? head : undefined),
    root: (upTo) => store.tree.root(upTo),
    add: () => undefined,
  };
}
