// The secrets of a node's workloads: fetched when one is needed, kept sealed, given to what is started, deleted when
// nothing refers to them any more.
import { isProblem, messageOf, Problem } from '../../base/errors.js';
import type { Clock } from '../../base/clock.js';
import { SECRETS_LOOK_MS } from '../../base/limits.js';
import type { MailParts } from '../../net/mail/mail.js';
import { read } from '../../rules/objects.js';
import type { Workload } from '../../schema/types.js';
import type { BookTime, Desired } from '../desired.js';
import type { Running, SecretsHere } from '../driver.js';
import { SecretFiles } from './files.js';
import { orderersOf, takeSecrets } from './intake.js';
import { Vault, type SecretId } from './vault.js';

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

const LEFT_WAIT_MS = 1_000;

/** The secrets of one node. */
export class Secrets {
  readonly #parts: SecretsParts;
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

  /** Names of a workload's secrets that are not here. */  lacking(contract: string, { secrets }: Workload): string[] {
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
    const files = await Promise.all(seen.filter(({ env }) => env === undefined).map(async ({ name }) => ({ name, bytes: await bytes(name) })));
    const env = await Promise.all(seen.flatMap(({ name, env: variable }) => (variable === undefined ? [] : [bytes(name).then((value) => ({ name: variable, bytes: value }))])));
    const placed = files.length + env.length === 0 ? { files: null, env: [] } : await this.#parts.files.place({ contract, workload: workload.name }, files, env);
    return { ...placed, bytes };
  }

  /**
   * What a round has to do with secrets: looks for those that are missing, deletes those that nothing refers to. Only in
   * a book that can be believed.
   * @param onLooked called when a look has ended, with what stood in its way
   */
  async round(wanted: readonly Desired[], running: readonly Running[], time: BookTime, onLooked: (problem: Problem | null) => void): Promise<void> {
    if (!time.fresh) return;
    const { vault } = this.#parts;
    const missing = wanted.filter(({ phase, contract, tasks }) => phase === 'run' && tasks.some(({ workload }) => this.lacking(contract, workload).length > 0));
    if (missing.length > 0) this.#look(missing, time, onLooked);
    const phases = new Map(wanted.map((one) => [one.contract, one]));
    for (const id of vault.all()) if (isUnused(phases.get(id.contract), id)) vault.drop(id);
    for (const ref of await this.#parts.files.list()) {
      const isRunning = running.some((one) => one.contract === ref.contract && one.workload === ref.workload && one.state === 'running');
      const here = phases.get(ref.contract);
      const isListed = here === undefined || (here.phase !== 'over' && (here.phase !== 'run' || here.tasks.some(({ workload }) => workload.name === ref.workload)));
      if (!isRunning && !isListed) await this.#parts.files.remove(ref);
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
    const wait = this.#hasLeft ? Math.min(wait_ms, LEFT_WAIT_MS) : wait_ms;
    const { kept, left, next } = await takeSecrets(mail, vault, { after: this.#after, wait_ms: wait, known: contracts.flatMap(orderersOf) });
    this.#after = next;
    this.#hasLeft = left || (this.#hasLeft && !kept);
    if (!kept && wait_ms === 0) this.#again_at = clock() + SECRETS_LOOK_MS;
  }
}

/** Nothing may be concluded of a contract that this copy does not know, or not now. */
function isUnused(wanted: Desired | undefined, { sha256 }: SecretId): boolean {
  if (wanted?.phase === 'over') return true;
  return wanted?.phase === 'run' && !wanted.tasks.some(({ workload }) => workload.secrets.some((secret) => secret.sha256 === sha256));
}
