// Two connections joined: what comes from the one goes to the other, one frame after the other.
import type { WebSocket } from 'ws';
import type { Clock } from '../../base/clock.js';
import { RELAY_LAST_WORDS_MS } from '../../base/limits.js';
import { REFUSED } from './wire.js';

/** A session as its relay sees it. */
export interface Pair {
  /** Grid and key. */
  readonly node: string;
  /** The operator. */
  readonly party: string;
  readonly ends: readonly [WebSocket, WebSocket];
  /** When a frame was passed on last, ms since 1970. */
  moved: number;
}

/** The sessions of one relay. */
export class Pairs {
  readonly #pairs = new Set<Pair>();

  /** Sessions there are: in all, of a node, of an operator. */
  count(node: string, party: string): { readonly all: number; readonly ofNode: number; readonly ofOperator: number } {
    const all = [...this.#pairs];
    return { all: all.length, ofNode: all.filter((pair) => pair.node === node).length, ofOperator: all.filter((pair) => pair.party === party).length };
  }

  /** Sessions of a grid. */
  of(grid: string): number {
    return [...this.#pairs].filter(({ node }) => node.startsWith(`${grid}/`)).length;
  }

  /** Joins the ends of a pair until one of them goes away. */
  add(pair: Pair, clock: Clock): void {
    const [a, b] = pair.ends;
    this.#pairs.add(pair);
    pass(a, b);
    pass(b, a);
    for (const [end, other] of [[a, b], [b, a]] as const) {
      end.once('close', () => {
        this.#pairs.delete(pair);
        // What it sent last is on its way still.
        other.close();
        if (other.isPaused) other.resume();
        setTimeout(() => other.terminate(), RELAY_LAST_WORDS_MS).unref();
      });
      if (end.readyState !== end.OPEN) end.emit('close');
    }

    function pass(from: WebSocket, to: WebSocket): void {
      let under_way = 0;
      from.on('message', (data, isBinary) => {
        if (!isBinary) return void from.close(REFUSED);
        from.pause();
        under_way += 1;
        pair.moved = clock();
        to.send(data, { binary: true }, () => {
          under_way -= 1;
          if (under_way === 0 && from.readyState === from.OPEN) from.resume();
        });
      });
    }
  }

  /** Ends those in which nothing has moved since. */
  endIdle(since: number): void {
    for (const { moved, ends } of this.#pairs) if (moved < since) for (const end of ends) end.terminate();
  }
}
