// 3bot release sign
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { messageOf, Problem } from '../../src/base/errors.js';
import type { CommandFile } from '../command.js';
import { writeNew } from '../files.js';

export const command: CommandFile<{ key: string; platform?: string }> = {
  about: 'Writes BUNDLE.note, a C2SP signed note that names the bundle by version, platform, size and SHA-256.\nA bundle is a .tgz of the folder package/ with bin/, dist/, schemas/, node_modules/ and package.json, which says the version:\nafter npm ci and npm run build, tar -czf BUNDLE --transform s,^,package/, bin dist schemas node_modules package.json',
  arguments: [['<bundle>', 'file with the program, ready to run on one platform']],
  options: (c) => c
    .option('--key <name>', 'release key to sign with', 'releases')
    .option('--platform <os/arch>', 'what it runs on (default: this machine)'),
  examples: ['3bot release sign 3bot-0.2.0.tgz', '3bot release sign 3bot-0.2.0-arm64.tgz --platform linux/arm64'],
  async run(context, [bundle = ''], { key, platform }) {
    const { openKeyring } = await import('../../src/keys/unlock.js');
    const { run } = await import('../../src/node/children.js');
    const { isVersion, PLATFORM, signRelease } = await import('../../src/node/release/note.js');
    const { out, signal } = context;
    const manifest = JSON.parse(await run('tar', ['--extract', '--gzip', '--to-stdout', '--file', bundle, 'package/package.json'], signal)) as { version?: string };
    const version = manifest.version ?? '';
    if (!isVersion(version)) throw new Problem('usage', `a release has three numbers as its version, not ${JSON.stringify(version)}`);
    checkWhole(await run('tar', ['--list', '--gzip', '--file', bundle], signal));
    const { size, sha256 } = await measured(bundle);
    const keyring = await openKeyring(context, 'release', key);
    const note = `${bundle}.note`;
    writeNew(note, await signRelease({ version, platform: platform ?? PLATFORM, size, sha256 }, key, keyring.signer('release')));
    out.one({ json: { note, version, platform: platform ?? PLATFORM, size, sha256 }, id: note, text: () => `3bot ${version} for ${platform ?? PLATFORM}, ${size} bytes, SHA-256 ${sha256}\nsigned in ${note}` });
    out.next(`put both on a web server, then on each node: 3bot node upgrade URL-OF-${bundle.split('/').at(-1) ?? ''}`);
  },
};

/** What does not start would be tried on every node before it is rolled back. @param list what tar lists */
function checkWhole(list: string): void {
  const paths = list.split('\n');
  const missing = ['bin/3bot.js', 'dist/', 'schemas/', 'node_modules/'].filter((part) => !paths.some((path) => path.startsWith(`package/${part}`)));
  if (missing.length > 0) throw new Problem('usage', `the bundle has no ${missing.join(', ')} in its folder package/`, { hint: '3bot release sign --help says how a bundle is made' });
}

async function measured(path: string): Promise<{ size: number; sha256: string }> {
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const part of createReadStream(path) as AsyncIterable<Buffer>) {
      hash.update(part);
      size += part.length;
    }
  } catch (cause) {
    throw new Problem('usage', `cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
  return { size, sha256: hash.digest('hex') };
}
