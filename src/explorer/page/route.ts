// Where the reader is: the part of the address after #, so that any copy serves the page without knowing its paths.
import { useEffect, useState } from 'preact/hooks';
import { routeOf, type Route } from './address.js';

/** The address of a place, on the grid that the present address names. @param query empty values are left out */
export function href(view: string, id = '', query: Readonly<Record<string, string>> = {}): string {
  const grid = routeOf(location.hash).query.get('grid') ?? '';
  const asked = new URLSearchParams(Object.entries({ grid, ...query }).filter(([, value]) => value !== '')).toString();
  return `#/${view}${id === '' ? '' : `/${encodeURIComponent(id)}`}${asked === '' ? '' : `?${asked}`}`;
}

/** The present place; the back button works by itself. */
export function useRoute(): Route {
  const [route, set] = useState(() => routeOf(location.hash));
  useEffect(() => {
    const changed = (): void => set(routeOf(location.hash));
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return route;
}

/** Goes to a place. @param isNew whether the back button comes back here */
export function go(to: string, isNew = true): void {
  if (isNew) location.hash = to;
  else {
    history.replaceState(null, '', to);
    dispatchEvent(new HashChangeEvent('hashchange'));
  }
}
