// The variables of a service: public in the contract, so what looks like a secret is pointed out.
import { MAX_BLUEPRINT_BYTES } from '../../base/limits.js';
import type { EnvVariable } from '../../schema/types.js';
import type { Beside } from './beside.js';
import type { Faults, Where } from './faults.js';
import { at, isUnwritable, knownOnly, scalarText, textAt, truthAt } from './read.js';
import type { Table, Tree } from './tree.js';

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,99}$/;
const MAX_VARIABLES = 256;
const MAX_VALUE = 8_192;
const TELLING = /PASSWORD|PASSWD|TOKEN|SECRET|API_?KEY|PRIVATE_?KEY|CREDENTIAL/i;

/** What variables are made of beside their service. */
export interface Around {
  /** Values of inputs, for variables that stand without one. */
  readonly values: ReadonlyMap<string, string>;
  readonly beside: Beside | null;
  /** Names that secrets fill in. */
  readonly hidden: ReadonlySet<string>;
}

/** Of `env_file`, then of `environment`, which stands above it; each name once. */
export function variablesOf(service: Table, around: Around, faults: Faults): EnvVariable[] {
  const all = new Map<string, string>();
  const put = (name: string, value: string, where: Where): void => {
    if (around.hidden.has(name)) return faults.refuse(where, `${name} is a secret of this service already`, 'leave one of them out');
    if (checked(name, value, where, faults)) all.set(name, value);
  };
  for (const { name, value, where } of [...fromFiles(service, around, faults), ...fromTable(service, around, faults)]) put(name, value, where);
  if (all.size > MAX_VARIABLES) faults.refuse(at(service, 'environment') ?? service, `there are ${all.size} variables`, `at most ${MAX_VARIABLES}`);
  return [...all].map(([name, value]) => ({ name, value }));
}

interface Said {
  readonly name: string;
  readonly value: string;
  readonly where: Where;
}

function fromTable(service: Table, { values }: Around, faults: Faults): Said[] {
  const said = at(service, 'environment');
  if (said === undefined) return [];
  const bare = (name: string, where: Where): Said[] => {
    const value = values.get(name);
    if (value !== undefined) return [{ name, value, where }];
    faults.refuse(where, `${name} has no value, and none is taken from your own environment`, `--set ${name}=…, or write it: ${name}: VALUE`);
    return [];
  };
  if (said.kind === 'table') return [...said.entries].flatMap(([name, { at: place, value }]) => (value.kind !== 'scalar' ? (faults.refuse(value, 'it is no text', `${name}: VALUE`) ?? []) : value.value === null ? bare(name, { at: place, path: value.path }) : [{ name, value: scalarText(value), where: value }]));
  if (said.kind !== 'list') return faults.refuse(said, 'it is neither a table nor a list', 'NAME: VALUE') ?? [];
  return said.items.flatMap((item: Tree) => {
    if (item.kind !== 'scalar') return faults.refuse(item, 'it is no text', '- NAME=VALUE') ?? [];
    const text = scalarText(item);
    const split = text.indexOf('=');
    return split < 0 ? bare(text, item) : [{ name: text.slice(0, split), value: text.slice(split + 1), where: item }];
  });
}

function fromFiles(service: Table, { beside }: Around, faults: Faults): Said[] {
  const said = at(service, 'env_file');
  if (said === undefined) return [];
  const items = said.kind === 'list' ? said.items : [said];
  return items.flatMap((item) => {
    if (item.kind === 'table') knownOnly(item, ['path', 'required', 'format'], faults);
    const path = item.kind === 'table' ? textAt(item, 'path', faults) : item.kind === 'scalar' ? scalarText(item) : undefined;
    if (path === undefined) return faults.refuse(item, 'it is no path', './FILE') ?? [];
    const found = beside?.look(path, MAX_BLUEPRINT_BYTES) ?? 'nothing';
    if (beside !== null && found === 'file') return linesOf(beside.read(path).toString('utf8'), item, faults);
    if (item.kind === 'table' && truthAt(item, 'required', faults) === false) return [];
    return faults.refuse(item, beside === null ? 'a blueprint without a folder has no files' : found === 'outside' ? 'it lies outside of the blueprint\'s folder' : 'there is no such file', 'write the variables under environment, and what differs as ${NAME}') ?? [];
  });
}

/** `NAME=VALUE`, a line each; quotes around a value are taken off, `#` begins a comment. */
function linesOf(text: string, where: Where, faults: Faults): Said[] {
  return text.split(/\r?\n/).flatMap((line, i) => {
    if (/^\s*(#.*)?$/.test(line)) return [];
    const [, name, value = ''] = /^\s*(?:export\s+)?([^=\s]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined) return faults.refuse(where, `its line ${i + 1} is no variable`, 'NAME=VALUE') ?? [];
    const quoted = /^(["'])(.*)\1(?:\s+#.*)?$/.exec(value);
    return [{ name, value: quoted?.[2] ?? value.replace(/\s+#.*$/, ''), where }];
  });
}

function checked(name: string, value: string, where: Where, faults: Faults): boolean {
  if (!NAME.test(name)) faults.refuse(where, `not a name of a variable: ${JSON.stringify(name.slice(0, 80))}`, 'letters, digits and _ . -, not a digit first');
  else if (value.length > MAX_VALUE) faults.refuse(where, `${name} has ${value.length} characters`, `at most ${MAX_VALUE}; a config (configs: content) may have more`);
  else if (isUnwritable(value)) faults.refuse(where, `${name} has a line break or another control character, which no record holds`, 'make it a config or a secret, which is a file there');
  else {
    if (isTelling(name, value)) faults.note(where, `${name} is public: it stands in the contract, for everybody; x-3bot: {secret_env: {${name}: SECRET}} keeps it between you and the node`);
    return true;
  }
  return false;
}

/** Whether a variable looks as if it should be a secret. */
export function isTelling(name: string, value: string): boolean {
  return value !== '' && ((TELLING.test(name) && !/_FILE$/.test(name) && !/^(true|false|yes|no|[01])$/i.test(value)) || /:\/\/[^/\s:@]*:[^/\s@]+@/.test(value));
}
