// 3bot witness list
import type { CommandFile } from '../command.js';

export const command: CommandFile = {
  examples: ['3bot witness list', '3bot witness list --json'],
  async run({ home, out }) {
    const { listWitnesses } = await import('../../src/witness/show.js');
    const witnesses = listWitnesses(home);
    out.list({
      json: witnesses,
      columns: ['name', 'audits', 'logs', 'key'],
      rows: witnesses.map(({ witness, audits, logs, vkey }) => [witness, audits ? 'yes' : 'no', logs.length, vkey]),
      empty: "no witness yet: '3bot witness create NAME' makes one",
    });
  },
};
