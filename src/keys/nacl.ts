// The one door to tweetnacl. It is loaded at its first use: commands that open no key start 20 ms sooner without it.
import { createRequire } from 'node:module';
import type Nacl from 'tweetnacl';

let loaded: typeof Nacl | undefined;

/** `secretbox` for keystores, `box` for sealed messages. */
export function nacl(): typeof Nacl {
  return (loaded ??= createRequire(import.meta.url)('tweetnacl') as typeof Nacl);
}
