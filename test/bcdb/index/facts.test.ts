// Which tags a record has: the parties that its body names, however they are named.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tagsOf } from '../../../src/bcdb/index/facts.js';
import type { Payload } from '../../../src/schema/types.js';

const [KEY, ID, GRID] = ['a'.repeat(64), 'b'.repeat(40), 'c'.repeat(64)];
const tags = (body: object): string[] => [...tagsOf({ v: 1, grid: GRID, chain: 'grid', height: 0, prev: null, kind: 'x@1', time: 0, body: body as Payload['body'] })].slice(1);

const CASES: [title: string, body: object, expected: string[]][] = [
  ['a party written out', { of: `bot/${KEY}` }, [`bot/${KEY}`]],
  ['a field that is called as what it names', { farm: ID, node: KEY }, [`farm/${ID}`, `node/${KEY}`]],
  ['the id of what it stands in', { blueprint: { id: ID, version: 2 } }, [`blueprint/${ID}`]],
  ['the id of a place, in a list', { workloads: [{ network: { id: ID, address: '10.0.0.1' } }] }, [`network/${ID}`]],
  ['no key under another name', { sealing_key: KEY, id: ID }, []],
];

for (const [title, body, expected] of CASES) {
  test(`a record is tagged by ${title}`, () => {
    assert.deepEqual(tags(body), expected);
  });
}
