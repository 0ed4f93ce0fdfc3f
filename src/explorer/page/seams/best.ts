// In place of src/keys/backends/best.ts: a browser has neither libsodium nor node:crypto.
export { nobleBackend as bestBackend } from '../../../keys/backends/noble.js';
