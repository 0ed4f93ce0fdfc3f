// 3bot receipt verify
import type { CommandFile } from '../command.js';

export const command: CommandFile<{ genesis?: string[] }> = {
  about: "Checks offline: the record's own bytes, its place in the log, the log's signature and time stamp, every signature on it.\nWhat it proves: the line is in the book, and these keys said it. Not that it was allowed or is still in force: that takes a copy.\nWhich log is believed follows from the grid's genesis: of a grid that was joined here, or from --genesis.",
  arguments: [['<file>', 'the receipt']],
  options: (c) => c.option('--genesis <file-or-hash...>', "file with the grid's genesis record ('3bot grid show --genesis-file FILE'), and its hash where you know it"),
  examples: ['3bot receipt verify contract.tlog-proof', '3bot receipt verify contract.tlog-proof --genesis genesis.json'],
  async run(context, [file = ''], { genesis = [] }) {
    const { iso } = await import('../../src/base/clock.js');
    const { verifyReceipt } = await import('../../src/bcdb/receipt.js');
    const { pinnedFor } = await import('../../src/net/pin.js');
    const { readText } = await import('../files.js');
    const { MAX_RECEIPT_BYTES } = await import('../../src/base/limits.js');
    const text = readText(file, MAX_RECEIPT_BYTES);
    const hashes = genesis.filter((one) => /^[0-9a-f]{64}$/.test(one));
    const files = genesis.filter((one) => !hashes.includes(one)).map((path) => readText(path, MAX_RECEIPT_BYTES));
    const pinned = pinnedFor(context.home, text, { hashes, files });
    const { record, signatures, at, index, checkpoint, checked } = verifyReceipt(text, pinned);
    context.out.one({
      json: {
        ok: true, grid: pinned.grid, record: record.id, index, at: iso(at), kind: record.payload.kind, chain: record.payload.chain,
        size: checkpoint.size, root: checkpoint.root.toString('hex'), time: iso(checkpoint.time_ms), signers: signatures.map(({ by }) => by), checked,
      },
      text: () => [`holds: ${record.payload.kind} on ${record.payload.chain}, line ${index} of grid ${pinned.grid}`, ...checked.map((step) => `  ${step}`)].join('\n'),
    });
  },
};
