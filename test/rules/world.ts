// A grid in a Map, without signatures: what the tests of rules play on.
import { sha256Hex } from '../../src/base/hash.js';
import type { Json, JsonObject } from '../../src/base/canonical.js';
import { isProblem } from '../../src/base/errors.js';
import { chainId, makeRecord, type ParsedRecord } from '../../src/bcdb/record.js';
import type { Moment, ReadState, State } from '../../src/bcdb/rulebook.js';
import { totalStroops } from '../../src/capacity/price.js';
import { gridRules } from '../../src/rules/all.js';
import { read, readGrid, type AccountObject, type ContractObject, type NodeObject, type ObjectTypes } from '../../src/rules/objects.js';
import { refused, type RefusalReason } from '../../src/rules/refusal.js';
import type { Agreement, Amend, Announcement, Certificate, Farm, Genesis, Identity, Policy, Prices, Quorum, Resources, Seen, Workload } from '../../src/schema/types.js';

export const START = Date.UTC(2026, 0, 1);
export const HOUR = 3_600_000;
export const TFT = 10_000_000n;
export const PRICES: Prices = { cu_stroops: '100000', su_stroops: '50000', nu_stroops: '15000', ipv4_stroops: '40000' };
export const IMAGE = `docker.io/library/web@sha256:${'a'.repeat(64)}`;

/** A key that stands for a name. */
export const key = (name: string): string => sha256Hex(name);
export const nonce = (name: string): string => sha256Hex(name).slice(0, 32);
export const all = (...parties: string[]): Quorum => ({ threshold: parties.length, members: parties.map((of) => ({ of, weight: 1 })) });
export const some = (threshold: number, ...parties: string[]): Quorum => ({ ...all(...parties), threshold });
export const gib = (cru: number, mru: number, sru: number, hru = 0, ipv4 = 0): Resources => ({ cru, mru_mib: mru * 1024, sru_mib: sru * 1024, hru_mib: hru * 1024, ipv4 });

export interface Submission {
  chain: string;
  kind: string;
  body: object;
  /** Names of the keys that sign. */
  by: string[];
  time?: number;
  v?: 1 | 2;
  grid?: string | null;
}

/** State, chain heads and the time; `submit` does what the core does, but for signatures. */
export class World implements State {
  readonly objects = new Map<string, JsonObject>();
  readonly heads = new Map<string, { height: number; id: string }>();
  at = START;
  index = 0;

  get(id: string): JsonObject | undefined {
    return this.objects.get(id);
  }

  put(id: string, value: JsonObject): void {
    this.objects.set(id, value);
  }

  object<T extends keyof ObjectTypes>(type: T, id: string): ObjectTypes[T] {
    const found = read(this, type, id);
    if (found === undefined) throw new Error(`no ${type}/${id}`);
    return found;
  }

  account(name: string): AccountObject {
    return read(this, 'account', key(name)) ?? { key: key(name), balance_stroops: '0', escrowed_stroops: '0', faucet_taken: false };
  }

  balance(name: string): bigint {
    return BigInt(this.account(name).balance_stroops);
  }

  contract(id: string): ContractObject {
    return this.object('contract', id);
  }

  node(name = 'node'): NodeObject {
    return this.object('node', key(name));
  }

  get grid(): string {
    return readGrid(this).id;
  }

  get moment(): Moment {
    return { at: this.at, index: this.index };
  }

  record({ chain, kind, body, time, grid, v = 1 }: Submission): ParsedRecord {
    const head = this.heads.get(chain);
    const ofGrid = grid === undefined ? ((this.get('grid')?.['id'] as string | undefined) ?? null) : grid;
    return makeRecord({ v, grid: ofGrid, chain, height: head === undefined ? 0 : head.height + 1, prev: head?.id ?? null, kind, time: time ?? this.at, body: body as { [k: string]: Json } });
  }

  submit(submission: Submission): ParsedRecord {
    const record = this.record(submission);
    const expected = gridRules.expected(this as ReadState, record, this.moment);
    const signed = new Set(submission.by.map(key));
    for (const by of signed) if (!expected.allowed.has(by)) throw refused('signatures', 'surplus');
    expected.check(signed);
    gridRules.apply(this, record, this.moment);
    this.heads.set(submission.chain, { height: record.payload.height, id: record.id });
    this.index += 1;
    return record;
  }

  /** The reason for which it is refused; a string that says so where it is not. */
  refusal(submission: Submission): RefusalReason | 'taken' | 'malformed' {
    const before = JSON.stringify([...this.objects]);
    try {
      this.submit(submission);
      return 'taken';
    } catch (thrown) {
      if (JSON.stringify([...this.objects]) !== before) throw new Error('a refused record changed state', { cause: thrown });
      if (isProblem(thrown, 'malformed')) return 'malformed';
      if (!isProblem(thrown, 'refused')) throw thrown;
      return thrown.reason as RefusalReason;
    }
  }

