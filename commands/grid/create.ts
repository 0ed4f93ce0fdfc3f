// 3bot grid create
import type { CommandFile } from '../command.js';

export const command: CommandFile<{ dev?: boolean; allocate?: string[] }> = {
  about: 'This home folder becomes the home of the grid: it numbers the lines and signs their order. The identity in use governs it.\nPublish the id: it is the hash that others pin with grid join --genesis.',
  arguments: [['<name>', '3 to 50 characters of a-z, 0-9 and -']],
  options: (c) => c
    .option('--dev', 'a development grid: faucet, declared capacity and the process runtime are allowed')
    .option('--allocate <address=tft...>', 'TFT that exists from the first line (may be given several times)'),
  examples: ['3bot grid create playground --dev', '3bot grid create valley --allocate GAAZI4TCR3TY5OJHCTJC2A4QSY6CJWJH5IAJTGKIN2ER7LBNVKOCCWN7=1000000'],
  async run(context, [name = ''], { dev = false, allocate = [] }) {
    const { createGrid } = await import('../../src/net/genesis.js');
    const { identityInUse } = await import('../../src/keys/unlock.js');
    const { Problem } = await import('../../src/base/errors.js');
    const { gridOptions } = await import('../handle.js');
    const { parseAllocation } = await import('./allocation.js');
    if (!/^[a-z0-9-]{3,50}$/.test(name)) throw new Problem('usage', `not a name: ${JSON.stringify(name.slice(0, 100))}`, { hint: '3 to 50 characters of a-z, 0-9 and -' });
    const allocations = allocate.map(parseAllocation);
    const { home, clock, signal, openKeyring, createKeyring } = gridOptions(context);
    const owner = await openKeyring('identity', identityInUse(home));
    const { id } = await createGrid({ home, clock, signal, name, dev, owner, createKeyring, allocations });
    context.out.one({ json: { id, name, dev, home: true }, id, text: () => `grid ${name}${dev ? ', a development grid' : ''}\ngenesis ${id}` });
    context.out.next('3bot serve --listen HOST:PORT   (so that others can join it)');
  },
};
