// What a farmer writes into the book: the farm itself, its prices and its deals.
import { randomBytes } from 'node:crypto';
import { canonical } from '../base/canonical.js';
import { Problem } from '../base/errors.js';
import { chainId } from '../bcdb/record.js';
import type { Reader } from '../bcdb/reader.js';
import type { Keyring } from '../keys/keyring.js';
import { dealOf } from '../market/asking.js';
import { pricesOf } from '../market/directory.js';
import { farmNamed } from '../market/find.js';
import { appendSigned } from '../net/compose.js';
import type { Grid } from '../net/grid.js';
import { actsFor } from '../rules/identity.js';
import { read, readGrid, type DealObject, type FarmObject } from '../rules/objects.js';
import type { Deal, Farm, PriceList, Prices } from '../schema/types.js';

/** What a new farm leaves to architects: they bring it customers, and it is paid for what they sell. */
const ARCHITECT_PPM = 100_000;

/** What a farm says of itself beside its name. */
export interface FarmTerms {
  readonly place: string;
  /** Account that is paid, hex. */
  readonly payout: string;
  readonly endpoint: string | null;
}

/** Whether a keyring holds the keys of a farm. */
function isKeyOf(keyring: Keyring, farm: FarmObject): boolean {
  return keyring.type === 'farm' && keyring.public['farm'] === farm.farm_key && keyring.public['sealing'] === farm.sealing_key;
}

/**
 * The farm of a keyring on this grid.
 * @throws Problem `not_found` where the grid has none of that name; `refused` where the name belongs to another's
 */
export function farmOf(grid: Grid, keyring: Keyring): FarmObject {
  const farm = farmNamed(grid.reader, keyring.name);
  if (farm === undefined) throw new Problem('not_found', `no farm ${keyring.name} on grid ${grid.name}`, { reason: 'farm', hint: `3bot farm create ${keyring.name}` });
  if (!isKeyOf(keyring, farm)) throw new Problem('refused', `the farm ${keyring.name} on grid ${grid.name} belongs to other keys than those here`, { reason: 'key' });
  return farm;
}

/**
 * Founds a farm under the keyring's name, and sets its prices. What an interrupted run had done is not done again.
 * @param owner the owner's identity; it is on the grid already
 * @param prices null: the grid's list prices
 * @param architect_ppm what architects may get; left out: a tenth, where the grid's rules know architects
 * @throws Problem `refused` where the name belongs to another farm; what `append` throws
 */
export async function foundFarm(grid: Grid, owner: Keyring, keyring: Keyring, terms: FarmTerms, prices: Prices | null, architect_ppm?: number): Promise<FarmObject> {
  const farm = farmNamed(grid.reader, keyring.name) ?? (await appendFarm(grid, owner, keyring, terms));
  if (!isKeyOf(keyring, farm)) throw new Problem('refused', `the name ${keyring.name} is taken by another farm on grid ${grid.name}`, { reason: 'name', hint: 'choose another name' });
  if (farm.prices !== null && prices === null && architect_ppm === undefined) return farm;
  const byDefault = farm.prices === null && readGrid(grid.reader).rules >= 2 ? ARCHITECT_PPM : undefined;
  const leaves = architect_ppm ?? byDefault;
  return setPrices(grid, keyring, farm, (before) => ({ ...before, prices: prices ?? before.prices, ...(leaves === undefined ? {} : { architect_ppm: leaves }) }));
}

async function appendFarm(grid: Grid, owner: Keyring, keyring: Keyring, terms: FarmTerms): Promise<FarmObject> {
  const bot = owner.signer('bot');
  const by = actsFor(grid.reader, bot.key);
  const nonce = randomBytes(16).toString('hex');
  const id = chainId(grid.id, by, nonce);
  const farm = keyring.signer('farm');
  const body: Farm = { by, nonce, owner: `bot/${by}`, farm_key: farm.key, sealing_key: publicKey(keyring, 'sealing'), name: keyring.name, ...terms };
  await appendSigned(grid, { chain: `farm/${id}`, kind: 'farm@1', body }, [farm, bot]);
  return farmIn(grid.reader, id);
}

/**
 * Changes what a farm says of itself; nothing is recorded where nothing changes, and what is not named stays as the
 * book has it.
 * @param owner signs where the payout account changes
 * @throws Problem what `append` throws
 */
export async function changeFarm(grid: Grid, keyring: Keyring, { id, payout }: FarmObject, terms: Partial<FarmTerms>, owner: () => Promise<Keyring>): Promise<FarmObject> {
  const signers = [keyring.signer('farm')];
  if (terms.payout !== undefined && terms.payout !== payout) signers.push((await owner()).signer('bot'));
  const body = (reader: Reader): Farm | null => {
    const { id: _id, prices: _prices, lengths: _lengths, dedicated_ppm: _dedicated, architect_ppm: _architect, ...before } = farmIn(reader, id);
    const after: Farm = { ...before, ...terms };
    return after.place === before.place && after.payout === before.payout && after.endpoint === before.endpoint ? null : after;
  };
  await appendSigned(grid, { chain: `farm/${id}`, kind: 'farm@1', body }, signers);
  return farmIn(grid.reader, id);
}

/**
 * Asks something else from now on; contracts in force keep their prices. The same again records nothing.
 * @param change gives what is asked from what is asked now
 * @throws Problem what `append` throws
 */
export async function setPrices(grid: Grid, keyring: Keyring, { id }: FarmObject, change: (before: PriceList) => PriceList): Promise<FarmObject> {
  const body = (reader: Reader): PriceList | null => {
    const farm = farmIn(reader, id);
    const { lengths, dedicated_ppm, architect_ppm } = farm;
    const before: PriceList = {
      prices: pricesOf(reader, farm),
      ...(lengths === undefined ? {} : { lengths }), ...(dedicated_ppm === undefined ? {} : { dedicated_ppm }), ...(architect_ppm === undefined ? {} : { architect_ppm }),
    };
    const after = change(before);
    return farm.prices !== null && canonical(after) === canonical(before) ? null : after;
  };
  await appendSigned(grid, { chain: `farm/${id}`, kind: 'prices@1', body }, [keyring.signer('farm')]);
  return farmIn(grid.reader, id);
}

/**
 * Makes a deal with one bot, in place of the one it has; the same again records nothing.
 * @param change gives the deal from the one there is
 * @throws Problem what `append` throws
 */
export async function makeDeal(grid: Grid, keyring: Keyring, { id }: FarmObject, bot: string, change: (before: DealObject | undefined) => DealObject): Promise<void> {
  const body = (reader: Reader): Deal | null => {
    const before = dealOf(reader, id, bot);
    const after = change(before);
    return before !== undefined && canonical(before) === canonical(after) ? null : { bot, ...after };
  };
  await appendSigned(grid, { chain: `farm/${id}`, kind: 'deal@1', body }, [keyring.signer('farm')]);
}

function farmIn(reader: Reader, id: string): FarmObject {
  const farm = read(reader, 'farm', id);
  if (farm === undefined) throw new Error(`farm ${id} is not in the copy`);
  return farm;
}

function publicKey(keyring: Keyring, role: string): string {
  const key = keyring.public[role];
  if (key === undefined) throw new Error(`a keyring of type ${keyring.type} has no ${role} key`);
  return key;
}
