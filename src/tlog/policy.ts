// Trust policies: which logs and witnesses are known, and which of them make a quorum (C2SP tlog-policy).
import { Problem } from '../base/errors.js';
import { MAX_POLICY_BYTES, MAX_POLICY_NAMES } from '../base/limits.js';
import { parseVkey, type NoteKey, type NoteType } from './note.js';

/** A log whose checkpoints are accepted; its key's name is its origin. */
export interface PolicyLog {
  readonly key: NoteKey;
  readonly url: string | null;
}

/** A cosigner that may count towards the quorum. */
export interface Witness {
  /** What the policy calls it; has no meaning elsewhere. */
  readonly name: string;
  readonly key: NoteKey;
  /** Submission prefix of tlog-witness. */
  readonly url: string | null;
}

/** Witnesses a checkpoint once `threshold` of its members have. */
export interface Group {
  readonly name: string;
  readonly threshold: number;
  readonly members: readonly Member[];
}

/** What a quorum is made of. */
export type Member = Witness | Group;

/** A policy whose every rule of form holds. */
export interface Policy {
  readonly logs: readonly PolicyLog[];
  readonly witnesses: readonly Witness[];
  /** null: `quorum none`, no cosignature is needed. */
  readonly quorum: Member | null;
}

/** A policy while it is read. */
interface Draft {
  readonly logs: PolicyLog[];
  readonly witnesses: Witness[];
  readonly defined: Map<string, Member>;
  /** Names that are a member of some group: each may be once, so that a witness counts in one way only. */
  readonly placed: Set<string>;
  quorum: Member | null | undefined;
}

// Lines are looked at as octets (Latin-1 here), so that names are equal only where their bytes are.
const FORBIDDEN = /[^\t\n\x20-\x7e\x80-\xff]/;
const COUNT = /^[0-9]{1,9}$/;
const NONE = 'none';

/**
 * Reads a policy file. Where this succeeds the quorum can be met: every group is built from different witnesses, and
 * asks for no more members than it has.
 * @param file bytes of the file, or its text; hostile
 * @throws Problem `malformed`, reason `policy`, that names the line
 */
export function parsePolicy(file: string | Uint8Array): Policy {
  if (file.length > MAX_POLICY_BYTES) throw broken(`larger than ${MAX_POLICY_BYTES} bytes`);
  const octets = (typeof file === 'string' ? Buffer.from(file) : Buffer.from(file)).toString('latin1');
  if (octets !== '' && !octets.endsWith('\n')) throw broken('the last line does not end in a newline');
  const draft: Draft = { logs: [], witnesses: [], defined: new Map(), placed: new Set(), quorum: undefined };
  for (const [i, line] of octets.split('\n').entries()) {
    try {
      readLine(draft, line);
    } catch (thrown) {
      if (!(thrown instanceof Problem)) throw thrown;
      throw broken(thrown.message, i + 1);
    }
  }
  const { logs, witnesses, quorum } = draft;
  if (quorum === undefined) throw broken("there is no line 'quorum'");
  return { logs, witnesses, quorum };
}

function readLine(draft: Draft, line: string): void {
  if (FORBIDDEN.test(line)) throw malformed('a control character');
  const [keyword = '', ...items] = line.split(/[ \t]+/).filter((item) => item !== '');
  if (keyword === '' || keyword.startsWith('#')) return;
  switch (keyword) {
    case 'log':
      return readLog(draft, items);
    case 'witness':
      return readWitness(draft, items);
    case 'group':
      return readGroup(draft, items);
    case 'quorum':
      return readQuorum(draft, items);
    default:
      throw malformed(`${shown(keyword)} is none of log, witness, group and quorum`);
  }
}

function readLog({ logs }: Draft, [vkey, url, ...more]: readonly string[]): void {
  if (vkey === undefined || more.length > 0) throw malformed('not of the form: log VKEY [URL]');
  const key = keyOf(vkey, 'ed25519');
  if (logs.some((log) => log.key.key === key.key)) throw malformed('a log with this key stands above');
  if (logs.length >= MAX_POLICY_NAMES) throw malformed(`more than ${MAX_POLICY_NAMES} logs`);
  logs.push({ key, url: url === undefined ? null : utf8(url) });
}

