// Which release of 3bot this is.
import { readFileSync } from 'node:fs';

/** The version of package.json. */
export function release(): string {
  return (JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }).version;
}
