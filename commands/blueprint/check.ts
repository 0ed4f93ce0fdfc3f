// 3bot blueprint check
import { checkBlueprint } from '../../src/architect/file/blueprint.js';
import type { Design, Fault } from '../../src/architect/design.js';
import type { Input } from '../../src/architect/file/inputs.js';
import { Problem } from '../../src/base/errors.js';
import type { Workload } from '../../src/schema/types.js';
import { collect } from '../collect.js';
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';
import { parseSet, SOURCE_ARGUMENT, sourceOf } from './opened.js';

type Checked = ReturnType<typeof checkBlueprint>;

export const command: CommandFile<GridFlag & { set?: string[] }> = {
  about: 'Reads the whole file and says all that is wrong with it, by line; asks nobody and changes nothing. What it becomes is drawn: parts (a\ncontract each) with their services, ports, volumes, and who waits for whom. Inputs that have to be given need not be, here.',
  arguments: [SOURCE_ARGUMENT],
  options: (c) => c.option('--set <input=value>', 'an input of the blueprint; repeat for more', collect).option(...GRID_FLAG),
  examples: ['3bot blueprint check compose.yaml', '3bot blueprint check shop.yaml --set domain=shop.example.org', 'curl -s https://example.org/compose.yaml | 3bot blueprint check - --json'],
  async run(context, [named = ''], { set = [], grid }) {
    const { besideIn } = await import('../../src/architect/file/beside.js');
    const { noteText, problemOf } = await import('../../src/architect/file/faults.js');
    const { fill } = await import('../../src/architect/file/inputs.js');
    const { out, flags } = context;
    const source = await sourceOf(context, named, grid);
    const read = checkBlueprint(Buffer.from(source.text), {
      file: source.title, name: source.name ?? 'blueprint', values: new Map(), beside: source.folder === null ? null : besideIn(source.folder),
    });
    const given = fill(read.inputs, new Map(set.map(parseSet)));
    const checked = set.length === 0 ? read : checkBlueprint(Buffer.from(source.text), {
      file: source.title, name: source.name ?? 'blueprint', values: given.values, beside: source.folder === null ? null : besideIn(source.folder),
    });
    if (!flags.json) for (const note of checked.notes) out.note(noteText(source.title, note));
    const failure = checked.design === null ? problemOf(source.title, checked.faults) : null;
    if (failure === null || flags.json) out.one({ json: jsonOf(source.title, checked), rows: rowsOf(checked), text: () => textOf(checked) });
    if (failure !== null) throw flags.json ? new Problem(failure.code, `${checked.faults.length} of the lines of ${source.title} cannot be`, { reason: 'blueprint' }) : failure;
    out.next(`3bot blueprint plan ${named}${given.missing.map(({ name }) => ` --set ${name}=…`).join('')}`);
  },
};

function jsonOf(file: string, { design, faults, notes, inputs, after }: Checked): object {
  return {
    file, ok: design !== null, name: design?.name ?? null, about: design?.about ?? null, network: design?.network ?? null,
    parts: design?.parts.map(({ name, group, spread, resources, term_ms, workloads }) => ({
      name, group, spread, resources, term_ms,
      services: workloads.map((one) => ({ name: one.name, image: one.image, ports: one.ports, volumes: (one.mounts ?? []).map(({ folder, path }) => ({ folder, path })), secrets: one.secrets.map((secret) => secret.name), after: after.get(one.name) ?? [] })),
    })) ?? [],
    inputs: inputs.map(({ name, type, default: said, help }) => ({ name, type, default: said, help })),
    faults: faults.map((fault: Fault) => ({ ...fault })), notes: notes.map((note) => ({ ...note })), hash: design?.hash ?? null,
  };
}

function rowsOf({ design }: Checked): string[][] {
  return (design?.parts ?? []).flatMap(({ name, workloads }) => workloads.map((one) => [name, one.name, one.image ?? '', one.ports.map(({ container }) => container).join(), (one.mounts ?? []).map(({ path }) => path).join()]));
}

/** The picture: parts, and below each what runs there. */
function textOf({ design, inputs, after }: Checked): string {
  if (design === null) return '';
  const head = [`${design.name}${design.about === '' ? '' : `: ${design.about}`}`, ...(design.network ? ['in a private network of its own'] : [])];
  return [...head, ...partsOf(design, after), ...inputs.map(inputText)].join('\n');
}

function partsOf({ parts }: Design, after: Checked['after']): string[] {
  const groups = [...new Set(parts.map(({ group }) => group))];
  return groups.flatMap((group) => {
    const copies = parts.filter((part) => part.group === group);
    const [part] = copies;
    if (part === undefined) return [];
    const { cru, mru_mib, sru_mib, hru_mib } = part.resources;
    const many = copies.length === 1 ? '' : ` × ${copies.length}${part.spread === null ? '' : `, each at another ${part.spread}`}`;
    return ['', `${group}${many}  ${cru} vCPU, ${mru_mib} MiB${sru_mib === 0 ? '' : `, ${sru_mib} MiB SSD`}${hru_mib === 0 ? '' : `, ${hru_mib} MiB HDD`}`, ...part.workloads.flatMap((one, i) => serviceLines(one, after.get(one.name) ?? [], i === part.workloads.length - 1))];
  });
}

function serviceLines({ name, image, ports, mounts = [], secrets, web = [] }: Workload, after: readonly string[], isLast: boolean): string[] {
  const [branch, trunk] = isLast ? ['└─', '  '] : ['├─', '│ '];
  const rows = [
    ...(after.length === 0 ? [] : [`uses     ${after.join(', ')}`]),
    ...(ports.length === 0 ? [] : [`ports    ${ports.map(({ container, protocol }) => (protocol === 'udp' ? `${container}/udp` : container)).join(', ')}`]),
    ...web.map(({ host, port }) => `web      ${host} → ${port}`),
    ...mounts.map(({ folder, path }) => `volume   ${folder ?? 'all of it'} at ${path}`),
    ...secrets.map((one) => `secret   ${one.name} ${one.env === undefined ? `at ${one.path ?? `/run/secrets/${one.name}`}` : `as ${one.env}`}`),
  ];
  return [`${branch} ${name}  ${image ?? 'a command of the node'}`, ...rows.map((row) => `${trunk}    ${row}`)];
}

function inputText({ name, type, default: said, help }: Input, i: number): string {
  return `${i === 0 ? '\n' : ''}input  ${name} (${type}${said === null ? ', to be given' : `, ${JSON.stringify(said)} if not given`})${help === '' ? '' : `: ${help}`}`;
}
