// What a node remembers of its workloads outlives the process, and goes with what it is about.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openHome } from '../../../src/home.js';
import { Lives } from '../../../src/node/life/lives.js';
import type { Life } from '../../../src/node/life/life.js';

const [GRID, NODE, A, B] = ['1', '2', 'a', 'b'].map((letter) => letter.repeat(40)) as [string, string, string, string];
const life: Life = { workload: 'w', started: 1, restarts: 2, ends: [3], again: { at: 4, why: 'ended', reason: 'x', begun: false }, over: null, health: 'healthy', good: null, refused: null };

test('lives are found again by the next process of the same node, and by no other node', () => {
  const folder = mkdtempSync(join(tmpdir(), '3bot-lives-'));
  try {
    const home = openHome(folder);
    {
      using lives = new Lives(home, GRID, NODE);
      lives.put(new Map([[`${A}/web`, life], [`${A}/old`, life], [`${B}/web`, { ...life, restarts: 9 }]]));
      lives.put(new Map([[`${A}/web`, { ...life, restarts: 3 }]]));
    }
    using again = new Lives(home, GRID, NODE);
    assert.deepEqual([...again.all].map(([key, one]) => [key, one.restarts]).sort(), [[`${A}/old`, 2], [`${A}/web`, 3], [`${B}/web`, 9]]);
    assert.deepEqual(again.all.get(`${A}/web`), { ...life, restarts: 3 });
    using other = new Lives(home, GRID, NODE.replace('2', '3'));
    assert.equal(other.all.size, 0);
    again.trim(new Map([[A, new Set(['web'])]]));
    again.drop(B);
    using last = new Lives(home, GRID, NODE);
    assert.deepEqual([[...last.all.keys()], [...again.all.keys()]], [[`${A}/web`], [`${A}/web`]]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
