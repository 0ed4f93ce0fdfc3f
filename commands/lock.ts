// 3bot lock
import type { CommandFile } from './command.js';

export const command: CommandFile = {
  examples: ['3bot lock'],
  async run({ home, io, out }) {
    const { stopAgent } = await import('../src/keys/agent.js');
    const ran = await stopAgent(home, io.env);
    out.one({ json: { locked: true, agent_ran: ran }, text: () => (ran ? 'the keys are forgotten' : 'no keys were open') });
  },
};
