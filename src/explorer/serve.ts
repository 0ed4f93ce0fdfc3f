// Serves the explorer's page: files that the build made, read once, under headers that let nothing in from elsewhere.
import { readdirSync, readFileSync } from 'node:fs';
import { negotiate } from '@fastify/accept-negotiator';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../base/errors.js';
import { sha256Hex } from '../base/hash.js';

/** A file of the page, as it is and compressed. */
interface PageFile {
  readonly type: string;
  /** Strong: of its contents. */
  readonly tag: string;
  readonly encodings: Readonly<Record<'identity' | 'gzip' | 'br', Buffer>>;
}

/** The page, in memory: `index.html` and `assets/<name>-<hash>.<ending>`. */
export type Page = ReadonlyMap<string, PageFile>;

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', svg: 'image/svg+xml',
};

/** Nothing from elsewhere, nothing inline, nobody's frame; what scripts make of text can be no markup. */
const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};

// Assets are named by their contents, so they never change; the page that names them is asked for anew.
const FOR_EVER = 'public, max-age=31536000, immutable';
const ASK_AGAIN = 'no-cache';

/** Reads the page that the build made. @throws Problem `failed` where it has not been built */
export function readPage(folder: URL = new URL('../../explorer/', import.meta.url)): Page {
  try {
    const assets = readdirSync(new URL('assets/', folder)).filter((name) => /\.(js|css|svg)$/.test(name)).map((name) => `assets/${name}`);
    return new Map(['index.html', ...assets].map((name) => [name, readFile(folder, name)]));
  } catch (cause) {
    throw new Problem('failed', "the explorer's page has not been built", { cause, hint: 'npm run build; or 3bot serve --no-page' });
  }
}

function readFile(folder: URL, name: string): PageFile {
  const read = (ending: string): Buffer => readFileSync(new URL(`${name}${ending}`, folder));
  const identity = read('');
  return { type: TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream', tag: sha256Hex(identity).slice(0, 32), encodings: { identity, gzip: read('.gz'), br: read('.br') } };
}

/** Adds `/` and `/assets/…` to a server. */
export function addPage(app: FastifyInstance, page: Page): void {
  app.get('/', { exposeHeadRoute: true }, (request, reply) => send(request, reply, page.get('index.html'), ASK_AGAIN));
  app.get('/assets/:name', { exposeHeadRoute: true }, (request, reply) => send(request, reply, page.get(`assets/${(request.params as { name: string }).name}`), FOR_EVER));
}

function send(request: FastifyRequest, reply: FastifyReply, file: PageFile | undefined, caching: string): FastifyReply {
  if (file === undefined) throw new Problem('not_found', 'the page has no such file; it may be of another release', { hint: 'load the page again' });
  const chosen = negotiate(request.headers['accept-encoding'] ?? '', ['br', 'gzip', 'identity']);
  const encoding = chosen === 'br' || chosen === 'gzip' ? chosen : 'identity';
  // A strong tag names the very bytes, so each encoding has its own (RFC 9110 8.8.3.3).
  const tag = `"${file.tag}-${encoding}"`;
  reply.headers({ ...PAGE_HEADERS, etag: tag, vary: 'accept-encoding', 'cache-control': caching });
  if (request.headers['if-none-match']?.split(',').some((held) => held.trim().replace(/^W\//, '') === tag) === true) return reply.code(304).send();
  if (encoding !== 'identity') reply.header('content-encoding', encoding);
  return reply.type(file.type).send(file.encodings[encoding]);
}
