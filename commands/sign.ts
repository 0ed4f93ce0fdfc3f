// 3bot sign
import { parseTft } from '../src/base/amount.js';
import type { CommandFile } from './command.js';
import { openBuyer } from './deal.js';
import { GRID_FLAG, type GridFlag } from './handle.js';

export const command: CommandFile<GridFlag & { dryRun?: true; maxTotal?: bigint }> = {
  about: 'Shows a draft in plain words, adds your signature to the file, and commits the agreement once nobody is missing.\nA statement of a grid\'s governance (grid handover, grid witnesses) is signed in the same way.\nSigning twice changes nothing. A paying account signs with its own key: then this also lets the money go.',
  arguments: [['<file>', 'a draft, as reserve --signer, grid handover or grid witnesses writes it']],
  options: (c) => c.option('--max-total <tft>', 'let your wallet pay up to this much without asking', parseTft).option('--dry-run', 'only show what it says and who has signed').option(...GRID_FLAG),
  examples: ['3bot sign web.draft.json', '3bot sign web.draft.json --yes --json'],
  async run(context, [file = ''], options) {
    const { formatTft } = await import('../src/base/amount.js');
    const { iso } = await import('../src/base/clock.js');
    const { Problem } = await import('../src/base/errors.js');
    const { readDraft, saveDraft, signatoriesOf } = await import('../src/consumer/draft.js');
    const { missing, readEnvelope, signWith } = await import('../src/net/envelope.js');
    const { isGovernance } = await import('../src/net/governance.js');
    const { keepReceipt } = await import('../src/consumer/keep.js');
    const { deliver } = await import('../src/net/deliver.js');
    const { agreementText } = await import('../src/consumer/words.js');
    const { read } = await import('../src/rules/objects.js');
    const { accountRolesOf } = await import('../src/keys/accounts.js');
    const { allowSpending } = await import('./spending.js');
    const { out, home, prompt, clock } = context;
    const envelope = readEnvelope(file);
    if (isGovernance(envelope.record)) return (await import('./governance.js')).signStatementFile(context, file, envelope, options);
    const draft = readDraft(file);
    const contract = draft.record.payload.chain.slice('contract/'.length);
    await using session = await openBuyer(context, options.grid);
    const { grid, buyer } = session;
    if (draft.record.payload.grid !== grid.id) throw new Problem('refused', `the draft is of grid ${draft.record.payload.grid ?? 'none'}, the one in use is ${grid.name}`, { reason: 'grid', hint: '3bot grid join its URL, then sign with --grid' });

    const words = agreementText(contract, draft.agreement).map(([key, text]) => `${key.padEnd(14)}${text}`).join('\n');
    const say = (state: 'draft' | 'signed' | 'committed', now: typeof draft, receipt: string | null): void => {
      const all = signatoriesOf(grid.reader, now);
      const signed = all.filter((one) => one.signed).map(({ party }) => party);
      const left = all.filter((one) => !one.signed).map(({ party }) => party);
      out.one({
        json: { contract, state, signed, missing: left, commit_by: iso(now.agreement.commit_by), receipt },
        id: contract,
        text: () => [...(state === 'draft' ? [words] : []), `contract ${contract}: ${state}`, ...signed.map((party) => `signed   ${party}`), ...left.map((party) => `missing  ${party}`), ...(receipt === null ? [] : [`receipt  ${receipt}`])].join('\n'),
      });
    };
    const inBook = read(grid.reader, 'contract', contract)?.record;
    if (inBook !== undefined && inBook !== draft.record.id) {
      throw new Problem('refused', `contract ${contract} is in the book with other terms than this draft has; the draft can never be committed`, { reason: 'terms', hint: `3bot contract show ${contract.slice(0, 12)}` });
    }
    if (inBook !== undefined) return say('committed', draft, keepReceipt(grid, home, contract).receipt);
    if (options.dryRun === true) return say('draft', draft, null);

    const signed = await signWith(grid.reader, draft, buyer.keyring, clock);
    if (signed.signatures.length > draft.signatures.length) {
      out.note(words);
      const mine = new Set(accountRolesOf(buyer.keyring).map((role) => buyer.keyring.signer(role).key));
      const amount = draft.agreement.payers.reduce((sum, payer) => (mine.has(payer.account) ? sum + BigInt(payer.amount_stroops) : sum), 0n);
      if (amount === 0n) await prompt.confirm('Sign this?');
      else await allowSpending(context, { amount, question: `Sign this and pay ${formatTft(amount)} TFT?`, flag: '--max-total', max: options.maxTotal });
    }
    const saved = saveDraft(file, draft.record, signed.signatures);
    const why = missing(grid.reader, saved, clock());
    if (why !== null) {
      out.note(`signed; ${why.message}`);
      say('signed', saved, null);
      return out.next('send the file to those who are missing');
    }
    await deliver(grid, { payload: saved.record.text, signatures: [...saved.signatures] }, 'sign again: the same draft is never committed twice');
    say('committed', saved, keepReceipt(grid, home, contract).receipt);
    out.next(`3bot contract show ${contract.slice(0, 12)}`);
  },
};
