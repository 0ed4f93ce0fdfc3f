// How a grid is named on a command line: where it is served, its genesis hash, what it is called here.
import { Problem } from '../../src/base/errors.js';

/** `http(s)://host:port` of a bot, without a slash at the end. @throws Problem `usage` */
export function parseBotUrl(text: string): string {
  const address = text.replace(/\/$/, '');
  if (!/^https?:\/\/[^/?#@\s]{1,200}$/.test(address)) throw new Problem('usage', `not an address of a bot: ${JSON.stringify(text.slice(0, 100))}`, { hint: 'http://host:port or https://host' });
  return address;
}

/** Where a grid can be joined: a bot, or the folder of a mirror on any web server. @throws Problem `usage` */
export function parseSource(text: string): string {
  const address = text.replace(/\/$/, '');
  if (!/^https?:\/\/[^/?#@\s]{1,200}(\/[^/?#\s]{1,100}){0,8}$/.test(address)) throw new Problem('usage', `not an address of a bot or a mirror: ${JSON.stringify(text.slice(0, 100))}`, { hint: 'http://host:port or https://host/folder' });
  return address;
}

/** @throws Problem `usage` */
export function parseGenesis(text: string): string {
  if (!/^[0-9a-f]{64}$/.test(text)) throw new Problem('usage', 'the genesis hash has 64 hex digits');
  return text;
}

/** @throws Problem `usage` */
export function parseGridName(text: string): string {
  if (!/^[a-z0-9-]{3,50}$/.test(text)) throw new Problem('usage', 'a name has 3 to 50 characters of a-z, 0-9 and -');
  return text;
}
