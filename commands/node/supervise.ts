// 3bot node supervise
import { join } from 'node:path';
import { parseDuration } from '../../src/base/duration.js';
import { Problem } from '../../src/base/errors.js';
import { RELEASE_TRIAL_MS } from '../../src/base/limits.js';
import type { Home } from '../../src/home.js';
import type { SuperviseEvent } from '../../src/node/release/supervise.js';
import type { CommandFile, Context } from '../command.js';
import { ownNode } from './shared.js';

interface Options {
  trial: number;
  metrics?: string;
}

/** Held as long as a supervisor of this home folder runs. */
export const SUPERVISOR_LOCK = (home: Home): string => join(home.path, 'supervisor.lock');

export const command: CommandFile<Options> = {
  about: 'Runs 3bot node watch, starts it again when it ends, and tries releases that 3bot node upgrade brings: one that does no\nwhole round in time is rolled back. Ending it ends the watcher, and no workload.',
  options: (c) => c
    .option('--trial <span>', 'how long a new release may take until it is healthy', parseTrial, RELEASE_TRIAL_MS)
    .option('--metrics <file>', 'handed on to 3bot node watch'),
  examples: ['3bot node supervise', '3bot node supervise --passphrase-file /etc/3bot/passphrase --trial 5m'],
  async run(context, _args, { trial, metrics }) {
    const { lockFile } = await import('../../src/home.js');
    const { Releases } = await import('../../src/node/release/releases.js');
    const { supervise } = await import('../../src/node/release/supervise.js');
    const { home, io, flags, clock, signal } = context;
    ownNode(home);
    // No child gets a passphrase by its environment; a file it can read itself.
    if (io.passphrase() !== undefined && flags.passphraseFile === undefined) throw new Problem('usage', 'a supervisor hands no passphrase on to the watchers that it starts', { reason: 'passphrase', hint: 'give --passphrase-file FILE, or 3bot unlock before' });
    using _alone = lockFile(SUPERVISOR_LOCK(home), 0, () => new Problem('busy', `another process supervises the node of ${home.path} already`, { reason: 'supervisor', hint: '3bot node status' }));
    const args = [
      'node', 'watch', '--home', home.path, ...(flags.json ? ['--json'] : []), ...(flags.quiet ? ['--quiet'] : []),
      ...(flags.passphraseFile === undefined ? [] : ['--passphrase-file', flags.passphraseFile]), ...(metrics === undefined ? [] : ['--metrics', metrics]),
    ];
    const base = process.argv[1];
    if (base === undefined) throw new Error('this program has no path');
    await supervise({ releases: new Releases(home), base, args, env: process.env, trial_ms: trial, clock, signal, tell: (event) => show(context, event) });
  },
};

function show({ out }: Context, event: SuperviseEvent): void {
  out.line({ ...event, event: `supervisor_${event.event}` }, () => words(event));
}

function words(event: SuperviseEvent): string {
  switch (event.event) {
    case 'started':
      return `watcher of 3bot ${event.version} started${event.trial ? ', on trial' : ''}`;
    case 'ended':
      return `the watcher ${event.how}; started again in ${event.again_ms / 1_000} s`;
    case 'healthy':
      return `3bot ${event.version} is healthy and stays`;
    case 'rolled_back':
      return `3bot ${event.version} is rolled back to ${event.to}: ${event.reason}`;
  }
}

function parseTrial(text: string): number {
  const span = parseDuration(text);
  if (span < 100 || span > 10 * RELEASE_TRIAL_MS) throw new Problem('usage', `a trial lasts 100 ms to 20 minutes, not ${text}`);
  return span;
}
