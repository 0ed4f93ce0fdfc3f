// What workloads print, on a terminal of somebody who looks.
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { scrubbed } from '../../commands/logs.js';
import type { Context } from '../../commands/command.js';

for (const to of ['stdout', 'stderr'] as const) {
  test(`what could drive a terminal does not reach it by ${to}, also in pieces`, async () => {
    const io = { stdout: new PassThrough(), stderr: new PassThrough() };
    const write = scrubbed({ io } as unknown as Pick<Context, 'io'>, to);
    // Sets the title, writes over the line above, and a letter cut in two.
    for (const piece of ['\u001b]0;owned\u0007', '\u001b[1A\u001b[2K', 'gr', '\u00c3', '\u00bcn\n']) await write({ stream: to, bytes: Buffer.from(piece, 'latin1') });
    const text = (io[to].read() as Buffer).toString('utf8');
    assert.match(text, /grün\n$/);
    assert.doesNotMatch(text, /[\u0000-\u0008\u000b-\u001f]/);
    assert.equal((to === 'stdout' ? io.stderr : io.stdout).read(), null);
  });
}
