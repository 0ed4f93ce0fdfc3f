// The book as it grows: its newest lines, live, until somebody pauses it.
import { useEffect, useRef, useState } from 'preact/hooks';
import { useShown } from '../context.js';
import { Card } from '../parts/basics.js';
import { Records, type ShownLine } from '../parts/records.js';
import { Empty, Failed } from '../parts/states.js';

const SHOWN = 100;
const RETRY_MS = 3_000;

/** Newest first; grows while `isLive`. @param shown how many lines are kept */
export function useLines(shown: number, isLive: boolean): { lines: readonly ShownLine[]; fresh: number; error: Error | undefined } {
  const { api, grid } = useShown();
  const [lines, set] = useState<readonly ShownLine[]>([]);
  const [fresh, count] = useState(0);
  const [error, fail] = useState<Error>();
  const newest = useRef<number | undefined>(undefined);
  useEffect(() => {
    if (!isLive) return undefined;
    const stop = new AbortController();
    const follow = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        try {
          const isFirst = newest.current === undefined;
          const { events } = await api.events(newest.current, shown, LONG_POLL_MS, stop.signal);
          newest.current = events.at(-1)?.line ?? newest.current;
          fail(undefined);
          if (events.length === 0) continue;
          set((before) => [...events.toReversed(), ...before].slice(0, shown));
          if (!isFirst) count((before) => before + events.length);
        } catch (thrown) {
          if (stop.signal.aborted) return;
          fail(thrown instanceof Error ? thrown : new Error(String(thrown)));
          await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        }
      }
    };
    void follow();
    return () => stop.abort();
  }, [api, grid.id, isLive, shown]);
  return { lines, fresh, error };
}

const LONG_POLL_MS = 25_000;

/** `#/lines` */
export function Lines() {
  const [isLive, set] = useState(true);
  const { lines, fresh, error } = useLines(SHOWN, isLive);
  return (
    <>
      <h1>Lines of the book</h1>
      <Card title={isLive ? 'Newest first, live' : 'Paused'} aside={<button type="button" aria-pressed={!isLive} onClick={() => set(!isLive)}>{isLive ? 'Pause' : 'Go on'}</button>}>
        <p class="hidden" aria-live="polite">{fresh === 0 ? '' : `${fresh} new line${fresh === 1 ? '' : 's'}`}</p>
        {error !== undefined && <Failed error={error} what="new lines" />}
        {lines.length === 0 && error === undefined ? <Empty title="Waiting for lines…" /> : <Records lines={lines} label="newest lines first" />}
      </Card>
    </>
  );
}
