// 3bot unlock
import type { CommandFile } from './command.js';

export const command: CommandFile<{ for: string }> = {
  about: 'A process of its own holds the keys of this home folder until the time is over. It signs only what it can parse,\nand gives no secret away.',
  options: (c) => c.option('--for <time>', 'how long, for example 30s, 15m, 8h', '15m'),
  examples: ['3bot unlock', '3bot unlock --for 8h --passphrase-file ~/passphrase', '3bot lock'],
  async run(context, _args, options) {
    const { parseDuration, formatDuration } = await import('../src/base/duration.js');
    const { iso } = await import('../src/base/clock.js');
    const { Problem } = await import('../src/base/errors.js');
    const { MAX_UNLOCK_MS } = await import('../src/base/limits.js');
    const { startAgent } = await import('../src/keys/agent.js');
    const { openAll } = await import('../src/keys/unlock.js');
    const { home, io, out, clock, progress } = context;
    const spanMs = parseDuration(options.for);
    if (spanMs > MAX_UNLOCK_MS) throw new Problem('usage', `keys stay open for at most ${formatDuration(MAX_UNLOCK_MS)}`);

    const { open, closed } = await openAll(context, () => progress('opening the keys'));
    const until = clock() + spanMs;
    await startAgent(home, io.env, open.map(({ file: { type, name, public: keys }, secret }) => ({ type, name, public: keys, secret: secret.toString('hex') })), until);
    for (const { secret } of open) secret.fill(0);

    const keyrings = open.map(({ file: { type, name } }) => ({ type, name }));
    out.one({
      json: { until: iso(until), keyrings, locked: closed },
      text: () => `open for ${formatDuration(spanMs)}: ${keyrings.map(({ type, name }) => `${type} ${name}`).join(', ')}`,
    });
    for (const { type, name, why } of closed) out.note(`3bot: warning: the ${type} ${name} stays locked: ${why}`);
    out.next('3bot lock');
  },
};
