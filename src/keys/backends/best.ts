// Which library checks signatures in this process. The explorer's page has another file in this place.
import type { Backend } from './backend.js';
import { nodeBackend } from './node.js';
import { sodiumBackend } from './sodium.js';

/** sodium-native, or node:crypto where that has no build. */
export function bestBackend(): Backend {
  try {
    return sodiumBackend();
  } catch {
    return nodeBackend();
  }
}