function readWitness({ witnesses, defined }: Draft, [name, vkey, url, ...more]: readonly string[]): void {
  if (name === undefined || vkey === undefined || more.length > 0) throw malformed('not of the form: witness NAME VKEY [URL]');
  const key = keyOf(vkey, 'cosignature');
  if (witnesses.some((witness) => witness.key.key === key.key)) throw malformed('a witness with this key stands above');
  const witness: Witness = { name: utf8(name), key, url: url === undefined ? null : utf8(url) };
  define(defined, name, witness);
  witnesses.push(witness);
}

function readGroup({ defined, placed }: Draft, [name, rule, ...members]: readonly string[]): void {
  if (name === undefined || rule === undefined || members.length === 0) throw malformed('not of the form: group NAME any|all|K MEMBER...');
  const threshold = rule === 'any' ? 1 : rule === 'all' ? members.length : COUNT.test(rule) ? Number(rule) : NaN;
  if (!(threshold >= 1 && threshold <= members.length)) throw malformed(`${shown(rule)} is neither any nor all, nor a number from 1 to the ${members.length} members`);
  const group = members.map((member) => {
    if (placed.has(member)) throw malformed(`${shown(member)} is a member of a group already`);
    placed.add(member);
    return find(defined, member);
  });
  define(defined, name, { name: utf8(name), threshold, members: group });
}

function readQuorum(draft: Draft, [name, ...more]: readonly string[]): void {
  if (name === undefined || more.length > 0) throw malformed('not of the form: quorum NAME');
  if (draft.quorum !== undefined) throw malformed('a second quorum');
  draft.quorum = name === NONE ? null : find(draft.defined, name);
}

function define(defined: Map<string, Member>, name: string, member: Member): void {
  if (name === NONE) throw malformed("'none' is no name to give");
  if (defined.has(name)) throw malformed(`${shown(name)} is defined above`);
  if (defined.size >= 2 * MAX_POLICY_NAMES) throw malformed(`more than ${2 * MAX_POLICY_NAMES} witnesses and groups`);
  defined.set(name, member);
}

function find(defined: ReadonlyMap<string, Member>, name: string): Member {
  const member = defined.get(name);
  if (member === undefined) throw malformed(`${shown(name)} is not defined above`);
  return member;
}

function keyOf(vkey: string, type: NoteType): NoteKey {
  const key = parseVkey(utf8(vkey));
  if (key.type !== type) throw malformed(`${shown(vkey)} is not a key of a ${type === 'ed25519' ? 'log (Ed25519)' : 'witness (Ed25519 cosignatures)'}`);
  return key;
}

/** Text of octets, for people and for keys. */
function utf8(octets: string): string {
  return Buffer.from(octets, 'latin1').toString('utf8');
}

function shown(octets: string): string {
  return JSON.stringify(utf8(octets).slice(0, 100));
}

function malformed(what: string): Problem {
  return new Problem('malformed', what);
}

function broken(what: string, line?: number): Problem {
  return new Problem('malformed', `policy${line === undefined ? '' : `, line ${line}`}: ${what}`, { reason: 'policy' });
}

/**
 * The time of a quorum: the largest T such that the cosignatures of time T or later meet the policy. Who demands that
 * it be recent demands that of a whole quorum.
 * @param times time of each witness' newest cosignature by its key (hex), in any unit
 * @returns undefined where they do not meet it; Infinity for `quorum none`
 */
export function quorumTime({ quorum }: Policy, times: ReadonlyMap<string, number>): number | undefined {
  const time = quorum === null ? Infinity : timeOf(quorum, times);
  return time === -Infinity ? undefined : time;
}

/** Of a group: its members' k-th latest time. */
function timeOf(member: Member, times: ReadonlyMap<string, number>): number {
  if ('key' in member) return times.get(member.key.key) ?? -Infinity;
  const latestFirst = member.members.map((one) => timeOf(one, times)).sort((a, b) => (a < b ? 1 : a > b ? -1 : 0));
  return latestFirst[member.threshold - 1] ?? -Infinity;
}
