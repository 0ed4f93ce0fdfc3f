// A body field by field: the words of kinds that have none of their own. Nothing is left out and nothing explained.
import type { Json } from '../../base/canonical.js';
import type { Payload } from '../../schema/types.js';
import type { Row } from '../kinds.js';

/** Each value with its path, as `body.resources.cru` or `keys[0].key`; empty lists and null are said, too. */
export function plainWords({ body }: Payload): Row[] {
  return Object.entries(body as Record<string, Json>).flatMap(([name, value]) => rows(name, value));
}

function rows(path: string, value: Json): Row[] {
  if (value === null) return [[path, 'none']];
  if (typeof value !== 'object') return [[path, String(value)]];
  const inner = Array.isArray(value) ? value.map((item, i): [string, Json] => [`${path}[${i}]`, item]) : Object.entries(value).map(([name, item]): [string, Json] => [`${path}.${name}`, item as Json]);
  return inner.length === 0 ? [[path, 'none']] : inner.flatMap(([name, item]) => rows(name, item));
}
