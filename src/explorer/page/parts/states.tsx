// What stands in a view's place while it loads, where it failed, and where there is nothing.
import type { ComponentChildren } from 'preact';
import { ApiProblem } from '../api.js';
import type { Loaded } from '../load.js';

/** A view of something that comes later. @param what names it: `nodes` */
export function Waiting<T>({ loaded, what, children }: { loaded: Loaded<T>; what: string; children: (value: T) => ComponentChildren }) {
  if (loaded.value !== undefined) return <div class={loaded.isLoading ? 'older' : ''} aria-busy={loaded.isLoading}>{children(loaded.value)}</div>;
  if (loaded.error !== undefined) return <Failed error={loaded.error} what={what} retry={loaded.reload} />;
  return <div class="skeleton" role="status"><span class="hidden">loading {what}</span><i /><i /><i /></div>;
}

/** What went wrong, in the bot's words, and again. */
export function Failed({ error, what, retry }: { error: Error; what: string; retry?: () => void }) {
  const hint = error instanceof ApiProblem ? error.hint : undefined;
  const isMissing = error instanceof ApiProblem && error.code === 'not_found';
  return (
    <div class={`notice ${isMissing ? 'plain' : 'bad'}`} role="alert">
      <p><strong>{isMissing ? 'Not found' : `Could not load ${what}`}</strong></p>
      <p><bdi>{error.message}</bdi></p>
      {hint !== undefined && <p class="quiet">hint: <bdi>{hint}</bdi></p>}
      {retry !== undefined && !isMissing && <button type="button" onClick={retry}>Try again</button>}
    </div>
  );
}

/** Nothing there, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return <div class="empty"><p><strong>{title}</strong></p>{children}</div>;
}