  /** All TFT: balances and escrows. */
  get money(): bigint {
    let sum = 0n;
    for (const [id, object] of this.objects) {
      if (id.startsWith('account/')) sum += BigInt(object['balance_stroops'] as string);
      if (id.startsWith('contract/')) sum += BigInt(object['escrow_stroops'] as string);
    }
    return sum;
  }
}

export function genesisBody(change: Partial<Genesis> = {}): Genesis {
  return {
    name: 'test-grid', dev: true, origin: `3bot/${nonce('grid')}`, nonce: nonce('grid'), log_key: key('log'), clock_key: key('clock'), rules: 1, units: 'units/1', prices: PRICES,
    governance: all(`bot/${key('governor')}`), certifiers: null, witnesses: null, allocations: [{ account: key('purse'), amount_stroops: (1_000n * TFT).toString() }],
    faucet_stroops: (100n * TFT).toString(), max_supply_stroops: (2_000n * TFT).toString(), heartbeat_ms: HOUR, retention_ms: 72 * HOUR, limits: { record_bytes: 1_048_576, signatures: 16_384 }, ...change,
  };
}

export const genesisOf = (change: Partial<Genesis> = {}): Submission => ({ chain: 'grid', kind: 'genesis@1', body: genesisBody(change), by: ['governor'] });

export function identityOf(name: string, change: Partial<Identity> = {}): Submission {
  const body: Identity = { name, keys: [{ key: key(name), kinds: ['*'], until: null }], sealing_key: key(`${name} sealing`), endpoint: null, roles: [], recovery: null, ...change };
  return { chain: `bot/${key(name)}`, kind: 'identity@1', body, by: [name] };
}

export const farmId = (world: World, by = 'farmer', n = 'farm'): string => chainId(world.grid, key(by), nonce(n));

export function farmBody(change: Partial<Farm> = {}): Farm {
  return { by: key('farmer'), nonce: nonce('farm'), owner: `bot/${key('farmer')}`, farm_key: key('farm'), sealing_key: key('farm sealing'), endpoint: null, payout: key('payout'), name: 'green-farm', place: 'here', ...change };
}

export const farmOf = (world: World, change: Partial<Farm> = {}, by = ['farm', 'farmer']): Submission => ({ chain: `farm/${farmId(world)}`, kind: 'farm@1', body: farmBody(change), by });

export function announcementOf(world: World, change: Partial<Announcement> = {}, node = 'node'): Submission {
  const body: Announcement = {
    farm: farmId(world), declared: false, capacity: gib(8, 16, 500), host_share: gib(0, 1, 0), devices: [], platform: 'linux/x64', runtime: 'podman', features: [], virtualised: true,
    location: { country: null, region: null }, address: null, sealing_key: key(`${node} sealing`), ...change,
  };
  return { chain: `node/${key(node)}`, kind: 'announcement@1', body, by: [node] };
}

export const farmSays = (world: World, kind: 'admit@1' | 'retire@1', node = 'node'): Submission => ({ chain: `farm/${farmId(world)}`, kind, body: { node: key(node) }, by: ['farm'] });
export const contractId = (world: World, n = 'deal'): string => chainId(world.grid, key('alice'), nonce(n));

/** A workload whose image is not real. */
export const web = (name = 'web', change: Partial<Workload> = {}): Workload => ({ name, image: IMAGE, command: [], env: [], ports: [], secrets: [], ...change });

/** Alice buys four cores, 4 GiB and 100 GiB of SSD for a 720 h month, paid from purse: 16.2 TFT. */
export function agreementBody(world: World, change: Partial<Agreement> = {}): Agreement {
  const consumer = `bot/${key('alice')}`;
  const farm = `farm/${farmId(world)}`;
  const terms = { resources: gib(4, 4, 100), prices: PRICES, term_ms: 720 * HOUR, ...change };
  const total = totalStroops(terms.resources, terms.prices, terms.term_ms, change.discounts).toString();
  return {
    by: key('alice'), nonce: nonce('deal'), roles: [{ role: 'consumer', party: consumer }, { role: 'farmer', party: farm }], farm: farmId(world), node: key('node'), order: null, units: 'units/1', ...terms,
    total_stroops: total, payers: [{ account: key('purse'), amount_stroops: total }], payees: [{ account: key('payout'), role: 'farmer', share_ppm: 1_000_000 }],
    quorums: { commit: all(consumer, farm), workload: all(consumer), amend: all(consumer, farm), end: all(consumer) },
    commit_by: world.at + 60_000, provision_by_ms: HOUR, notice_ms: 0, grace_ms: 24 * HOUR, minimum_stroops: '0', retention_ms: 0, meter: null, exec: false, workloads: [web()], documents: [], ...change,
  };
}

export const BUYERS = ['alice', 'farm', 'purse'];

export function agreementOf(world: World, change: Partial<Agreement> = {}, by: string[] = BUYERS): Submission {
  const body = agreementBody(world, change);
  return { chain: `contract/${chainId(world.grid, body.by, body.nonce)}`, kind: 'agreement@1', body, by };
}

