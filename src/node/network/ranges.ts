// IPv4 networks as numbers: what lies in what, and which part of the range for workloads is free. Pure.
import { isIPv4 } from 'node:net';
import { sha256Hex } from '../../base/hash.js';

/** A network: its first address as a number, and how many leading bits all its addresses share (0 to 32). */
export interface Range {
  readonly from: number;
  readonly bits: number;
}

/** What is nobody's in particular, or somebody's own network, and so never the internet (RFC 6890; 224.0.0.0/3: multicast and beyond). */
export const NOT_INTERNET: readonly string[] = [
  '0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/3',
];

/** Where contracts' networks lie: set aside for benchmarks (RFC 2544), so that hardly any network stands there already. */
const POOL_FROM = number('198.18.0.0');
/** Addresses of a contract's network: those of 64 workloads, the machine's own, first and last. */
const SLOT_BITS = 25;
const SLOT_SIZE = 2 ** (32 - SLOT_BITS);
/** 198.18.0.0/15 in parts of 128: above the contracts that a node may carry. */
export const SLOTS = 2 ** (SLOT_BITS - 15);

/** Reads `a.b.c.d/bits`, or an address alone; null for anything else, also where bits beyond the network's are set. */
export function parseRange(text: string): Range | null {
  const [address = '', length = '32', ...more] = text.split('/');
  if (!isIPv4(address) || !/^(0|[1-9][0-9]?)$/.test(length) || Number(length) > 32 || more.length > 0) return null;
  const range = { from: number(address), bits: Number(length) };
  return range.from % sizeOf(range) === 0 ? range : null;
}

/** `a.b.c.d/bits`. */
export function rangeText({ from, bits }: Range): string {
  return `${addressText(from)}/${bits}`;
}

/** An address as people write it. */
export function addressText(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** An address as a number; it must be one. */
export function number(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** Whether two networks have an address in common. */
export function overlap(a: Range, b: Range): boolean {
  return a.from < b.from + sizeOf(b) && b.from < a.from + sizeOf(a);
}

/** Whether an address lies in a network. */
export function contains(range: Range, address: string): boolean {
  return overlap(range, { from: number(address), bits: 32 });
}

/** How many addresses it has. */
export function sizeOf({ bits }: Range): number {
  return 2 ** (32 - bits);
}

/** The part of the pool with this number, 0 to SLOTS - 1. */
export function slotRange(slot: number): Range {
  return { from: POOL_FROM + slot * SLOT_SIZE, bits: SLOT_BITS };
}

/**
 * Parts of the pool that a contract may have, best first: the same ones in the same order at every look, so that a
 * contract's network comes back where it was.
 * @param taken networks that are in use on this machine
 */
export function freeSlots(contract: string, taken: readonly Range[]): number[] {
  const first = Number.parseInt(sha256Hex(contract).slice(0, 8), 16) % SLOTS;
  const all = Array.from({ length: SLOTS }, (_, i) => (first + i) % SLOTS);
  return all.filter((slot) => !taken.some((range) => overlap(range, slotRange(slot))));
}
