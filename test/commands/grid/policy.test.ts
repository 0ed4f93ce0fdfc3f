// A sole governor says what every contract pays to grid and burn, and how much may be minted.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bot, botJson, tempHome } from '../../script.js';

const ADDRESS = 'GAAZI4TCR3TY5OJHCTJC2A4QSY6CJWJH5IAJTGKIN2ER7LBNVKOCCWN7';
interface Shown { rules: number; shares: { account: string | null; role: string; share_ppm: number }[]; mint_cap: string | null }

test('a sole governor changes the policy at once, a flag at a time', async () => {
  const alice = { home: tempHome() };
  await botJson(['identity', 'create', '--name', 'alice'], alice);
  await botJson(['grid', 'create', 'valley', '--dev'], alice);
  const shown = async (): Promise<Shown> => botJson<Shown>(['grid', 'policy'], { ...alice, passphrase: null });
  assert.deepEqual([(await shown()).rules, (await shown()).shares], [2, []]);

  await botJson(['grid', 'policy', '--share', `grid:${ADDRESS}:2%`, '--share', 'burn:1%', '--yes'], alice);
  await botJson(['grid', 'policy', '--mint-cap', '100000', '--yes'], alice);
  const { shares, mint_cap } = await shown();
  assert.deepEqual([shares.map(({ role, account, share_ppm }) => [role, account === null, share_ppm]), mint_cap], [[['grid', false, 20_000], ['burn', true, 10_000]], '100000.0000000']);

  await botJson(['grid', 'policy', '--share', 'none', '--mint-cap', 'none', '--yes'], alice);
  assert.deepEqual([(await shown()).shares, (await shown()).mint_cap], [[], null]);

  for (const [args, code] of [
    [['--share', 'burn:1%'], 2], // nobody can be asked
    [['--rules', '1', '--yes'], 3],
    [['--share', 'none', '--yes'], 3],
    [['--rules', '3'], 2],
    [['--share', 'burn:me:1%'], 2],
    [['--share', 'grid:1%'], 2],
    [['--share', 'grid:nobody:1%', '--yes'], 5],
    [['--share', 'burn:100%', '--yes'], 3],
  ] as const) {
    const run = await bot(['grid', 'policy', ...args], alice);
    assert.deepEqual([run.code, run.stdout], [code, ''], `${args.join(' ')}: ${run.stderr}`);
  }
  assert.equal(existsSync(join(alice.home, 'valley-policy.json')), false);
});
