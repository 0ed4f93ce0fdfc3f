// The published vectors of farming, its thresholds and roundings, and what must hold for every size.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FARMING_CU_DENOMINATOR, FARMING_PERIOD_MS, FARMING_SU_DENOMINATOR, farmingStroops, farmingUnits, type FarmingTerms } from '../../src/capacity/farming.js';
import { formatUnits } from '../../src/capacity/units.js';
import { anyResources, gib } from './samples.js';

const terms = (sizes: string, change: Partial<FarmingTerms> = {}): FarmingTerms => ({ capacity: gib(sizes), kind: 'diy', tft_musd: 80, ...change });
const minted = (of: FarmingTerms, up_ms = FARMING_PERIOD_MS): bigint => farmingStroops(of, up_ms, FARMING_PERIOD_MS);
const percent = (hundredths: number): number => (FARMING_PERIOD_MS / 10_000) * hundredths;

for (const [sizes, cu, su, stroops] of [
  ['8/32/1000/0', '7.75', '4', 2_825_000_000n],
  ['24/128/2000/24000', '31.75', '28', 13_025_000_000n],
  // Each resource in turn is the one that bounds CU.
  ['1/32/1000/0', '2', '4', 1_100_000_000n],
  ['8/32/100/0', '2', '0.4', 650_000_000n],
  // Memory that the machine keeps for itself is no memory to sell.
  ['8/1/1000/0', '0', '4', 500_000_000n],
  ['8/0/0/1200', '0', '1', 125_000_000n],
  ['0/0/0/0', '0', '0', 0n],
] as const) {
  test(`${sizes} is ${cu} CU and ${su} SU of farming, and mints ${stroops} stroops at full uptime`, () => {
    const units = farmingUnits(gib(sizes));
    assert.equal(formatUnits(units.cu, FARMING_CU_DENOMINATOR), cu);
    assert.equal(formatUnits(units.su, FARMING_SU_DENOMINATOR), su);
    assert.equal(minted(terms(sizes)), stroops);
  });
}

for (const [what, of, up_ms, stroops] of [
  ['certified hardware brings a quarter more', terms('8/32/1000/0', { kind: 'certified' }), FARMING_PERIOD_MS, 3_531_250_000n],
  ['a TFT that is worth half as much brings twice as many', terms('8/32/1000/0', { tft_musd: 40 }), FARMING_PERIOD_MS, 5_650_000_000n],
  ['an address brings 5 thousandths of a USD an hour', terms('0/0/0/0', { capacity: { ...gib('0/0/0/0'), ipv4: 2 } }), FARMING_PERIOD_MS, 913_500_000n],
  ['95 % of the time brings 95 % of the amount', terms('8/32/1000/0'), percent(9_500), 2_683_750_000n],
  ['a millisecond less brings nothing', terms('8/32/1000/0'), percent(9_500) - 1, 0n],
  ['98 % are enough for certified hardware', terms('8/32/1000/0', { kind: 'certified' }), percent(9_800), 3_460_625_000n],
  ['a millisecond less brings nothing there', terms('8/32/1000/0', { kind: 'certified' }), percent(9_800) - 1, 0n],
  ['what does not come out even is rounded down', terms('8/32/1000/0', { tft_musd: 7 }), FARMING_PERIOD_MS, 32_285_714_285n],
] as const) {
  test(`farming: ${what}`, () => assert.equal(minted(of, up_ms), stroops));
}

test('farming is the published formula within a stroop, in floating point', () => {
  fc.assert(fc.property(anyResources, fc.constantFrom('diy' as const, 'certified' as const), fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: percent(9_800), max: FARMING_PERIOD_MS }), (capacity, kind, tft_musd, up_ms) => {
    const [mru, sru, hru] = [capacity.mru_mib / 1_024, capacity.sru_mib / 1_024, capacity.hru_mib / 1_024];
    const cu = Math.min(2 * capacity.cru, Math.max(0, mru - 1) / 4, sru / 50);
    const usd = (cu * 2_400 + (hru / 1_200 + sru / 250) * 1_000 + capacity.ipv4 * 5 * (FARMING_PERIOD_MS / 3_600_000)) * (kind === 'certified' ? 1.25 : 1);
    const tft = (usd / tft_musd) * (up_ms / FARMING_PERIOD_MS);
    const exact = Number(minted({ capacity, kind, tft_musd }, up_ms)) / 1e7;
    assert.ok(Math.abs(exact - tft) <= 1e-7 + tft * 1e-12, `${exact} and ${tft}`);
  }));
});

test('more of a resource, or of time, never mints less', () => {
  fc.assert(fc.property(anyResources, anyResources, fc.nat(FARMING_PERIOD_MS), fc.nat(FARMING_PERIOD_MS), (base, more, a, b) => {
    const larger = { cru: base.cru + more.cru, mru_mib: base.mru_mib + more.mru_mib, sru_mib: base.sru_mib + more.sru_mib, hru_mib: base.hru_mib + more.hru_mib, ipv4: base.ipv4 + more.ipv4 };
    assert.ok(minted(terms('', { capacity: larger }), Math.max(a, b)) >= minted(terms('', { capacity: base }), Math.min(a, b)));
  }));
});

test('a shorter period has the same rate and its own threshold', () => {
  const hour = 3_600_000;
  assert.equal(farmingStroops(terms('8/32/1000/0'), hour, hour), (2_825_000_000n * BigInt(hour)) / BigInt(FARMING_PERIOD_MS));
  assert.equal(farmingStroops(terms('8/32/1000/0'), hour * 0.95 - 1, hour), 0n);
});

for (const [what, up_ms, tft_musd] of [['more than the period', FARMING_PERIOD_MS + 1, 80], ['less than no time', -1, 80], ['parts of a millisecond', 0.5, 80], ['a TFT for nothing', 1, 0]] as const) {
  test(`farming refuses to count ${what}`, () => assert.throws(() => minted(terms('8/32/1000/0', { tft_musd }), up_ms), /cannot mint/));
}
