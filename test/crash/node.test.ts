// The crash table of what a node keeps for itself: whoever writes it is killed beside each effect, and what reads it
// afterwards has the old or the new, never a part, and goes on.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openHome } from '../../src/home.js';
import { Journal } from '../../src/node/report/journal.js';
import { Releases } from '../../src/node/release/releases.js';
import { Vault } from '../../src/node/secrets/vault.js';
import { openPrivate } from '../../src/private.js';
import { keyringOf } from '../named.js';
import { dieAt, NODE_SCOPE, NODE_SECRET, RELEASE, carryOut, type ActName } from './acts.js';
import { bundleOf } from './bundle.js';

let root: string;
before(() => void (root = mkdtempSync(join(tmpdir(), '3bot-crash-node-'))));
after(() => rmSync(root, { recursive: true, force: true }));

const place = (name: string, more: { with?: string } = {}) => ({ home: join(root, name.replaceAll(/[^a-z]/g, '-')), grid: '', ...more });

async function killed(act: ActName, where: ReturnType<typeof place>, point: string): Promise<void> {
  assert.equal((await dieAt(act, where, point)).by, 'SIGKILL', `it was to die ${point}`);
}

describe('a node\'s release', () => {
  // [killed at, what the next supervisor finds asked for]
  for (const [point, asked] of [['release_unpacked:before', null], ['release_unpacked:after', null], ['release_asked:before', null], ['release_asked:after', RELEASE], ['release_switched:before', null], ['release_switched:after', null]] as const) {
    test(`killed ${point}: what ran before runs, and the same upgrade again ends with the new one`, async () => {
      const where = place(`release ${point}`, { with: bundleOf(root, RELEASE) });
      await killed('release', where, point);
      const left = new Releases(openHome(where.home));
      assert.equal(left.asked(), asked);
      left.rollBack('the supervisor ended during its trial', 1);
      assert.deepEqual([left.current, left.state.trial], [null, null]);
      await carryOut('release', where);
      const now = new Releases(openHome(where.home));
      assert.deepEqual([now.current, now.state.trial, now.state.outcomes[0]?.problem, existsSync(now.program ?? '')], [RELEASE, null, null, true]);
      assert.deepEqual(readdirSync(join(where.home, 'releases')).filter((name) => name.includes('.new')), [], 'nothing half-made is left');
    });
  }
});

describe('a node\'s secrets', () => {
  for (const point of ['secret_kept:before', 'secret_kept:after', 'secret_dropped:before', 'secret_dropped:after'] as const) {
    test(`killed ${point}: one is there whole or not at all, and comes and goes when it is done again`, async () => {
      const where = place(`secret ${point}`);
      await killed('secret', where, point);
      {
        using data = openPrivate(openHome(where.home));
        const vault = new Vault(data, NODE_SCOPE, await keyringOf('node', 'shelf'));
        const isThere = point === 'secret_kept:after' || point === 'secret_dropped:before';
        assert.deepEqual([vault.has(NODE_SECRET), (await vault.open(NODE_SECRET))?.toString() ?? null], [isThere, isThere ? 'hunter2' : null]);
      }
      await carryOut('secret', where);
      using data = openPrivate(openHome(where.home));
      assert.deepEqual(new Vault(data, NODE_SCOPE, await keyringOf('node', 'shelf')).all(), []);
    });
  }
});

describe('a node\'s journal', () => {
  for (const point of ['journal_kept:before', 'journal_kept:after'] as const) {
    test(`killed ${point}: what was noted before is there, once, in order`, async () => {
      const where = place(`journal ${point}`);
      await killed('journal', where, point);
      const states = (): (number | undefined)[] => {
        using data = openPrivate(openHome(where.home));
        return new Journal(data, NODE_SCOPE).all.map(({ report }) => report.restarts);
      };
      const left = point.endsWith('before') ? [1] : [1, 2];
      assert.deepEqual(states(), left);
      await carryOut('journal', where);
      assert.deepEqual(states(), [1, 2, 3]);
    });
  }
});
