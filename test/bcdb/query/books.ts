// Books of made-up lines for tests of queries: nothing is signed and no rule is asked, queries do not care.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonical, type JsonObject } from '../../../src/base/canonical.js';
import { makeRecord } from '../../../src/bcdb/record.js';
import { Store } from '../../../src/bcdb/store.js';
import type { Payload } from '../../../src/schema/types.js';

/** What a made-up line says. */
export interface Made {
  readonly chain: string;
  readonly kind: string;
  readonly signers: readonly string[];
  readonly body: JsonObject;
  /** ms after the line before. */
  readonly later: number;
}

/** When the first line was taken in. */
export const BEGIN = Date.UTC(2026, 0, 1);

/** A book in a folder of its own, removed at the end. */
export class MadeBook implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), '3bot-made-'));
  readonly store = Store.open(join(this.folder, 'bcdb.sqlite'));
  readonly #heights = new Map<string, number>();
  #at = BEGIN;

  add(lines: readonly Made[]): void {
    this.store.transact((book) => {
      for (const { chain, kind, signers, body, later } of lines) {
        const height = this.#heights.get(chain) ?? 0;
        this.#heights.set(chain, height + 1);
        const payload: Payload = { v: 1, grid: book.grid, chain, height, prev: null, kind, time: this.#at, body };
        const record = makeRecord(payload);
        this.#at += later;
        const signatures = [...signers].sort().map((by) => ({ by, sig: `${'A'.repeat(86)}==` }));
        book.add({ record, signatures, signaturesText: canonical(signatures), at: this.#at, leaf: createHash('sha256').update(record.id).digest() });
      }
    });
  }

  [Symbol.dispose](): void {
    this.store[Symbol.dispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A key of 64 digits. */
export function keyOf(n: number): string {
  return n.toString(16).padStart(64, 'a');
}

/** An id of 40 digits. */
export function idOf(n: number): string {
  return n.toString(16).padStart(40, 'b');
}
