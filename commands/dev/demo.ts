// 3bot dev demo
import type { Runtime } from '../../src/dev/runtime.js';
import type { CommandFile } from '../command.js';
import { parseRuntime, runtimeNote } from './shared.js';

export const command: CommandFile<{ runtime?: Runtime }> = {
  about: 'Starts a grid of separate processes in a folder of its own, reserves capacity with a small web workload, calls that over HTTP,\nchecks the receipt offline, ends the contract, shows used and returned, and leaves nothing behind. Its capacity is declared,\nnot measured: the volume of 100 GiB is a sparse file that takes about 0.5 GiB of disk meanwhile.',
  options: (c) => c.option('--runtime <runtime>', 'podman or process (default: podman where it works)', parseRuntime),
  examples: ['3bot dev demo', '3bot dev demo --runtime process --json'],
  async run(context, _args, { runtime }) {
    const { demo } = await import('../../src/dev/demo.js');
    const { pickRuntime } = await import('../../src/dev/runtime.js');
    const { out, flags, signal } = context;
    const picked = await pickRuntime(runtime, signal);
    const note = runtimeNote(picked);
    const tell = (text: string): void => {
      if (!flags.json) out.note(text);
    };
    tell(`a 3bot grid on this machine, with ${picked.runtime === 'podman' ? 'containers on podman' : 'plain processes'}; capacity is declared, not measured`);
    if (note !== undefined) tell(note);
    using progress = await context.progress('starting');
    const report = await demo({
      runtime: picked.runtime, signal,
      onProgress: (text) => progress.say(text),
      onDone: (topic, text, ms) => progress.aside(() => tell(`✓ ${topic.padEnd(7)}  ${text} (${(ms / 1_000).toFixed(1)} s)`)),
    });
    progress.stop();
    const { order_to_running_ms, committed_to_running_ms, seconds } = report;
    out.one({ json: report, text: () => `from order to running: ${(order_to_running_ms / 1_000).toFixed(1)} s, of them ${committed_to_running_ms} ms after the agreement was in the book; all of it: ${seconds.toFixed(1)} s` });
  },
};
