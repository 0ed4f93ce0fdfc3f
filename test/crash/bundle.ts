// A release's bundle with nothing in it that runs.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Makes `3bot-<version>.tgz` in a folder. @returns its path */
export function bundleOf(folder: string, version: string): string {
  const inside = join(folder, `3bot-${version}`);
  mkdirSync(join(inside, 'bin'), { recursive: true });
  writeFileSync(join(inside, 'package.json'), JSON.stringify({ version }));
  writeFileSync(join(inside, 'bin', '3bot.js'), '');
  execFileSync('tar', ['-C', folder, '-czf', `${inside}.tgz`, `3bot-${version}`]);
  return `${inside}.tgz`;
}
