// Looks at everything that 3bot needs on this machine and in this home folder: what was seen, and what to do about it.
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { MIB } from '../base/bytes.js';
import type { Clock } from '../base/clock.js';
import { formatDuration } from '../base/duration.js';
import { isProblem, messageOf, Problem } from '../base/errors.js';
import { DOCTOR_ANSWER_MS, LOW_TIME_MS, MAX_CLOCK_SKEW_MS, MIN_FREE_DISK_MIB } from '../base/limits.js';
import { contradictions, policyOf } from '../farmer/policy/policy.js';
import { scriptTrouble } from '../farmer/policy/script.js';
import { readConfig, type Home } from '../home.js';
import { backend } from '../keys/ed25519.js';
import { listKeystores } from '../keys/keystore.js';
import { Client } from '../net/client.js';
import { evidenceFiles, evidenceFolder } from '../net/evidence.js';
import { Mirror } from '../net/mirror.js';
import type { GridEntry } from '../net/grid.js';
import { daemonAnswers } from '../net/lock.js';
import { gridState, witnessesText, type GridState } from '../net/state.js';
import { run } from '../node/children.js';
import type { Check } from '../node/driver.js';
import { staticBusybox } from '../node/localimage.js';
import { openTools } from '../node/tools.js';
import { UNIT_NAME } from '../node/unit.js';
import type { Config } from '../schema/types.js';
import { toldBy } from './desk.js';

/** A check, and whether what this home folder is set up for needs it. */
export interface Finding extends Check {
  readonly needed: boolean;
}

