// Homes whose keys follow from their names alone, so that another process has them too, and no scrypt is paid.
import { createHash } from 'node:crypto';
import type { Home } from '../src/home.js';
import { openSecret, type Keyring, type KeyringType } from '../src/keys/keyring.js';
import type { Grid, GridOptions } from '../src/net/grid.js';
import type { MailParts } from '../src/net/mail/mail.js';

/** The secret of a keyring, 32 bytes. */
export function secretOf(type: KeyringType, name: string): Buffer {
  return createHash('sha256').update(`3bot test keyring ${type} ${name}`).digest();
}

/** The keyring of a name. */
export function keyringOf(type: KeyringType, name: string): Promise<Keyring> {
  return openSecret(type, name, secretOf(type, name));
}

/** What opening, making and joining a grid in such a home needs. */
export function optionsOf(home: Home): GridOptions & { readonly createKeyring: typeof keyringOf } {
  return { home, clock: Date.now, signal: new AbortController().signal, openKeyring: keyringOf, createKeyring: keyringOf };
}

/** The mail of an identity. */
export function ownMail(home: Home, grid: Grid, owner: Keyring, signal = new AbortController().signal): MailParts {
  return { home, grid, me: { party: `bot/${owner.public['bot'] ?? ''}`, signer: owner.signer('bot'), unseal: (box) => owner.unseal(box) }, signal };
}
