// --listen HOST:PORT and --public URL
import { Problem } from '../src/base/errors.js';

/** @throws Problem `usage` */
export function parseListen(text: string): { host: string; port: number } {
  const [, v6, v4, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:\s/]+)):([0-9]{1,5})$/.exec(text) ?? [];
  const host = v6 ?? v4;
  const port = Number(digits);
  if (host === undefined || port > 65_535) throw new Problem('usage', `not an address to listen on: ${JSON.stringify(text.slice(0, 100))}`, { hint: '--listen HOST:PORT, for example 127.0.0.1:8780 or [::]:8780' });
  return { host, port };
}

/** @throws Problem `usage` */
export function parsePublic(text: string, flag = '--public'): string {
  const url = text.replace(/\/$/, '');
  if (!/^https?:\/\/[^/?#@\s]{1,200}$/.test(url)) throw new Problem('usage', `not an address of a bot: ${JSON.stringify(text.slice(0, 100))}`, { hint: `${flag} https://bot.example` });
  return url;
}
