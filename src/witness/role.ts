// The witnesses of a home folder as a role of its daemon: with this, `serve` cosigns.
import { isProblem, messageOf } from '../base/errors.js';
import { listKeystores } from '../keys/keystore.js';
import type { OpenRole, RoleParts } from '../net/daemon.js';
import { evidenceFolder, keepEvidence } from '../net/evidence.js';
import { Auditor } from './audit.js';
import { Ledger } from './ledger.js';
import { movedLog } from './logs.js';
import { Witness, type WitnessParts } from './witness.js';

/** One witness for each of its keys in this home folder; one that cannot be opened is left out, and the log says why. */
export const witnessRole: OpenRole = async (parts) => {
  const witnesses = new Map<string, Witness>();
  const owned: (Disposable | AsyncDisposable)[] = [];
  for (const { name } of listKeystores(parts.home, 'witness')) {
    try {
      witnesses.set(name, await openWitness(parts, name, owned));
    } catch (thrown) {
      if (!isProblem(thrown)) throw thrown;
      parts.log.error({ witness: name, error: messageOf(thrown) }, 'this witness does not cosign');
    }
  }
  if (witnesses.size === 0) return undefined;
  return {
    witnesses,
    async [Symbol.asyncDispose]() {
      for (const one of owned.reverse()) await (Symbol.asyncDispose in one ? one[Symbol.asyncDispose]() : one[Symbol.dispose]());
    },
  };
};

async function openWitness({ home, clock, signal, openKeyring }: RoleParts, name: string, owned: (Disposable | AsyncDisposable)[]): Promise<Witness> {
  const keyring = await openKeyring('witness', name);
  const ledger = Ledger.open(home.witnessLedger(name));
  owned.push(ledger);
  const signer = keyring.signer('witness');
  const moved: WitnessParts['moved'] = (log) => movedLog({ home, signal }, log);
  // Of a log that is of no known grid nobody could say whom it accuses.
  const onFork: WitnessParts['onFork'] = ({ source }, notes) => {
    if (source === null) return;
    const { grid } = source;
    keepEvidence(evidenceFolder(home, grid), { v: 1, grid, kind: 'roots', found_ms: clock(), notes, places: [], consistency: [] });
  };
  if (!ledger.identity.audits) return new Witness({ ledger, signer, clock, moved, onFork });
  const auditor = new Auditor({ home, name, ledger, clock, signal });
  owned.push(auditor);
  return new Witness({ ledger, signer, clock, audit: (log, checkpoint) => auditor.refusalOf(log, checkpoint), moved, onFork });
}