/** What is looked at. */
export interface Patient {
  readonly home: Home;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const NODE_MAJOR = 20;
const NODE_MINOR = 12;

/** All checks, as they are done; changes nothing that stays. */
export async function* examine(patient: Patient): AsyncGenerator<Finding> {
  const { home } = patient;
  yield needed(nodeVersion());
  yield needed(module_('database', 'better-sqlite3', 'npm rebuild better-sqlite3'));
  yield optional(signatures());
  yield needed(folder(home));
  const config = settings(home);
  yield needed(config.check);
  for (const check of keystores(home)) yield needed(check);
  yield needed(await disk(home));
  for (const entry of config.value?.grids ?? []) {
    for (const check of await book(patient, entry)) yield needed(check);
    for (const check of evidence(home, entry)) yield needed(check);
  }
  for (const check of policy(patient, config.value?.farm ?? null)) yield needed(check);
  const node = config.value?.node ?? null;
  const isPodman = node?.runtime === 'podman';
  for (const check of await machine(patient, node)) yield { ...check, needed: node !== null && (isPodman || check.name === 'process') };
  if (node?.runtime !== 'process') yield { ...(await runc(patient.signal)), needed: isPodman };
  yield optional(busybox());
  for (const [name, file, args, what, package_] of TOOLS) yield optional(await tool(patient.signal, name, file, args, what, package_));
  yield optional(kvm());
  if (node !== null) yield optional(unit());
}

const needed = (check: Check): Finding => ({ ...check, needed: true });
const optional = (check: Check): Finding => ({ ...check, needed: false });

function finding(name: string, ok: boolean, evidence: string, remedy: string): Check {
  return { name, ok, evidence, remedy: ok ? null : remedy };
}

function nodeVersion(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return finding('node', major > NODE_MAJOR || (major === NODE_MAJOR && minor >= NODE_MINOR), `Node.js ${process.versions.node}`, `install Node.js ${NODE_MAJOR}.${NODE_MINOR} or newer`);
}

function module_(name: string, package_: string, remedy: string): Check {
  try {
    createRequire(import.meta.url)(package_);
    return finding(name, true, `${package_} loads`, remedy);
  } catch (thrown) {
    return finding(name, false, `${package_} does not load: ${messageOf(thrown).split('\n')[0] ?? ''}`, remedy);
  }
}

function signatures(): Check {
  const { name } = backend();
  return finding('signatures', name === 'sodium', name === 'sodium' ? 'libsodium checks signatures' : 'sodium-native does not load; node:crypto checks signatures, at less than half the speed', 'npm rebuild sodium-native');
}

function folder({ path }: Home): Check {
  if (!existsSync(path)) return finding('home', true, `${path} is made at first use`, '');
  const stat = statSync(path);
  const mode = stat.mode & 0o777;
  const isOurs = stat.uid === process.getuid?.() && (mode & 0o077) === 0;
  return finding('home', isOurs, `${path}, rights 0${mode.toString(8)}${stat.uid === process.getuid?.() ? '' : ', of another user'}`, `chmod 700 ${path}`);
}

function settings(home: Home): { check: Check; value: Config | undefined } {
  try {
    const value = readConfig(home);
    const roles = [value.identity === null ? '' : 'an identity', value.farm === null ? '' : 'a farm', value.node === null ? '' : 'a node'].filter((role) => role !== '');
    return { value, check: finding('config', true, roles.length === 0 ? 'no identity, farm or node yet' : `${roles.join(', ')}; ${value.grids.length} grid${value.grids.length === 1 ? '' : 's'}`, '') };
  } catch (thrown) {
    if (!isProblem(thrown)) throw thrown;
    return { value: undefined, check: finding('config', false, thrown.message, thrown.hint ?? '3bot help') };
  }
}

function keystores(home: Home): Check[] {
  const all = listKeystores(home);
  const broken = all.filter(({ problem }) => problem !== undefined).map(({ type, name, problem }) => finding(`keys of ${type} ${name}`, false, problem?.message ?? '', problem?.hint ?? 'put a copy of the file back'));
  return broken.length > 0 ? broken : [finding('keys', true, all.length === 0 ? 'none yet' : `${all.length} keystore${all.length === 1 ? '' : 's'}, whole, and readable by you alone`, '')];
}

async function disk({ path }: Home): Promise<Check> {
  let there = path;
  while (!existsSync(there)) there = dirname(there);
  const { bavail, bsize } = await statfs(there);
  const free = Math.floor((bavail * bsize) / MIB);
  return finding('disk', free >= MIN_FREE_DISK_MIB, `${free} MiB free`, `make room: at least ${MIN_FREE_DISK_MIB} MiB`);
}

/** The book of a grid, who serves it, and by that this machine's clock. */
async function book({ home, clock, signal }: Patient, entry: GridEntry): Promise<Check[]> {
  const name = `grid ${entry.name}`;
  const state = gridState(home, entry, clock);
  if (state.size === 0) return [finding(name, false, 'its book is missing or damaged', entry.url === null ? 'put back a copy of grids/, then 3bot bcdb verify' : `move ${home.gridDatabase(entry.id)} away, then 3bot grid join ${entry.url} --genesis ${entry.id}`)];
  const lines = `${state.size} lines`;
  const cosigned = witnessesOf(name, state);
  if (entry.url === null) {
    const served = await daemonAnswers(home);
    return [finding(name, true, `${lines}, numbered here${served ? ', served' : '; others reach it while 3bot serve runs'}`, ''), ...cosigned];
  }
  if (entry.mirror === true) {
    await using mirror = new Mirror(entry.url);
    const isThere = await mirror.isThere(AbortSignal.any([signal, AbortSignal.timeout(DOCTOR_ANSWER_MS)]));
    return [finding(name, isThere, `${lines}, read only from the mirror ${entry.url}${isThere ? '' : ', which has no checkpoint now'}`, 'see that its files are served; or 3bot grid join a bot of the grid')];
  }
  const heard = state.age_ms === null ? 'never heard of its home' : `its home's newest word in the copy is ${formatDuration(wholeSeconds(state.age_ms))} old`;
  try {
    await using client = new Client({ url: entry.url });
    const limit = AbortSignal.any([signal, AbortSignal.timeout(DOCTOR_ANSWER_MS)]);
    const grids = await client.grids(limit);
    if (!grids.some(({ id }) => id === entry.id)) throw new Problem('not_found', `${entry.url} does not serve this grid`);
    const asked = clock();
    const { time } = await client.health(limit);
    // Said somewhere between question and answer.
    const off = Math.round((asked + clock()) / 2) - time;
    return [
      finding(name, true, `${lines}, ${heard}; ${entry.url} answers`, ''),
      ...cosigned,
      finding('clock', Math.abs(off) < MAX_CLOCK_SKEW_MS / 2, `${formatDuration(Math.abs(off))} ${off < 0 ? 'behind' : 'ahead of'} ${entry.url}`, 'set the clock: records more than 10 min off are refused'),
    ];
  } catch (thrown) {
    signal.throwIfAborted();
    return [finding(name, false, `${lines}, ${heard}; ${messageOf(thrown)}`, `see that ${entry.url} is up and reachable; or 3bot grid join another bot of the grid`)];
  }
}

/** Whether the grid's witnesses let its book go on; one that is missing is told, and a quorum can do without it. */
function witnessesOf(name: string, state: GridState): Check[] {
  const text = witnessesText(state);
  if (text === null) return [];
  const said = `${state.committed < state.size ? `${state.committed} of ${state.size} lines are committed; ` : ''}${text}`;
  return [finding(`witnesses of ${name}`, state.fresh, said, state.url === null ? 'see that those that are missing are up and know the key of this log: 3bot grid show, 3bot witness trust' : "see that the grid's home is up and reaches its witnesses")];
}

/** A home that was caught is not to be followed any more. */
function evidence(home: Home, { id, name }: GridEntry): Check[] {
  const { length } = evidenceFiles(evidenceFolder(home, id));
  return length === 0 ? [] : [finding(`home of ${name}`, false, `it has signed what cannot be: ${length} ${length === 1 ? 'file' : 'files'} of evidence`, '3bot bcdb evidence list')];
}

/** A farm's policy: whether anybody can buy by it, whether its script can be started, and how that fared lately. */
function policy({ home, clock }: Patient, farm: Config['farm']): Check[] {
  if (farm === null) return [];
  const whole = policyOf(farm);
  const [wrong] = contradictions(whole);
  const checks = [finding('policy', wrong === undefined, wrong ?? `farm ${farm.name} sells to ${whole.allow_consumers === null ? 'anybody' : `${whole.allow_consumers.length} bots`}`, '3bot farm policy show, then 3bot farm policy set')];
  if (whole.script === null) return checks;
  const trouble = scriptTrouble(whole.script.run);
  const failed = toldBy(home, farm.grid, farm.id).find(({ what, at }) => what === 'script' && clock() - at < LOW_TIME_MS);
  const said = trouble ?? (failed === undefined ? `${whole.script.run[0] ?? ''} can be run` : `it failed ${formatDuration(wholeSeconds(clock() - failed.at))} ago: ${failed.reason}`);
  return [...checks, finding('policy script', trouble === null && failed === undefined, said, '3bot farm policy test --cpu 1 --for 1h')];
}

function wholeSeconds(span_ms: number): number {
  return Math.max(0, Math.round(span_ms / 1_000) * 1_000);
}

/** What the runtime and the volumes say of themselves; of podman where there is no node yet. */
async function machine({ home, signal }: Patient, node: Config['node']): Promise<Check[]> {
  const trial = node === null ? await mkdtemp(join(tmpdir(), '3bot-doctor-')) : null;
  const config = node ?? { grid: '0'.repeat(64), key: '0'.repeat(64), runtime: 'podman' as const, data: trial ?? '', allow_registries: [], address: null };
  try {
    const { driver, volumes } = openTools(home, config, true);
    await using _driver = driver;
    return [...(await driver.check(signal)), ...(await volumes.check(signal))];
  } finally {
    if (trial !== null) await rm(trial, { recursive: true, force: true });
  }
}

async function runc(signal: AbortSignal): Promise<Check> {
  const remedy = 'apt-get install -y runc';
  try {
    return finding('runc', true, ((await run('runc', ['--version'], signal)).split('\n')[0] ?? '').slice(0, 100), remedy);
  } catch (thrown) {
    signal.throwIfAborted();
    return finding('runc', false, `${messageOf(thrown)}; podman then uses crun, which refuses hybrid cgroups`, remedy);
  }
}

/** Programs without which a node offers less. */
const TOOLS = [
  ['nftables', 'nft', ['--version'], 'keeping contracts apart', 'nftables'],
  ['caddy', 'caddy', ['version'], 'the web gateway', 'caddy'],
  ['wireguard', 'wg', ['--version'], 'private networks', 'wireguard-tools wireguard-go'],
] as const;

async function tool(signal: AbortSignal, name: string, file: string, args: readonly string[], what: string, package_: string): Promise<Check> {
  const remedy = `apt-get install -y --no-install-recommends ${package_}`;
  try {
    return finding(name, true, `${((await run(file, args, signal)).split('\n')[0] ?? '').slice(0, 80)}, for ${what}`, remedy);
  } catch (thrown) {
    signal.throwIfAborted();
    return finding(name, false, `${messageOf(thrown)}; without it there is nothing for ${what}`, remedy);
  }
}

function kvm(): Check {
  const there = existsSync('/dev/kvm');
  return finding('kvm', there, there ? '/dev/kvm is there; whether a machine runs on it, 3bot node probe tries' : 'no /dev/kvm: no virtual machine is offered', 'turn virtualisation on in the BIOS, or nested virtualisation for this machine');
}

function unit(): Check {
  const path = ['/etc/systemd/system', join(homedir(), '.config', 'systemd', 'user')].map((folder) => join(folder, UNIT_NAME)).find((one) => existsSync(one));
  return finding('unit', path !== undefined, path ?? 'no systemd unit starts this node with the machine', '3bot node install');
}

function busybox(): Check {
  const path = staticBusybox();
  return finding('busybox', path !== undefined, path === undefined ? 'not installed; the demo builds its image from it' : `${path}, for the demo's image`, 'apt-get install -y busybox-static');
}
