// The secrets of a node's workloads: fetched when one is needed, kept sealed, given to what is started, deleted when
// nothing refers to them any more.
import { isProblem, messageOf, Problem } from '../../base/errors.js';
import type { Clock } from '../../base/clock.js';
import { LETTERS_LEFT_MS, MAX_REASON_CHARS, SECRETS_LOOK_MS } from '../../base/limits.js';
import type { Home } from '../../home.js';
import type { Keyring } from '../../keys/keyring.js';
import type { Grid } from '../../net/grid.js';
import type { MailParts } from '../../net/mail/mail.js';
import type { Private } from '../../private.js';
import { read } from '../../rules/objects.js';
import type { Workload } from '../../schema/types.js';
import type { BookTime, Desired } from '../plan/desired.js';
import type { Wait } from '../plan/draft.js';
import type { Ref, Running, SecretsHere } from '../driver.js';
import { SecretFiles, type SecretFile, type ToPlace } from './files.js';
import { orderersOf, takeSecrets } from './intake.js';
import { Vault, type SecretId } from './vault.js';

/** Where a workload sees the secrets that do not say otherwise. */
const SECRETS_FOLDER = '/run/secrets/';

/** What is needed to fetch, keep and give secrets. */
export interface SecretsParts {
  /** The node's own mail. */
  readonly mail: MailParts;
  readonly vault: Vault;
  readonly files: SecretFiles;
  readonly clock: Clock;
  /** How long one question to the mailbox is held open; 0 for a watcher that takes one look. */
  readonly wait_ms: number;
}

/**
 * The secrets of a node.
 * @param keyring of the node
 * @param data stays the caller's
 */
export function secretsOf(home: Home, grid: Grid, keyring: Keyring, data: Private, { signal, wait_ms }: { readonly signal: AbortSignal; readonly wait_ms: number }): Secrets {
  const signer = keyring.signer('node');
  const me = { party: `node/${signer.key}`, signer, unseal: (box: Uint8Array) => keyring.unseal(box) };
  return new Secrets({ mail: { home, grid, me, signal }, vault: new Vault(data, { grid: grid.id, node: signer.key }, keyring), files: new SecretFiles(signer.key), clock: grid.clock, wait_ms });
}

/** The secrets of one node. */
export class Secrets {
  readonly #parts: SecretsParts;
  /** Since when a workload waits, by this machine's clock. */
  readonly #since = new Map<string, number>();
  #looking: Promise<void> | null = null;
  #after = 0;
  #hasLeft = false;
  #size = -1;
  #again_at = 0;

  constructor(parts: SecretsParts) {
    this.#parts = parts;
  }

  /** Whether the mailbox is being looked at. */
  get isLooking(): boolean {
    return this.#looking !== null;
  }

