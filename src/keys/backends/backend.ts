// What a library must do to be used for Ed25519 here.

/** A secret key ready for use. */
export interface KeyPair {
  /** Raw public key, 32 bytes. */
  readonly publicKey: Buffer;
  /** RFC 8032 signature, 64 bytes; the same message always gives the same one. */
  sign(message: Uint8Array): Buffer;
}

/**
 * Ed25519 by one library.
 *
 * `verify` accepts exactly what libsodium 1.0.18 and later accept, for this set is part of the record format:
 * S below the group order; key canonical (y < p), on the curve and not of small order; R not of small order;
 * R equal, byte for byte, to the encoding of S·B − h·A (no cofactor).
 */
export interface Backend {
  readonly name: 'sodium' | 'node' | 'noble';
  /** Key of 32 bytes, signature of 64 bytes; any other length gives false. */
  verify(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /** Key pair of a 32-byte seed. */
  keyPair(seed: Uint8Array): KeyPair;
}
