// Paths into the body of a record.
import { MAX_JSON_DEPTH } from '../../base/limits.js';

const PATH = /^body(\.[a-z][a-z0-9_]{0,63})+$/;

/** Whether a text is a path into a body: `body.x.y`, names as records have them. */
export function isBodyPath(text: string): boolean {
  return PATH.test(text) && text.split('.').length <= MAX_JSON_DEPTH + 1;
}

/** Whether a path leads to an amount of money, which is compared as an integer. */
export function isAmountPath(path: string): boolean {
  return path.startsWith('body.') && path.endsWith('_stroops');
}
