// 3bot serve
import type { CommandFile } from './command.js';

export const command: CommandFile<{ listen: string; public?: string; metrics?: string; page: boolean }> = {
  about: 'One process that makes this bot reachable: its grids (as home or copy), and what else this home folder holds, such as a farm.\nAnswers reads from its copy and forwards writes. Runs until it is stopped.\nIts address, opened in a browser, shows the explorer: nodes, farms, contracts and receipts, which the browser verifies.',
  options: (c) => c
    .option('--listen <host:port>', 'where to listen; port 0 takes any free one', '127.0.0.1:8780')
    .option('--metrics <host:port>', 'serve metrics for Prometheus there, at /metrics; best on 127.0.0.1')
    .option('--no-page', 'do not serve the explorer, the page for browsers')
    .option('--public <url>', 'address under which others reach it (default: where it listens)'),
  examples: ['3bot serve', '3bot serve --metrics 127.0.0.1:9780', '3bot serve --listen 0.0.0.0:8780 --public https://bot.example'],
  async run(context, _args, { listen, public: publicUrl, metrics, page: isShown }) {
    const { startDaemon } = await import('../src/net/daemon.js');
    const { createLog } = await import('../src/net/log.js');
    const { readPage } = await import('../src/explorer/serve.js');
    const { ServiceKeys } = await import('../src/keys/service.js');
    const { parseListen, parsePublic } = await import('./listen.js');
    const { explorer } = await import('../src/explorer/routes.js');
    const { roles } = await import('./roles.js');
    const where = parseListen(listen);
    const measured = metrics === undefined ? undefined : parseListen(metrics);
    const asked = publicUrl === undefined ? undefined : parsePublic(publicUrl);
    const { home, clock, signal, out, io } = context;
    const keys = new ServiceKeys(context);
    const log = createLog(io.stderr);
    const more = explorer(isShown ? readPage() : undefined);
    await using daemon = await startDaemon({ home, clock, signal, openKeyring: keys.open, log, listen: where, metrics: measured, publicUrl: asked, roles: await roles(context), more });
    await keys.close();
    const grids = [...daemon.grids.values()].map(({ id, name, isHome, reader }) => ({ id, name, home: isHome, size: reader.size }));
    const { witnesses } = daemon;
    const served = [...grids.map(({ name, home }) => `${name}${home ? ' (home)' : ''}`), ...witnesses.map((name) => `witness ${name}`)];
    out.line({ url: daemon.url, public: daemon.publicUrl, metrics: daemon.metrics, page: isShown ? `${daemon.url}/` : null, grids, witnesses }, () => `serving ${served.join(', ')} at ${daemon.url}${daemon.metrics === null ? '' : `, metrics at ${daemon.metrics}`}`);
    if (isShown) out.next(`open ${daemon.publicUrl ?? daemon.url}/ in a browser: the explorer`);
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  },
};
