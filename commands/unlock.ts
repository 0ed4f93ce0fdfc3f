// 3bot unlock
import { formatTft, parseTft } from '../src/base/amount.js';
import type { CommandFile } from './command.js';

export const command: CommandFile<{ for: string; capPerCommand?: bigint; capPerDay?: bigint }> = {
  about: 'A process of its own holds the keys of this home folder until the time is over. It signs only what it can parse,\nand gives no secret away. With caps it signs no record that takes more TFT from accounts, and none above what is left of a day (any 24\nhours); a record whose payers are several counts in full. Caps are kept by that process alone: to start another takes the passphrase.',
  options: (c) => c.option('--for <time>', 'how long, for example 30s, 15m, 8h', '15m')
    .option('--cap-per-command <tft>', 'most that one record may take, whatever --max or --max-total say', parseTft)
    .option('--cap-per-day <tft>', 'most that all records of 24 hours may take', parseTft),
  examples: ['3bot unlock', '3bot unlock --for 8h --passphrase-file ~/passphrase', '3bot unlock --for 8h --cap-per-command 10 --cap-per-day 50', '3bot lock'],
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
    const caps = { per_command_stroops: options.capPerCommand?.toString() ?? null, per_day_stroops: options.capPerDay?.toString() ?? null };
    const tft = (amount: bigint | undefined): string | null => (amount === undefined ? null : formatTft(amount));
    await startAgent(home, io.env, open.map(({ file: { type, name, public: keys }, secret }) => ({ type, name, public: keys, secret: secret.toString('hex') })), until, caps);
    for (const { secret } of open) secret.fill(0);

    const keyrings = open.map(({ file: { type, name } }) => ({ type, name }));
    out.one({
      json: { until: iso(until), keyrings, locked: closed, cap_per_command: tft(options.capPerCommand), cap_per_day: tft(options.capPerDay) },
      text: () => `open for ${formatDuration(spanMs)}: ${keyrings.map(({ type, name }) => `${type} ${name}`).join(', ')}${capsText(options)}`,
    });
    for (const { type, name, why } of closed) out.note(`3bot: warning: the ${type} ${name} stays locked: ${why}`);
    out.next('3bot lock');
  },
};

function capsText({ capPerCommand, capPerDay }: { capPerCommand?: bigint; capPerDay?: bigint }): string {
  const caps = [capPerCommand === undefined ? '' : `${formatTft(capPerCommand)} TFT a command`, capPerDay === undefined ? '' : `${formatTft(capPerDay)} TFT a day`].filter((text) => text !== '');
  return caps.length === 0 ? '' : `\nat most ${caps.join(', ')}`;
}