  /** Names of a workload's secrets that are not here. */
  lacking(contract: string, { secrets }: Workload): string[] {
    return secrets.filter(({ sha256 }) => !this.#parts.vault.has({ contract, sha256 })).map(({ name }) => name);
  }

  /**
   * A secret of a workload by its name.
   * @throws Problem `not_found`, reason `secrets`, where it has not come
   */
  async bytes(contract: string, workload: Workload, name: string): Promise<Buffer> {
    const sha256 = workload.secrets.find((secret) => secret.name === name)?.sha256;
    const bytes = sha256 === undefined ? null : await this.#parts.vault.open({ contract, sha256 });
    if (bytes === null) throw new Problem('not_found', `the secret ${name} has not come`, { reason: 'secrets' });
    return bytes;
  }

  /**
   * Puts a workload's secrets where its runtime takes them from.
   * @returns undefined where it lists none
   * @throws Problem `not_found`, reason `secrets`; `refused` as `SecretFiles.place`
   */
  async place(contract: string, workload: Workload): Promise<SecretsHere | undefined> {
    if (workload.secrets.length === 0) return undefined;
    const bytes = (name: string): Promise<Buffer> => this.bytes(contract, workload, name);
    // Those are for the agent alone.
    const seen = workload.secrets.filter(({ name }) => name !== workload.registry?.secret && name !== workload.vm?.secret);
    const files: SecretFile[] = [];
    const elsewhere: ToPlace['placed'][number][] = [];
    for (const { name, env, path = `${SECRETS_FOLDER}${name}` } of seen) {
      if (env !== undefined) continue;
      if (path.startsWith(SECRETS_FOLDER)) files.push({ name: path.slice(SECRETS_FOLDER.length), bytes: await bytes(name) });
      else elsewhere.push({ name, path, bytes: await bytes(name) });
    }
    const env = await Promise.all(seen.flatMap(({ name, env: variable }) => (variable === undefined ? [] : [bytes(name).then((value) => ({ name: variable, bytes: value }))])));
    const all = { files, env, placed: elsewhere };
    const placed = Object.values(all).every((some) => some.length === 0) ? { files: null, env: [] } : await this.#parts.files.place({ contract, workload: workload.name }, all);
    return { ...placed, bytes };
  }

  /**
   * What a round has to do with secrets: looks for those that are missing, deletes those that nothing refers to. Only in
   * a book that can be believed.
   * @param onLooked called when a look has ended, with what stood in its way
   * @returns workloads (`contract/name`) that cannot be started without one that is missing
   */
  async round(wanted: readonly Desired[], running: readonly Running[], time: BookTime, onLooked: (problem: Problem | null) => void): Promise<ReadonlyMap<string, Wait>> {
    if (!time.fresh) return new Map();
    const waiting = this.#waiting(wanted, time.now);
    if (waiting.size > 0) this.#look(wanted.filter(({ contract, tasks }) => tasks.some(({ workload }) => waiting.has(`${contract}/${workload.name}`))), time, onLooked);
    await this.#clear(new Map(wanted.map((one) => [one.contract, one])), running);
    return waiting;
  }

  #waiting(wanted: readonly Desired[], now: number): Map<string, Wait> {
    const waiting = new Map<string, Wait>();
    for (const { contract, phase, tasks } of wanted) {
      for (const { workload } of phase === 'run' ? tasks : []) {
        const key = `${contract}/${workload.name}`;
        const names = this.lacking(contract, workload);
        if (names.length === 0) continue;
        const since = this.#since.get(key) ?? now;
        this.#since.set(key, since);
        waiting.set(key, { reason: `waiting for ${names.length === 1 ? 'secret' : 'secrets'} ${names.join(', ')}`.slice(0, MAX_REASON_CHARS), isSaid: now - since >= SECRETS_LOOK_MS });
      }
    }
    for (const key of this.#since.keys()) if (!waiting.has(key)) this.#since.delete(key);
    return waiting;
  }

  async #clear(wanted: ReadonlyMap<string, Desired>, running: readonly Running[]): Promise<void> {
    const { vault, files } = this.#parts;
    for (const id of vault.all()) if (isUnused(wanted.get(id.contract), id)) vault.drop(id);
    for (const ref of await files.list()) {
      const isRunning = running.some((one) => one.contract === ref.contract && one.workload === ref.workload && one.state === 'running');
      if (!isRunning && isUnlisted(wanted.get(ref.contract), ref)) await files.remove(ref);
    }
  }

  /** Once the watcher's signal has ended: when the last look has, too. */
  async end(): Promise<void> {
    await this.#looking;
  }

  #look(missing: readonly Desired[], { size, now }: BookTime, onLooked: (problem: Problem | null) => void): void {
    // A letter that did not fit may do so now.
    if (size !== this.#size) [this.#after, this.#size, this.#again_at] = [0, size, 0];
    if (this.#looking !== null || now < this.#again_at) return;
    this.#looking = this.#take(missing).then(
      () => null,
      (thrown: unknown) => {
        this.#again_at = this.#parts.clock() + SECRETS_LOOK_MS;
        return isProblem(thrown) ? thrown : new Problem('failed', messageOf(thrown), { cause: thrown });
      },
    ).then((problem) => {
      this.#looking = null;
      onLooked(problem);
    });
  }

  async #take(missing: readonly Desired[]): Promise<void> {
    const { mail, vault, clock, wait_ms } = this.#parts;
    const contracts = missing.flatMap(({ contract }) => read(mail.grid.reader, 'contract', contract) ?? []);
    // One that was left waits for its line, which does not wake whoever waits for letters.
    const wait = this.#hasLeft ? Math.min(wait_ms, LETTERS_LEFT_MS) : wait_ms;
    const { kept, left, next } = await takeSecrets(mail, vault, { after: this.#after, wait_ms: wait, known: contracts.flatMap(orderersOf) });
    this.#after = next;
    this.#hasLeft = left || (this.#hasLeft && !kept);
    if (!kept && wait_ms === 0) this.#again_at = clock() + SECRETS_LOOK_MS;
  }
}

/** Nothing may be concluded of a contract that this copy does not know, or not now. */
function isUnlisted(wanted: Desired | undefined, { workload: name }: Ref): boolean {
  if (wanted?.phase === 'over') return true;
  return wanted?.phase === 'run' && !wanted.tasks.some(({ workload }) => workload.name === name);
}

/** The same of a secret. */
function isUnused(wanted: Desired | undefined, { sha256 }: SecretId): boolean {
  if (wanted?.phase === 'over') return true;
  return wanted?.phase === 'run' && ![...wanted.tasks.map(({ workload }) => workload), ...(wanted.spare ?? [])].some(({ secrets }) => secrets.some((secret) => secret.sha256 === sha256));
}
