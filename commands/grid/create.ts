// 3bot grid create
import { parseHeartbeat } from '../heartbeat.js';
import type { CommandFile } from '../command.js';

export const command: CommandFile<{ dev?: boolean; allocate?: string[]; witnesses?: string; heartbeat?: number }> = {
  about: 'This home folder becomes the home of the grid: it numbers the lines and signs their order. The identity in use governs it.\nPublish the id: it is the hash that others pin with grid join --genesis.',
  arguments: [['<name>', '3 to 50 characters of a-z, 0-9 and -']],
  options: (c) => c
    .option('--dev', 'a development grid: faucet, declared capacity and the process runtime are allowed')
    .option('--allocate <address=tft...>', 'TFT that exists from the first line (may be given several times)')
    .option('--witnesses <file>', 'a policy (C2SP tlog-policy: lines witness, group, quorum) whose quorum cosigns every checkpoint')
    .option('--heartbeat <span>', 'how often a node or another meter confirms that time is covered; time without it is not billed (default: 1h)', parseHeartbeat),
  examples: ['3bot grid create playground --dev', '3bot grid create valley --allocate GAAZI4TCR3TY5OJHCTJC2A4QSY6CJWJH5IAJTGKIN2ER7LBNVKOCCWN7=1000000', '3bot grid create playground --dev --heartbeat 10s', '3bot grid create playground --dev --witnesses witnesses.txt'],
  async run(context, [name = ''], { dev = false, allocate = [], witnesses: file, heartbeat }) {
    const { createGrid } = await import('../../src/net/genesis.js');
    const { identityInUse } = await import('../../src/keys/unlock.js');
    const { Problem } = await import('../../src/base/errors.js');
    const { gridOptions } = await import('../handle.js');
    const { parseAllocation } = await import('./allocation.js');
    const { witnessLines } = await import('../../src/net/governance.js');
    const { MAX_POLICY_BYTES } = await import('../../src/base/limits.js');
    const { readText } = await import('../files.js');
    if (!/^[a-z0-9-]{3,50}$/.test(name)) throw new Problem('usage', `not a name: ${JSON.stringify(name.slice(0, 100))}`, { hint: '3 to 50 characters of a-z, 0-9 and -' });
    const allocations = allocate.map(parseAllocation);
    const witnesses = file === undefined ? null : witnessLines(readText(file, MAX_POLICY_BYTES));
    const { home, clock, signal, openKeyring, createKeyring } = gridOptions(context);
    const owner = await openKeyring('identity', identityInUse(home));
    const { id, vkey, committed } = await createGrid({ home, clock, signal, name, dev, owner, createKeyring, allocations, witnesses, ...(heartbeat === undefined ? {} : { heartbeat_ms: heartbeat }) });
    const lines = [`grid ${name}${dev ? ', a development grid' : ''}`, `genesis ${id}`, ...(witnesses === null ? [] : [`log key ${vkey}`])];
    context.out.one({ json: { id, name, dev, home: true, log_key: vkey, committed }, id, text: () => lines.join('\n') });
    if (!committed) context.out.note(`3bot: note: nothing counts as committed before the witnesses know this log; each of them: 3bot witness trust NAME ${vkey}`);
    context.out.next('3bot serve --listen HOST:PORT   (so that others can join it)');
  },
};
