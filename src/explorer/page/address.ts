// The part of the address behind #: which view is shown, and of what.

/** A place in the page. */
export interface Route {
  /** First word: which view. */
  readonly view: string;
  /** What comes behind it, decoded; '' where there is nothing. */
  readonly id: string;
  readonly query: URLSearchParams;
}

/** Reads an address. @param hash hostile: anybody can make a link */
export function routeOf(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  const [view = '', ...rest] = path.split('/');
  return { view, id: decoded(rest.join('/')), query: new URLSearchParams(query) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
