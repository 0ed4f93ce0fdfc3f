// Who asks a registry, as a secret holds it: {"username": …, "password": …}.
import { Problem } from '../../base/errors.js';

/** Who asks. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/**
 * A registry's login as a secret holds it.
 * @throws Problem `refused`, reason `login`
 */
export function parseLogin(bytes: Buffer, name: string): Login {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    value = null;
  }
  const { username, password } = (value ?? {}) as Record<string, unknown>;
  if (typeof username === 'string' && typeof password === 'string' && username !== '' && !username.includes(':')) return { username, password };
  throw new Problem('refused', `the secret ${name} is no login of a registry, {"username": …, "password": …}`, { reason: 'login' });
}
