// A view for each kind of record, with a column for each field of its body: what `bcdb query --sql` asks.
import { readdirSync, readFileSync } from 'node:fs';
import { TERM } from '../index/tables.js';

interface Shape {
  readonly $ref?: string;
  readonly type?: string;
  readonly description?: string;
  readonly anyOf?: readonly Shape[];
  readonly properties?: Readonly<Record<string, Shape>>;
}

interface Column {
  readonly name: string;
  /** Path below the record, `$.body.x.y`. */
  readonly path: string;
  readonly as: 'value' | 'amount' | 'json';
}

/** Columns of every view, before those of the body. */
const FIRST = ['line', 'at', 'id', 'chain', 'height'];
const SCHEMAS = new URL('../../../../schemas/', import.meta.url);

/** A view: its name (`agreement`; `agreement_2` from version 2 on), its columns, the statement that makes it. */
export interface View {
  readonly name: string;
  readonly columns: readonly string[];
  readonly sql: string;
}

/** The views of all kinds that this release knows, and `record`: every line with its body as JSON. Book `main`, index `found`. */
export function views(): View[] {
  const shapes = new Map(readdirSync(SCHEMAS).filter((file) => file.endsWith('.json')).map((file) => [file, JSON.parse(readFileSync(new URL(file, SCHEMAS), 'utf8')) as Shape & { $defs?: Record<string, Shape> }]));
  const resolve = (shape: Shape): Shape => {
    if (shape.$ref !== undefined) {
      const [file = '', path] = shape.$ref.split('#/$defs/');
      return resolve((path === undefined ? shapes.get(file) : shapes.get(file)?.$defs?.[path]) ?? {});
    }
    return shape.anyOf === undefined ? shape : resolve(shape.anyOf.find(({ type }) => type !== 'null') ?? {});
  };
  const columnsOf = (shape: Shape, name: string, path: string): Column[] => {
    const { type, properties } = resolve(shape);
    if (properties !== undefined) return Object.entries(properties).flatMap(([key, inner]) => columnsOf(inner, name === '' ? key : `${name}_${key}`, `${path}.${key}`));
    return [{ name, path, as: type === 'array' || type === 'object' ? 'json' : name.endsWith('_stroops') ? 'amount' : 'value' }];
  };
  const bodies = [...shapes].filter(([, { description }]) => description?.startsWith('Body of ') === true);
  return [RECORD, ...bodies.map(([file, shape]) => {
    const [name = '', version = ''] = file.split('.');
    return viewOf(version === '1' ? name : `${name}_${version}`, `${name}@${version}`, columnsOf(shape, '', '$.body'));
  })];
}

const HEAD = `r.idx AS line, strftime('%Y-%m-%dT%H:%M:%fZ', r.at / 1000.0, 'unixepoch') AS at, lower(hex(r.id)) AS id, (SELECT text FROM main.symbol WHERE num = r.chain) AS chain, r.height AS height`;

const RECORD: View = {
  name: 'record',
  columns: [...FIRST, 'kind', 'signers', 'body'],
  sql: `CREATE TEMP VIEW record AS SELECT ${HEAD}, (SELECT text FROM main.symbol WHERE num = r.kind) AS kind,
    (SELECT json_group_array(value ->> '$.by') FROM json_each(r.signatures)) AS signers, r.payload -> '$.body' AS body FROM main.record r`,
};

/** The lines of a kind: those that the index has, and those that it does not have yet. */
function viewOf(name: string, kind: string, columns: readonly Column[]): View {
  const body = columns.map((column) => ({ ...column, name: FIRST.includes(column.name) ? `body_${column.name}` : column.name }));
  const selected = body.map(({ name: as, path, as: how }) => {
    const value = how === 'json' ? `r.payload -> '${path}'` : how === 'amount' ? `CAST(r.payload ->> '${path}' AS INTEGER)` : `r.payload ->> '${path}'`;
    return `, ${value} AS "${as}"`;
  });
  const sql = `CREATE TEMP VIEW "${name}" AS SELECT ${HEAD}${selected.join('')} FROM (
      SELECT idx FROM found.term WHERE field = ${TERM.kind} AND value = (SELECT num FROM found.symbol WHERE text = '${kind}')
      UNION ALL SELECT idx FROM main.record WHERE idx >= (SELECT size FROM found.mark) AND kind = (SELECT num FROM main.symbol WHERE text = '${kind}')
    ) w JOIN main.record r ON r.idx = w.idx`;
  return { name, columns: [...FIRST, ...body.map((column) => column.name)], sql };
}
