// 3bot grid create
import { Problem } from '../../src/base/errors.js';
import type { Quorum } from '../../src/schema/types.js';
import type { CommandFile } from '../command.js';
import { parseHeartbeat } from '../heartbeat.js';

export const command: CommandFile<{ dev?: boolean; allocate?: string[]; witnesses?: string; certifier?: string[]; certifyBy?: number; heartbeat?: number }> = {
  about: 'This home folder becomes the home of the grid: it numbers the lines and signs their order. The identity in use governs it.\nPublish the id: it is the hash that others pin with grid join --genesis.',
  arguments: [['<name>', '3 to 50 characters of a-z, 0-9 and -']],
  options: (c) => c
    .option('--dev', 'a development grid: faucet, declared capacity and the process runtime are allowed')
    .option('--allocate <address=tft...>', 'TFT that exists from the first line (may be given several times)')
    .option('--witnesses <file>', 'a policy (C2SP tlog-policy: lines witness, group, quorum) whose quorum cosigns every checkpoint')
    .option('--certifier <bot...>', "who says what nodes are, so that farms can mint: did:key or key of a bot, or 'me' (default: nobody; on a development grid you)")
    .option('--certify-by <count>', 'how many of them must sign a certificate (default: all)', parseThreshold)
    .option('--heartbeat <span>', 'how often a node or another meter confirms that time is covered; time without it is not billed (default: 1h)', parseHeartbeat),
  examples: ['3bot grid create playground --dev', '3bot grid create valley --allocate GAAZI4TCR3TY5OJHCTJC2A4QSY6CJWJH5IAJTGKIN2ER7LBNVKOCCWN7=1000000', '3bot grid create playground --dev --heartbeat 10s', '3bot grid create valley --certifier me', '3bot grid create playground --dev --witnesses witnesses.txt'],
  async run(context, [name = ''], { dev = false, allocate = [], witnesses: file, certifier, certifyBy, heartbeat }) {
    const { createGrid } = await import('../../src/net/genesis.js');
    const { identityInUse } = await import('../../src/keys/unlock.js');
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
    const certifiers = await certifiersOf(certifier, certifyBy, owner.signer('bot').key);
    const { id, vkey, committed } = await createGrid({ home, clock, signal, name, dev, owner, createKeyring, allocations, witnesses, ...(certifiers === null ? {} : { certifiers }), ...(heartbeat === undefined ? {} : { heartbeat_ms: heartbeat }) });
    const lines = [`grid ${name}${dev ? ', a development grid' : ''}`, `genesis ${id}`, ...(witnesses === null ? [] : [`log key ${vkey}`])];
    context.out.one({ json: { id, name, dev, home: true, log_key: vkey, committed }, id, text: () => lines.join('\n') });
    if (!committed) context.out.note(`3bot: note: nothing counts as committed before the witnesses know this log; each of them: 3bot witness trust NAME ${vkey}`);
    context.out.next('3bot serve --listen HOST:PORT   (so that others can join it)');
  },
};

/** Who certifies; null: as the kind of grid has it. @param own key of the owner's bot @throws Problem `usage` */
async function certifiersOf(named: readonly string[] | undefined, needed: number | undefined, own: string): Promise<Quorum | null> {
  if (named === undefined) {
    if (needed !== undefined) throw new Problem('usage', '--certify-by says how many certifiers must sign', { hint: 'name them with --certifier' });
    return null;
  }
  const { parseKey } = await import('../../src/keys/did.js');
  const address = named.find((text) => text.startsWith('G'));
  if (address !== undefined) throw new Problem('usage', `${address.slice(0, 60)} is the address of an account; a bot certifies`, { hint: 'its did:key, as 3bot identity show says it' });
  const keys = new Set(named.map((text) => (text === 'me' ? own : parseKey(text))));
  const threshold = needed ?? keys.size;
  if (threshold > keys.size) throw new Problem('usage', `${threshold} of ${keys.size} certifiers can never sign`, { hint: 'give a smaller number to --certify-by' });
  return { threshold, members: [...keys].map((key) => ({ of: `bot/${key}`, weight: 1 })) };
}

function parseThreshold(text: string): number {
  if (!/^[1-9][0-9]{0,4}$/.test(text)) throw new Problem('usage', `not a number of certifiers: ${JSON.stringify(text.slice(0, 50))}`);
  return Number(text);
}
