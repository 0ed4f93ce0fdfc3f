// 3bot dev up
import type { CommandFile } from '../command.js';
import { devOptions, runtimeNote, startDev, type DevFlags } from './shared.js';

export const command: CommandFile<DevFlags> = {
  about: 'Home, farmer, node and a consumer with TFT, each a process of its own on a free port of 127.0.0.1, in a folder of their own.\nRuns until Ctrl-C; then everything stops, and the folder goes. Its keys have a random passphrase in a 0600 file of that folder.',
  options: devOptions,
  examples: ['3bot dev up', '3bot dev up --runtime process --nodes 2', '3bot dev up --dir ./playground'],
  async run(context, _args, options) {
    const { pickRuntime } = await import('../../src/dev/runtime.js');
    const { out, signal } = context;
    const picked = await pickRuntime(options.runtime, signal);
    const note = runtimeNote(picked);
    if (note !== undefined) out.note(`3bot: note: ${note}`);
    await using grid = await startDev(context, options, picked);
    const { folder, id, farm, urls, balance, variables, home, farmer, nodes, consumer } = grid;
    const exports = `export ${Object.entries(variables).map(([name, value]) => `${name}=${quoted(value)}`).join(' ')}`;
    out.line(
      {
        folder, grid: id, farm, runtime: picked.runtime, env: variables,
        bots: { home: { home: home.home, url: urls.home }, farmer: { home: farmer.home, url: urls.farmer }, nodes: nodes.map((node) => ({ home: node.home })), consumer: { home: consumer.home, balance } },
      },
      () => [
        `grid dev is up, with ${picked.runtime === 'podman' ? 'containers' : 'plain processes'}; Ctrl-C stops it${options.dir === undefined && !options.keep ? ' and removes its folder' : ''}`,
        '',
        `home      ${urls.home}  ${home.home}`,
        `farmer    ${urls.farmer}  ${farmer.home}`,
        ...nodes.map((node) => `node      ${' '.repeat(urls.home.length)}  ${node.home}`),
        `consumer  ${' '.repeat(urls.home.length)}  ${consumer.home}, ${balance} TFT`,
        '',
        'In another terminal, to be the consumer:',
        `  ${exports}`,
        '  3bot reserve --cpu 4 --sru 100',
      ].join('\n'),
    );
    const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    if (!signal.aborted) await Promise.race([stopped, grid.broken()]);
  },
};

/** A value for a POSIX shell. */
function quoted(value: string): string {
  return /^[A-Za-z0-9_./:-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
