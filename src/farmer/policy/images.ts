// Which images a farmer lets run: patterns over their names, and digests that are pinned.

/**
 * Whether a pattern names an image. `*` is any text; a pattern without `@` is held against the name alone, one with `@`
 * against name and digest.
 * @param image `host/path@sha256:…`
 * @example matchesImage('docker.io/library/*', 'docker.io/library/nginx@sha256:…') // true
 */
export function matchesImage(pattern: string, image: string): boolean {
  const text = pattern.includes('@') ? image : image.slice(0, image.indexOf('@'));
  return matches(pattern.split('*'), text);
}

/** Whether any of the patterns names an image. */
export function matchesAny(patterns: readonly string[], image: string): boolean {
  return patterns.some((pattern) => matchesImage(pattern, image));
}

/** No regular expression, whose time a pattern could blow up: each part is looked for once, from the left. */
function matches(parts: readonly string[], text: string): boolean {
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
