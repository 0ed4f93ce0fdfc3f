// 3bot dev up
import type { CommandFile } from '../command.js';
import { devOptions, runtimeNote, startDev, type DevFlags } from './shared.js';

export const command: CommandFile<DevFlags> = {
  about: 'Home, farmers, nodes and a consumer with TFT, each a process of its own on a free port of 127.0.0.1, in a folder of their own.\nRuns until Ctrl-C; then everything stops, and the folder goes. Its keys have a random passphrase in a 0600 file of that folder.',
  options: devOptions,
  examples: ['3bot dev up', '3bot dev up --runtime process --nodes 5 --farms 3', '3bot dev up --dir ./playground'],
  async run(context, _args, options) {
    const { pickRuntime } = await import('../../src/dev/runtime.js');
    const { out, signal } = context;
    const picked = await pickRuntime(options.runtime, signal);
    const note = runtimeNote(picked);
    if (note !== undefined) out.note(`3bot: note: ${note}`);
    await using grid = await startDev(context, options, picked);
    const { folder, id, url, balance, variables, home, farmers, nodes, consumer } = grid;
    const sellers = farmers.map((farmer) => ({ home: farmer.home, url: farmer.url, farm: farmer.farm, name: farmer.name }));
    const exports = `export ${Object.entries(variables).map(([name, value]) => `${name}=${quoted(value)}`).join(' ')}`;
    out.line(
      {
        folder, grid: id, farm: sellers[0]?.farm, runtime: picked.runtime, env: variables,
        bots: { home: { home: home.home, url }, farmer: sellers[0], farmers: sellers, nodes: nodes.map((node) => ({ home: node.home })), consumer: { home: consumer.home, balance } },
      },
      () => [
        `grid dev is up, with ${picked.runtime === 'podman' ? 'containers' : 'plain processes'}; Ctrl-C stops it${options.dir === undefined && !options.keep ? ' and removes its folder' : ''}`,
        '',
        `home      ${url}  ${home.home}`,
        ...sellers.map((farmer) => `farmer    ${farmer.url.padEnd(url.length)}  ${farmer.home}${sellers.length === 1 ? '' : `, sells as ${farmer.name}`}`),
        ...nodes.map((node) => `node      ${' '.repeat(url.length)}  ${node.home}`),
        `consumer  ${' '.repeat(url.length)}  ${consumer.home}, ${balance} TFT`,
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