export const endOf = (world: World, by = ['alice'], n = 'deal', change: { fault?: true } = {}): Submission => ({ chain: `contract/${contractId(world, n)}`, kind: 'end@1', body: { reason: 'done', ...change }, by });

export function runOf(world: World, state: string, workload: string | null = null, n = 'deal'): Submission {
  return { chain: `run/${contractId(world, n)}`, kind: 'run@1', body: { workload, state, reason: null, exit_code: null, observed_ms: world.at, ports: [] }, by: ['node'] };
}

/** Alice certifies what the node announces, for a year. */
export function certificateOf(world: World, change: Partial<Certificate> = {}, by = ['alice'], node = 'node'): Submission {
  const body: Certificate = { capacity: gib(8, 16, 500), kind: 'diy', tft_musd: 80, until: world.at + 366 * 24 * HOUR, violation: null, ...change };
  return { chain: `certify/${key(node)}`, kind: 'certificate@1', body, by };
}

export const policyOf = (body: Policy): Submission => ({ chain: 'grid', kind: 'policy@1', body, by: ['governor'] });

/** A grid with alice, a farm and its admitted node. */
export function market(change: Partial<Genesis> = {}): World {
  const world = new World();
  world.submit(genesisOf(change));
  for (const name of ['alice', 'farmer', 'other']) world.submit(identityOf(name));
  world.submit(farmOf(world));
  world.submit(farmSays(world, 'admit@1'));
  world.submit(announcementOf(world));
  return world;
}

/** The same with a committed agreement; and, if asked, held by the node. */
export function deal(change: Partial<Agreement> = {}, held = true): World {
  const world = market();
  world.submit(agreementOf(world, change));
  if (held) world.submit(runOf(world, 'held'));
  return world;
}

/** What a record says that its signers have seen: all lines so far. The core holds it against its tree, the world does not. */
export const seenBy = (world: World): Seen => ({ size: world.index, root: key(`root ${world.index}`) });

/** An entry of a meter: of the node's own, or a bot's. */
export function statusOf(world: World, by = 'node', seen: Seen = seenBy(world), node = 'node'): Submission {
  return { chain: `meter/${key(by)}`, kind: 'status@1', body: { node: key(node), seen }, by: [by] };
}

/** The node holds the contract, which is an entry of its meter. */
export function heldOf(world: World, n = 'deal'): Submission {
  const held = runOf(world, 'held', null, n);
  return { ...held, body: { ...held.body, seen: seenBy(world) } };
}

export const NODE_METER: Agreement['meter'] = { by: `node/${key('node')}`, heartbeat_ms: HOUR };

/** A committed agreement under rules 2 whose time the node confirms; and, if asked, held. */
export function metered(change: Partial<Agreement> = {}, held = true): World {
  const world = market({ rules: 2 });
  world.submit(agreementOf(world, { meter: NODE_METER, ...change }));
  if (held) world.submit(heldOf(world));
  return world;
}

/** Lets the time pass in which nothing but these entries is recorded: each so many ms after the last record. */
export function beat(world: World, times: number, after = HOUR, by = 'node'): World {
  for (let i = 0; i < times; i += 1) {
    world.at += after;
    world.submit(statusOf(world, by));
  }
  return world;
}

export const claimOf = (world: World, by = 'payout', n = 'deal'): Submission => ({ chain: `account/${key(by)}`, kind: 'claim@1', body: { contract: contractId(world, n) }, by: [by] });

export function fundOf(world: World, term_ms: number, amount: bigint, by = 'purse', n = 'deal'): Submission {
  const payers = [{ account: key(by), amount_stroops: amount.toString() }];
  return { chain: `account/${key(by)}`, kind: 'fund@1', body: { contract: contractId(world, n), term_ms, payers }, by: [by] };
}

export const noticeOf = (world: World, by = ['farm'], n = 'deal'): Submission => ({ chain: `farm/${farmId(world)}`, kind: 'notice@1', body: { contract: contractId(world, n), reason: 'moving' }, by });

/** Other terms for the contract, at list prices, paid from purse: by default what it has, for a month from now. */
export function amendOf(world: World, change: Partial<Amend> = {}, payment = 0n, by: string[] = ['alice', 'farm', ...(payment > 0n ? ['purse'] : [])], n = 'deal'): Submission {
  const terms = { resources: gib(4, 4, 100), prices: PRICES, term_ms: 720 * HOUR, ...change };
  const total_stroops = totalStroops(terms.resources, terms.prices, terms.term_ms, change.discounts).toString();
  const payers = payment > 0n ? [{ account: key('purse'), amount_stroops: payment.toString() }] : [];
  return { chain: `contract/${contractId(world, n)}`, kind: 'amend@1', body: { ...terms, total_stroops, payers, commit_by: world.at + 60_000, ...change }, by };
}
