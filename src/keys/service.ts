// The keys of a program that runs for long: opened at its start, the passphrase forgotten afterwards, never an identity.
import { Problem } from '../base/errors.js';
import { forgetDerivedKeys } from './derive.js';
import type { Keyring, KeyringType } from './keyring.js';
import { forgetPassphrase, openKeyring, type Unlocker } from './unlock.js';

/** The service keyrings of one process. Whoever takes the process over gets these, and no words to spend with. */
export class ServiceKeys {
  readonly #open = new Map<string, Promise<Keyring>>();
  #context: Unlocker | undefined;

  constructor(context: Unlocker) {
    this.#context = context;
  }

  /**
   * A keyring; each is opened once.
   * @throws Problem what `openKeyring` throws; `locked` for one that was not opened before `close`; Error for an identity
   */
  readonly open = (type: KeyringType, name: string): Promise<Keyring> => {
    const id = `${type} ${name}`;
    const before = this.#open.get(id);
    if (before !== undefined) return before;
    const made = this.#load(type, name);
    this.#open.set(id, made);
    return made;
  };

  async #load(type: KeyringType, name: string): Promise<Keyring> {
    if (type === 'identity' || type === 'release') throw new Error(`a service opens no ${type}`);
    if (this.#context === undefined) throw new Problem('locked', `the ${type} ${name} was not opened when this process began, and its passphrase is forgotten`, { hint: 'start it again' });
    return openKeyring(this.#context, type, name);
  }

  /** Forgets the passphrase and what was derived from it; what is open stays open. */
  async close(): Promise<void> {
    if (this.#context !== undefined) forgetPassphrase(this.#context);
    this.#context = undefined;
    await forgetDerivedKeys();
  }
}
