// Which runtime a development grid uses on this machine.
import { isProblem, Problem } from '../base/errors.js';
import { run } from '../node/children.js';
import { INSTALL_PODMAN } from '../node/drivers/podman-service.js';

export type Runtime = 'podman' | 'process';

/** The runtime, and where it was not chosen by a person, why it is not podman. */
export interface Picked {
  readonly runtime: Runtime;
  /** What is missing for podman, and how to get it; null where podman is used or `process` was asked for. */
  readonly instead: { readonly why: string; readonly remedy: string } | null;
}

/**
 * Podman where it works, else processes.
 * @param wanted what a person asked for
 * @throws Problem `unreachable` where podman was asked for and does not work here
 */
export async function pickRuntime(wanted: Runtime | undefined, signal: AbortSignal): Promise<Picked> {
  if (wanted === 'process') return { runtime: 'process', instead: null };
  const instead = await missing(signal);
  if (wanted === 'podman' && instead !== null) throw new Problem('unreachable', instead.why, { reason: 'podman', hint: instead.remedy });
  return { runtime: instead === null ? 'podman' : 'process', instead };
}

async function missing(signal: AbortSignal): Promise<Picked['instead']> {
  // Volumes of a fixed size are loop mounts.
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return { why: 'containers with volumes of a fixed size need Linux and root', remedy: 'run as root' };
  try {
    await run('podman', ['--version'], signal);
    // Without it nothing keeps contracts apart, so no container is started.
    await run('nft', ['--version'], signal);
    return null;
  } catch (thrown) {
    if (!isProblem(thrown) || thrown.code === 'interrupted') throw thrown;
    return { why: thrown.message, remedy: INSTALL_PODMAN };
  }
}
