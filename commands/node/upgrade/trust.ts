// 3bot node upgrade trust
import type { CommandFile } from '../../command.js';
import { parseReleaseKey } from '../release-key.js';
import { ownNode } from '../shared.js';

export const command: CommandFile = {
  about: 'Who holds that key can replace the program of this node; nobody else can.',
  arguments: [['<key>', 'verifier key, as 3bot release key shows it; "no" trusts none any more']],
  examples: ["3bot node upgrade trust 'releases+2f1c0a9e+AbC…'", '3bot node upgrade trust no'],
  async run({ home, out }, [text = '']) {
    const { updateConfig } = await import('../../../src/home.js');
    ownNode(home);
    const key = text === 'no' ? null : parseReleaseKey(text);
    updateConfig(home, ({ node }) => {
      if (node === null) return;
      delete node.release_key;
      if (key !== null) node.release_key = key;
    });
    out.one({ json: { release_key: key }, text: () => (key === null ? 'no release is taken' : `releases signed by ${key} are taken`) });
    if (key !== null) out.next('3bot node upgrade FILE-OR-URL');
  },
};
