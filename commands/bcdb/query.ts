// 3bot bcdb query
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';

interface Options extends GridFlag {
  readonly chain?: string;
  readonly kind?: string;
  readonly signer?: string;
  readonly since?: string;
  readonly before?: string;
  readonly limit: string;
}

export const command: CommandFile<Options> = {
  about: 'Finds records, newest first, in the copy that is held here.',
  options: (c) => c
    .option('--chain <chain>', 'exact chain, for example contract/ID, account/KEY, grid')
    .option('--kind <kind>', 'exact kind, for example agreement@1; without @1 the first version')
    .option('--signer <key>', 'key among the signers: hex, G… or did:key')
    .option('--since <when>', 'taken in since: a time (2026-01-31, 2026-01-31T12:00Z) or a span back from now (2h, 7d)')
    .option('--before <line>', 'only lines before this number, to go on where an answer ended')
    .option('--limit <count>', 'at most so many, 1 to 1000', '20')
    .option(...GRID_FLAG),
  examples: ['3bot bcdb query --limit 5', '3bot bcdb query --kind transfer --since 1d --json'],
  async run(context, _args, { chain, kind, signer, since, before, limit, grid: named }) {
    const { iso } = await import('../../src/base/clock.js');
    const { query } = await import('../../src/bcdb/query.js');
    const { parseKey } = await import('../../src/keys/did.js');
    const { openGridOf } = await import('../handle.js');
    const { parseCount, parseSince } = await import('./when.js');
    const { shown } = await import('./shown.js');
    await using grid = await openGridOf(context, named);
    const { records, next } = query(grid.reader, {
      chain,
      kind: kind === undefined || kind.includes('@') ? kind : `${kind}@1`,
      signer: signer === undefined ? undefined : parseKey(signer),
      since: since === undefined ? undefined : parseSince(since, context.clock()),
      before: before === undefined ? undefined : parseCount(before, '--before'),
      limit: parseCount(limit, '--limit'),
    });
    const found = records.map(shown);
    context.out.list({
      json: found,
      columns: ['line', 'at', 'kind', 'chain', 'record'],
      rows: found.map((record) => [record.index, iso(Date.parse(record.at)), record.kind, record.chain, record.id]),
      empty: 'nothing found',
    });
    if (next !== null) context.out.next(`3bot bcdb query … --before ${next}`);
  },
};
