// 3bot network join
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Problem } from '../../src/base/errors.js';
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';
import { drawQr } from '../qr.js';

interface Options extends GridFlag {
  device?: string;
  out?: string;
}

export const command: CommandFile<Options> = {
  about: 'Puts a device of yours into a private network: makes a WireGuard key here, records its public half, and writes the file that\nwg-quick and WireGuard\'s apps take (mode 0600: it holds the secret). On a terminal the same as a QR code, for a phone.\nAgain: the file knows the nodes that have come since; key and address stay.',
  arguments: [['<network>', 'its name, or id']],
  options: (c) => c
    .option('--device <name>', 'what you call the device (default: laptop)')
    .option('--out <file>', 'where the file is written (default: NETWORK.conf in this folder)')
    .option(...GRID_FLAG),
  examples: ['3bot network join home --device laptop', '3bot network join home --device phone --out phone.conf', 'wg-quick up ./home.conf'],
  async run(context, [text = ''], options) {
    const { newWireguardSecret, wireguardKey } = await import('../../src/keys/wireguard.js');
    const { findNetwork, putDevice } = await import('../../src/consumer/networks.js');
    const { peersOf, wireguardFile } = await import('../../src/market/network.js');
    const { openSigner } = await import('../drafts.js');
    const { out } = context;
    const device = options.device ?? 'laptop';
    if (!/^[a-z0-9-]{3,50}$/.test(device)) throw new Problem('usage', `not a name: --device ${JSON.stringify(device.slice(0, 60))}`, { hint: '3 to 50 of a-z 0-9 -' });
    await using session = await openSigner(context, options.grid);
    const { grid, keyring, desk } = session;
    const network = findNetwork(grid.reader, desk.bot, text);
    const path = resolve(options.out ?? `${network.name}.conf`);
    const kept = secretIn(path);
    const known = network.devices.find(({ name }) => name === device);
    if (kept !== null && known === undefined && network.devices.some(({ key }) => key === wireguardKey(kept))) throw new Problem('usage', `${path} is of another device of network ${network.name}`, { reason: 'file', hint: `give another file: --out ${device}.conf` });
    const secret = kept ?? newWireguardSecret();
    const key = wireguardKey(secret);
    const file = (address: string): string => {
      const now = findNetwork(grid.reader, desk.bot, network.id);
      return wireguardFile({ secret, port: null, address, callsOnly: true }, peersOf(grid.reader, now, [key], grid.clock()).filter(({ endpoint }) => endpoint !== null));
    };
    // The secret is safe before its public half is recorded.
    if (kept === null) write(path, wireguardFile({ secret, port: null, address: null, callsOnly: true }, []));
    const address = await putDevice(grid, keyring, network, device, key);
    const whole = file(address);
    write(path, whole);
    const peers = whole.split('[Peer]').length - 1;
    out.one({ json: { network: network.id, device, address, key, file: path, peers }, id: path, text: () => `device    ${device}\naddress   ${address}\nfile      ${path} (holds a secret; mode 0600)\nnodes     ${peers}` });
    // The code holds the secret: only a person who looks gets it.
    if (context.io.terminal.stderr) await drawQr(context, whole);
    if (peers === 0) out.note('note: no node that can be called carries this network yet; when one does, run this again');
    out.next(`wg-quick up ${path}, or scan the code with WireGuard's app`);
  },
};

/** The secret of a file that an earlier run has written. @throws Problem `usage` for a file that is something else */
function secretIn(path: string): string | null {
  if (!existsSync(path)) return null;
  const secret = /^PrivateKey = ([A-Za-z0-9+/]{43}=)$/m.exec(readFileSync(path, 'utf8').slice(0, 65_536))?.[1];
  if (secret === undefined) throw new Problem('usage', `${path} is there and is no file of WireGuard`, { reason: 'file', hint: 'give another one with --out' });
  return secret;
}

/** In the place of the one before, in one step. */
function write(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600, flag: 'w' });
  renameSync(`${path}.new`, path);
}
