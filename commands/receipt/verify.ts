// 3bot receipt verify
import type { CommandFile } from '../command.js';

export const command: CommandFile<{ genesis?: string[]; policy?: string }> = {
  about: "Checks offline: the record's own bytes, its place in the log, the log's signature, every signature on it; and the time stamp and\nwitnesses that the grid or the policy names. It says what is proven and what is not.\nWhich log is believed follows from the grid's genesis: of a grid that was joined here, or from --genesis; or from a policy file,\nas other programs use it. A policy without a log line adds its witnesses to what the genesis says.",
  arguments: [['<file>', 'the receipt']],
  options: (c) => c
    .option('--genesis <file-or-hash...>', "file with the grid's genesis record ('3bot grid show --genesis-file FILE'), and its hash where you know it")
    .option('--policy <file>', 'file that names logs, witnesses and a quorum (C2SP tlog-policy)'),
  examples: ['3bot receipt verify contract.tlog-proof', '3bot receipt verify contract.tlog-proof --genesis genesis.json', '3bot receipt verify contract.tlog-proof --policy trust.policy'],
  async run(context, [file = ''], { genesis = [], policy: policyFile }) {
    const { iso } = await import('../../src/base/clock.js');
    const { MAX_POLICY_BYTES, MAX_RECEIPT_BYTES } = await import('../../src/base/limits.js');
    const { policyLogs } = await import('../../src/bcdb/checkpoint.js');
    const { verifyByPolicy, verifyReceipt } = await import('../../src/bcdb/receipt.js');
    const { pinnedFor } = await import('../../src/net/pin.js');
    const { parsePolicy } = await import('../../src/tlog/policy.js');
    const { readText } = await import('../files.js');
    const text = readText(file, MAX_RECEIPT_BYTES);
    const hashes = genesis.filter((one) => /^[0-9a-f]{64}$/.test(one));
    const files = genesis.filter((one) => !hashes.includes(one)).map((path) => readText(path, MAX_RECEIPT_BYTES));
    const policy = policyFile === undefined ? null : parsePolicy(readText(policyFile, MAX_POLICY_BYTES));
    const needsGrid = policy === null || policy.logs.length === 0 || genesis.length > 0;
    const pinned = needsGrid ? pinnedFor(context.home, text, { hashes, files }) : null;
    // A policy that names no log says who must have seen the checkpoint; whose it is, the genesis says.
    const byPolicy = policy === null ? [] : [verifyByPolicy(text, policy.logs.length > 0 || pinned === null ? policy : { ...policy, logs: policyLogs(pinned) })];
    const proofs = [...(pinned === null ? [] : [verifyReceipt(text, pinned)]), ...byPolicy];
    const [proven] = proofs;
    if (proven === undefined) throw new Error('neither policy nor grid');
    const { record, signatures, at, index, checkpoint } = proven;
    const steps = [...new Set(proofs.flatMap(({ checked }) => checked))];
    const notProven = proven.notProven.filter((what) => proofs.every((one) => one.notProven.includes(what)));
    const grid = pinned?.grid ?? null;
    context.out.one({
      json: {
        ok: true, grid, record: record.id, index, at: iso(at), kind: record.payload.kind, chain: record.payload.chain,
        size: checkpoint.size, root: checkpoint.root.toString('hex'), time: checkpoint.time_ms === null ? null : iso(checkpoint.time_ms), signers: signatures.map(({ by }) => by), checked: steps, not_proven: notProven,
      },
      text: () => [
        `holds: ${record.payload.kind} on ${record.payload.chain}, line ${index} of ${grid === null ? `log ${byPolicy[0]?.checkpoint.origin}` : `grid ${grid}`}`,
        ...steps.map((step) => `  ${step}`),
        'not proven:',
        ...notProven.map((what) => `  ${what}`),
      ].join('\n'),
    });
  },
};
