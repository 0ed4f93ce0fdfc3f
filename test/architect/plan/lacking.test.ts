import assert from 'node:assert/strict';
import { test } from 'node:test';
import { secretsLacking } from '../../../src/architect/plan/lacking.js';
import { planFor, type PartWish } from '../../../src/architect/plan/plan.js';
import type { Standing } from '../../../src/architect/plan/standing.js';
import { gib } from '../../deal.js';
import { AT, service, stands, wish } from './scene.js';

const [OLD, NEW] = ['1'.repeat(64), '2'.repeat(64)];
const db = (sha256: string, cores = 1): PartWish => wish('db', { wanted: { resources: gib(cores, 1, 10), workloads: [service('db', { secrets: [{ name: 'token', sha256 }] })] } });

for (const { title, wanted, standing, given, lacks } of [
  { title: 'what stands with the contract is at its node', wanted: db(OLD), standing: [stands('shop', db(OLD))], given: [], lacks: [] },
  { title: 'one of earlier is not any more', wanted: db(OLD), standing: [stands('shop', db(NEW))], given: [], lacks: [['token', false]] },
  { title: 'nor does a new contract have it', wanted: db(OLD), standing: [], given: [], lacks: [['token', false]] },
  { title: 'nor another node, to which the part goes for lack of room', wanted: db(OLD, 9), standing: [stands('shop', db(OLD))], given: [], lacks: [['token', false]] },
  { title: 'one that is given is sent', wanted: db(OLD), standing: [stands('shop', db(NEW))], given: [['token', OLD]], lacks: [] },
  { title: 'another of its name does not do', wanted: db(OLD), standing: [stands('shop', db(OLD))], given: [['token', NEW]], lacks: [['token', true]] },
] as { title: string; wanted: PartWish; standing: Standing[]; given: [string, string][]; lacks: [string, boolean][] }[]) {
  test(`secrets of a plan: ${title}`, () => {
    const plan = planFor({ grid: 'g', name: 'shop', wishes: [wanted], standing, network: null, at: AT });
    assert.deepEqual(secretsLacking(plan, standing, new Map(given)), lacks.map(([secret, isOther]) => ({ part: 'db', secret, isOther })));
  });
}
