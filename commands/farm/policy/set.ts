// 3bot farm policy set
import { Problem } from '../../../src/base/errors.js';
import type { CommandFile, Context } from '../../command.js';
import { openGridOf } from '../../handle.js';
import { ownFarm } from '../terms.js';
import { policyOptions, policyText, policyWith, type PolicyOptions } from './shared.js';

export const command: CommandFile<PolicyOptions> = {
  about: 'Flags change what they name; a file is the whole policy. The next request is answered by it; contracts in force keep what was agreed.\nPrices: what you have published (3bot farm price), times the step that is reached. Whoever has a deal pays what the deal says.',
  arguments: [['[file]', 'the policy as JSON (farm policy show --json prints it); - reads it from stdin']],
  options: policyOptions,
  examples: [
    '3bot farm policy set --deny mallory --min-term 1h --max-share 50%',
    '3bot farm policy set --price-steps 80%=+20%,95%=+50% --floor 90%',
    '3bot farm policy set --script /opt/3bot/farm-policy.mjs --script-fallback decline',
    '3bot farm policy set policy.json',
  ],
  async run(context, [file], options) {
    const { policyOf, wholePolicy } = await import('../../../src/farmer/policy/policy.js');
    const { storePolicy } = await import('../../../src/farmer/policy/store.js');
    const { scriptTrouble } = await import('../../../src/farmer/policy/script.js');
    const { findBot, nameOfBot } = await import('../../../src/market/find.js');
    const { home, out } = context;
    const isAny = Object.values(options).some((value) => value !== undefined);
    if (file === undefined && !isAny) throw new Problem('usage', 'nothing to change', { hint: '3bot farm policy set --help lists the flags' });
    if (file !== undefined && isAny) throw new Problem('usage', 'a file is the whole policy; flags do not go with it');
    const own = ownFarm(home);
    await using grid = await openGridOf(context, own.grid);
    await grid.refresh();
    const keyOf = (text: string): string => findBot(grid.reader, text);
    const policy = file === undefined ? policyWith(options.reset === true ? wholePolicy({}) : policyOf(own), options, keyOf) : await policyIn(context, file, keyOf);
    storePolicy(home, policy);
    const trouble = policy.script === null ? null : scriptTrouble(policy.script.run);
    if (trouble !== null) out.note(`the script cannot be asked now: ${trouble}`);
    out.list({ json: policy, columns: ['policy', `of farm ${own.name}`], rows: policyText(policy, (key) => nameOfBot(grid.reader, key) ?? key.slice(0, 16)) });
    out.next('3bot farm policy test --cpu 4 --for 12h   (what your bot would answer)');
  },
};

async function policyIn({ io }: Context, file: string, keyOf: (text: string) => string): Promise<ReturnType<typeof import('../../../src/farmer/policy/policy.js').checkedPolicy>> {
  const { MAX_POLICY_FILE_BYTES } = await import('../../../src/base/limits.js');
  const { checkedPolicy } = await import('../../../src/farmer/policy/policy.js');
  const { withKeys } = await import('../../../src/farmer/policy/store.js');
  const { readInput, readText } = await import('../../files.js');
  const text = file === '-' ? await readInput(io, MAX_POLICY_FILE_BYTES) : readText(file, MAX_POLICY_FILE_BYTES);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Problem('malformed', `${file === '-' ? 'stdin' : file} is no JSON`, { cause, reason: 'policy' });
  }
  return checkedPolicy(withKeys(value, keyOf));
}
