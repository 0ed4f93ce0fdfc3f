// What --watch has in common: look after look, on a terminal one in place of the other.
import type { Context } from './command.js';

/** A look, for `--json` and for people. */
export interface Look {
  readonly json: object;
  /** Lines without a final line break. */
  readonly text: string;
}

/** Shows looks until they end or are interrupted: one JSON object a line with `--json`; on a terminal each is written over the one before. */
export async function showLooks(context: Context, looks: AsyncIterable<Look>): Promise<void> {
  const { io, out, flags, signal } = context;
  let rows = 0;
  try {
    for await (const { json, text } of looks) {
      if (!flags.json && io.terminal.stdout && rows > 0) io.stdout.write(`\u001b[${rows}A\u001b[J`);
      out.line(json, () => text);
      const columns = (io.stdout as { columns?: number }).columns || Infinity;
      rows = text.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0);
    }
  } catch (thrown) {
    // Ended by whoever watches: that is how watching ends.
    if (!signal.aborted) throw thrown;
  }
}
