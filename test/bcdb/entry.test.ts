// Log entries: built by hand, held against canonical JSON and the schema.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonical } from '../../src/base/canonical.js';
import { sha256Hex } from '../../src/base/hash.js';
import { entryText } from '../../src/bcdb/entry.js';
import { signaturesText } from '../../src/bcdb/record.js';
import { shapeError } from '../../src/schema/validate.js';

const sig = Buffer.alloc(64, 255).toString('base64');

test('entries are canonical, of the shape of their schema, and bind record, signatures and time', () => {
  for (const at of [0, 1_700_000_000_000, 8_640_000_000_000_000]) {
    const signatures = [{ by: '1'.repeat(64), sig }, { by: 'f'.repeat(64), sig }];
    const record = sha256Hex('a record');
    const text = entryText(record, signaturesText(signatures), at);
    assert.equal(text, canonical({ v: 1, record, signatures: sha256Hex(canonical(signatures)), at }));
    assert.equal(shapeError('entry@1', JSON.parse(text)), null);
  }
});
