// What a view waits for: loading, done or failed, and again.
import { useCallback, useEffect, useState } from 'preact/hooks';

/** Something that comes later. The last good value stays while a newer one is on its way. */
export interface Loaded<T> {
  readonly value: T | undefined;
  readonly error: Error | undefined;
  readonly isLoading: boolean;
  readonly reload: () => void;
}

/**
 * Loads, and loads again whenever `key` changes; whatever is late by then is dropped.
 * @param key null: nothing to load yet
 */
export function useLoad<T>(key: string | null, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [turn, setTurn] = useState(0);
  const [state, setState] = useState<{ key: string | null; value?: T; error?: Error; isLoading: boolean }>({ key, isLoading: true });
  useEffect(() => {
    if (key === null) return undefined;
    const stop = new AbortController();
    setState((before) => ({ key, isLoading: true, ...(before.key === key && before.value !== undefined ? { value: before.value } : {}) }));
    load(stop.signal).then(
      (value) => stop.signal.aborted || setState({ key, value, isLoading: false }),
      (thrown: unknown) => stop.signal.aborted || setState({ key, error: thrown instanceof Error ? thrown : new Error(String(thrown)), isLoading: false }),
    );
    return () => stop.abort();
  }, [key, turn]);
  const reload = useCallback(() => setTurn((n) => n + 1), []);
  const isOld = state.key !== key;
  return { value: isOld ? undefined : state.value, error: isOld ? undefined : state.error, isLoading: isOld || state.isLoading, reload };
}

/** Calls again and again, but not while nobody looks. @param every_ms pause between calls */
export function useEvery(every_ms: number, call: () => void): void {
  useEffect(() => {
    const timer = setInterval(() => document.hidden || call(), every_ms);
    return () => clearInterval(timer);
  }, [every_ms, call]);
}
