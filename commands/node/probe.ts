// 3bot node probe
import type { CommandFile } from '../command.js';
import { accountLines, benchmarkText, checkLines, machineOptions, NOTHING_ISOLATED, resourcesText, type MachineOptions } from './shared.js';

export const command: CommandFile<MachineOptions & { benchmark?: true }> = {
  about: 'Measures this machine and says what it would announce, what it keeps for itself, and what stands in the way.\nNothing is recorded.',
  options: (c) => machineOptions(c).option('--benchmark', 'measure its speed, too, for some seconds'),
  examples: ['3bot node probe', '3bot node probe --disk ssd --benchmark'],
  async run(context, _args, options) {
    const { readConfig } = await import('../../src/home.js');
    const { lookAtMachine, NO_NODE, speedOf } = await import('./machine.js');
    const { node } = readConfig(context.home);
    const before = node === null ? NO_NODE : { ...NO_NODE, grid: node.grid, key: node.key, runtime: node.runtime, data: node.data };
    using progress = await context.progress('measuring');
    const { offer, checks, accounts, data } = await lookAtMachine(context, options, before);
    progress.stop();
    const speed = options.benchmark === true ? await speedOf(context, data) : undefined;
    context.out.one({
      json: { ...offer, ...(speed === undefined ? {} : { benchmark: speed }), data, accounts, checks },
      text: () => [
        ...checkLines(checks), '',
        `offers ${resourcesText(offer.capacity)}${offer.declared ? ' (declared, not measured)' : ''}`,
        ...accountLines(accounts), '',
        ...offer.devices.map(({ class: kind, model, source }) => `has    ${kind}: ${model}${source === 'person' ? ' (as a person says)' : ''}`),
        ...(speed === undefined ? [] : [`speed  ${benchmarkText(speed)}`]),
      ].join('\n'),
    });
    if (offer.runtime === 'process') context.out.note(NOTHING_ISOLATED);
    const answered = offer.devices.find(({ source }) => source === 'person');
    const disk = answered === undefined ? '' : ` --disk ${answered.class}`;
    if (node === null) context.out.next(`3bot node join INVITATION${disk}, or 3bot node join --farm NAME${disk}`);
  },
};
