// 3bot session verify
import { existsSync } from 'node:fs';
import { Problem } from '../../src/base/errors.js';
import type { Grid } from '../../src/net/grid.js';
import type { Session, SessionClosed, SessionOpened } from '../../src/schema/types.js';
import type { CommandFile, Context } from '../command.js';
import { GRID_FLAG, openGridOf, type GridFlag } from '../handle.js';
import { drained, scrubbed } from '../logs.js';

export const command: CommandFile<GridFlag & { print?: true }> = {
  about: 'Opens every frame of a sealed transcript, works its digest out again, and holds it against the one that the node has put into the\nbook. Who has the file can read the session: it holds the keys of this one session, and no others.',
  arguments: [['<session>', 'file, or the first digits of a session whose transcript lies in this home folder']],
  options: (c) => c.option('--print', 'print what the command printed, and nothing else').option(...GRID_FLAG),
  examples: ['3bot session verify 9c41d2aa03f1', '3bot session verify ./9c41d2aa.session --print'],
  async run(context, [text = ''], { grid: named, print }) {
    const { nameOfBot } = await import('../../src/market/find.js');
    const { readTranscript } = await import('../../src/consumer/transcript.js');
    const { out, io } = context;
    const read = readTranscript(await fileOf(context, text));
    await using grid = await openGridOf(context, named);
    await grid.refresh();
    const { opened, closed, record } = await recordsOf(grid, read);
    if (closed === undefined) throw new Problem('not_ready', 'the book does not say yet how the session ended', { reason: 'open', hint: 'try again when its node is back' });
    if (closed.sha256 !== read.sha256 || closed.bytes !== read.bytes) throw new Problem('integrity', 'the transcript is not the one whose digest the node has put into the book', { reason: 'transcript' });
    if (print === true) return io.terminal.stdout ? scrubbed(context)({ stream: 'stdout', bytes: read.printed }) : drained(context, read.printed);
    const { operator, workload } = opened;
    const name = operator.startsWith('bot/') ? nameOfBot(grid.reader, operator.slice('bot/'.length)) : null;
    out.one({
      json: { session: read.session, contract: read.contract, workload, operator, exit_code: closed.exit_code, reason: closed.reason, sha256: read.sha256, bytes: read.bytes, record, holds: true },
      text: () => [`session   ${read.session}`, `contract  ${read.contract}, workload ${workload}`, `operator  ${name === null ? operator : `bot ${name} (${operator.slice('bot/'.length)})`}`, `ended     ${closed.exit_code === null ? (closed.reason ?? '') : `with exit code ${closed.exit_code}`}`, `digest    ${read.sha256} over ${read.bytes} bytes: as in the book (record ${record.slice(0, 12)})`].join('\n'),
    });
  },
};

async function fileOf({ home }: Context, text: string): Promise<string> {
  if (existsSync(text)) return text;
  const { readdirSync } = await import('node:fs');
  const { join } = await import('node:path');
  const folder = join(home.path, 'sessions');
  const found = /^[0-9a-f]{4,64}$/.test(text) && existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith(text)) : [];
  const [only, ...more] = found;
  if (only === undefined) throw new Problem('not_found', `no transcript ${text.slice(0, 64)} here`, { hint: `give a file, or digits of one in ${folder}` });
  if (more.length > 0) throw new Problem('usage', `${found.length} transcripts begin so`, { hint: 'give more digits' });
  return join(folder, only);
}

/** What the book says of a session. @throws Problem `not_found` where it knows none of this contract */
async function recordsOf({ reader }: Grid, { session, contract }: { session: string; contract: string }): Promise<{ opened: SessionOpened; closed: SessionClosed | undefined; record: string }> {
  const { query } = await import('../../src/bcdb/query.js');
  const { MAX_ROWS } = await import('../../src/base/limits.js');
  let closed: SessionClosed | undefined;
  let record = session;
  for (let before: number | undefined; ; ) {
    const page = query(reader, { chain: `run/${contract}`, kind: 'session@1', before, limit: MAX_ROWS });
    for (const { id, payload } of page.records) {
      const { body } = JSON.parse(payload) as { body: Session };
      if (body.state === 'closed' && (body as SessionClosed).session === session) {
        closed = body as SessionClosed;
        record = id;
      }
      if (id === session && body.state === 'opened') return { opened: body as SessionOpened, closed, record };
    }
    if (page.next === null) throw new Problem('not_found', `the book has no session ${session.slice(0, 12)} of contract ${contract.slice(0, 12)}`, { reason: 'session' });
    before = page.next;
  }
}
