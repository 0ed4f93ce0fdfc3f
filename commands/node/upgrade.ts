// 3bot node upgrade
import { setTimeout as pause } from 'node:timers/promises';
import { Problem } from '../../src/base/errors.js';
import { DOCTOR_ANSWER_MS, RELEASE_TRIAL_MS, SUPERVISE_POLL_MS, WATCHER_STOP_MS } from '../../src/base/limits.js';
import type { Home } from '../../src/home.js';
import type { Outcome, Releases } from '../../src/node/release/releases.js';
import type { CommandFile } from '../command.js';
import { ownNode } from './shared.js';

export const command: CommandFile = {
  about: 'Checks signature, version and hash of a release, unpacks it beside the one that runs, and has 3bot node supervise try it:\nwithout a whole round within two minutes the one before is put back. What runs for consumers runs on.',
  arguments: [['<bundle>', 'file, or address (https://…); its signed note lies beside it, as BUNDLE.note']],
  examples: ['3bot node upgrade https://farm.example/3bot-0.2.0.tgz', '3bot node upgrade ./3bot-0.2.0.tgz'],
  async run({ home, out, clock, signal, progress: start }, [source = '']) {
    const { acceptRelease } = await import('../../src/node/release/accept.js');
    const { Releases } = await import('../../src/node/release/releases.js');
    const { release_key: vkey } = ownNode(home);
    if (vkey === undefined) throw new Problem('refused', 'this node trusts nobody to release its program', { reason: 'release_key', hint: '3bot node upgrade trust KEY' });
    await demandSupervisor(home);
    using progress = await start(`checking ${source}`);
    const { version } = await acceptRelease({ home, source, vkey, signal });
    const releases = new Releases(home);
    const before = releases.version;
    const asked = clock();
    releases.ask(version);
    progress.say(`trying ${version}`);
    const { problem } = await verdict(releases, version, asked, signal);
    progress.stop();
    if (problem !== null) throw new Problem('failed', `3bot ${version} was rolled back to ${before}: ${problem}`, { reason: 'rolled_back', hint: "look at the supervisor's log" });
    out.one({ json: { version, before }, id: version, text: () => `3bot ${version} runs, after ${before}` });
  },
};

/** Without one there is nobody who would put the old release back. */
async function demandSupervisor(home: Home): Promise<void> {
  const { lockFile } = await import('../../src/home.js');
  const { SUPERVISOR_LOCK } = await import('./supervise.js');
  let runs = false;
  try {
    lockFile(SUPERVISOR_LOCK(home), 0, () => {
      runs = true;
      return new Problem('busy', 'it runs');
    })[Symbol.dispose]();
  } catch (thrown) {
    if (!runs) throw thrown;
  }
  if (!runs) throw new Problem('unreachable', 'nobody supervises the watcher of this home folder, so nobody could put the old release back', { reason: 'supervisor', hint: '3bot node supervise, in place of 3bot node watch; or 3bot node install' });
}

async function verdict(releases: Releases, version: string, asked: number, signal: AbortSignal): Promise<Outcome> {
  const polls = Math.ceil((10 * RELEASE_TRIAL_MS + WATCHER_STOP_MS + DOCTOR_ANSWER_MS) / SUPERVISE_POLL_MS);
  for (let i = 0; i < polls; i += 1) {
    const outcome = releases.state.outcomes.find((one) => one.version === version && one.at >= asked);
    if (outcome !== undefined) return outcome;
    await pause(SUPERVISE_POLL_MS, undefined, { signal });
  }
  throw new Problem('unreachable', 'the supervisor has said nothing of the release', { reason: 'timeout', hint: '3bot node status' });
}
