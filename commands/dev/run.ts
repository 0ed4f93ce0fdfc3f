// 3bot dev run -- COMMAND
import type { CommandFile } from '../command.js';
import { devOptions, runtimeNote, startDev, type DevFlags } from './shared.js';

export const command: CommandFile<DevFlags> = {
  about: 'For scripts and CI: starts a grid as dev up does, runs the command as its consumer (THREEBOT_HOME and\nTHREEBOT_PASSPHRASE_FILE are set, 3bot is in PATH), and takes everything down. The exit code is the command\'s, or 128 and the\nsignal that ended it.',
  arguments: [['<command...>', 'after --, with its arguments']],
  options: devOptions,
  examples: ["3bot dev run -- sh -c '3bot reserve --cpu 4 --sru 100 --yes && 3bot contract list'", '3bot dev run --runtime process -- npm test'],
  async run(context, [file = '', ...args], options) {
    const { pickRuntime } = await import('../../src/dev/runtime.js');
    const { runAs } = await import('../../src/dev/consumer.js');
    const { out, io, signal } = context;
    const picked = await pickRuntime(options.runtime, signal);
    const note = runtimeNote(picked);
    if (note !== undefined) out.note(`3bot: note: ${note}`);
    let code: number;
    {
      await using grid = await startDev(context, options, picked);
      code = await runAs(grid, file, args, { ...io.env }, signal);
    }
    // As `exec`, the other command whose exit code is another program's.
    process.exitCode = code;
  },
};
