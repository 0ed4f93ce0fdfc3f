// Bundles the explorer's page into dist/explorer/: index.html, and below assets/ files that are named by their contents,
// each also compressed. Plain JavaScript, because the build runs it.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { worldMap } from './world.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../../..');
const dist = join(root, 'dist/explorer');

/** What Node.js has and a browser has not, file for file: the code that checks records is the same in both. */
const REPLACED = [
  [/^node:crypto$/, join(here, 'seams/crypto.ts')],
  [/^node:(timers\/promises|os|perf_hooks)$/, join(here, 'seams/node.ts')],
  [/\/schema\/validate\.js$/, join(here, 'seams/validate.ts')],
  [/\/backends\/best\.js$/, join(here, 'seams/best.ts')],
];

const seams = {
  name: 'seams',
  setup(plugin) {
    for (const [filter, path] of REPLACED) plugin.onResolve({ filter }, () => ({ path, sideEffects: false }));
    plugin.onResolve({ filter: /^buffer$/ }, () => ({ path: join(root, 'node_modules/buffer/index.js'), sideEffects: false }));
    plugin.onResolve({ filter: /^schema:/ }, ({ path }) => ({ path: join(root, 'dist/src/schema/validators', `${path.slice('schema:'.length)}.cjs`) }));
    plugin.onResolve({ filter: /^map:world$/ }, ({ path }) => ({ path, namespace: 'map' }));
    plugin.onLoad({ filter: /.*/, namespace: 'map' }, () => ({ contents: JSON.stringify(worldMap()), loader: 'json' }));
  },
};

const options = {
  absWorkingDir: root, bundle: true, minify: true, platform: 'browser', format: 'esm', target: ['chrome119', 'firefox121', 'safari17.4'],
  jsx: 'automatic', jsxImportSource: 'preact', tsconfig: join(here, 'tsconfig.json'), legalComments: 'none', logLevel: 'warning',
  inject: [join(here, 'seams/buffer.ts')], plugins: [seams], loader: { '.svg': 'file' },
};

function hashed(name, contents) {
  const [, stem, ending] = /^(.+)(\.[a-z]+)$/.exec(name);
  const file = `${stem}-${createHash('sha256').update(contents).digest('hex').slice(0, 12)}${ending}`;
  writeFileSync(join(dist, 'assets', file), contents);
  return file;
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(join(dist, 'assets'), { recursive: true });
const { outputFiles } = await build({
  ...options, entryPoints: { explorer: join(here, 'main.tsx') }, splitting: true, write: false,
  outdir: join(dist, 'assets'), entryNames: '[name]-[hash]', chunkNames: '[name]-[hash]',
});
for (const { path, contents } of outputFiles) writeFileSync(path, contents);
const name = (pattern) => readdirSync(join(dist, 'assets')).find((file) => pattern.test(file));
const css = name(/^explorer-.*\.css$/);
const js = name(/^explorer-.*\.js$/);
const icon = hashed('icon.svg', readFileSync(join(here, 'icon.svg')));
const html = readFileSync(join(here, 'index.html'), 'utf8').replace('{icon}', `assets/${icon}`).replace('{css}', `assets/${css}`).replace('{js}', `assets/${js}`);
writeFileSync(join(dist, 'index.html'), html);

for (const file of ['index.html', ...readdirSync(join(dist, 'assets')).map((one) => `assets/${one}`)]) {
  const contents = readFileSync(join(dist, file));
  writeFileSync(join(dist, `${file}.gz`), gzipSync(contents, { level: 9 }));
  writeFileSync(join(dist, `${file}.br`), brotliCompressSync(contents, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: contents.length } }));
}
