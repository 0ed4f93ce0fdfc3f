// Time-stamped cosignatures by Ed25519: "at this time this was the largest tree I knew" (C2SP tlog-cosignature).
import { Problem } from '../base/errors.js';
import { noteKeyId, type CheckEd25519, type Note, type NoteKey, type Verifier } from './note.js';

/** Bytes of the time before the signature. */
const TIME_BYTES = 8;

/** What a cosignature signs. @param text the checkpoint's whole text @param seconds since 1970, whole */
export function cosignatureText(text: string, seconds: number | bigint): string {
  return `cosignature/v1\ntime ${seconds}\n${text}`;
}

/** What comes after the key id in a note: the time, big-endian, and the signature. */
export function formatCosignature(seconds: number, signature: Uint8Array): Buffer {
  const time = Buffer.alloc(TIME_BYTES);
  time.writeBigUInt64BE(BigInt(seconds));
  return Buffer.concat([time, signature]);
}

/** Time of a cosignature in ms since 1970; undefined where no date has it (above 2^53 ms). @param signature of 72 bytes */
export function cosignatureTime(signature: Buffer): number | undefined {
  const time_ms = Number(signature.readBigUInt64BE()) * 1_000;
  return Number.isSafeInteger(time_ms) ? time_ms : undefined;
}

/** A verifier of cosignature/v1 (signature type 4) by one key. */
export function cosignatureVerifier(key: Omit<NoteKey, 'type'>, check: CheckEd25519): Verifier {
  const bytes = Buffer.from(key.key, 'hex');
  return {
    name: key.name,
    id: noteKeyId({ ...key, type: 'cosignature' }),
    verify: (text, signature) =>
      signature.length === TIME_BYTES + 64 && check(bytes, Buffer.from(cosignatureText(text, signature.readBigUInt64BE())), signature.subarray(TIME_BYTES)),
  };
}

/**
 * When each of these keys has cosigned a note last: ms since 1970 by key (hex). Lines of other keys do not matter.
 * @throws Problem `integrity`, reason `note`, where a line of one of them does not hold
 */
export function cosignatures({ text, signatures }: Note, keys: readonly NoteKey[], check: CheckEd25519): Map<string, number> {
  const times = new Map<string, number>();
  for (const key of keys) {
    const { name, id, verify } = cosignatureVerifier(key, check);
    for (const found of signatures.filter((one) => one.name === name && one.id === id)) {
      const time_ms = verify(text, found.signature) ? cosignatureTime(found.signature) : undefined;
      if (time_ms === undefined) throw new Problem('integrity', `signed note: the cosignature by ${name} does not hold`, { reason: 'note' });
      times.set(key.key, Math.max(time_ms, times.get(key.key) ?? 0));
    }
  }
  return times;
}
