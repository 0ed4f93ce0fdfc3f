// Makes, from schemas/*.json, the types (types.ts, beside this file) and the validators
// (dist/src/schema/validators/, ready-made code, a file each, so that no command compiles a schema or loads all of them).
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import Ajv from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { compile } from 'json-schema-to-typescript';

const root = new URL('../../', import.meta.url);
const files = readdirSync(new URL('schemas/', root)).filter((f) => f.endsWith('.json')).sort();
const schemas = files.map((f) => JSON.parse(readFileSync(new URL(`schemas/${f}`, root), 'utf8')));

const nameOf = (id) => id.replace(/\.(\d+)\.json$/, '@$1');
const ajv = new Ajv({ schemas, strict: true, strictTypes: false, allErrors: false, messages: true, code: { source: true, optimize: 2 } });
const named = Object.fromEntries(schemas.filter((s) => s.type).map((s) => [nameOf(s.$id), s.$id]));
const validators = new URL('dist/src/schema/validators/', root);
mkdirSync(validators, { recursive: true });
for (const [name, id] of Object.entries(named)) writeFileSync(new URL(`${name}.cjs`, validators), standalone.default(ajv, ajv.getSchema(id)));

// One document, so that a shared shape becomes one type.
const definitions = {};
for (const schema of schemas) {
  if (schema.$defs) for (const [name, shape] of Object.entries(schema.$defs)) definitions[`common_${name}`] = shape;
  else definitions[schema.$id] = { ...schema, $id: undefined };
}
const local = JSON.parse(
  JSON.stringify({ title: 'Schemas', type: 'object', definitions })
    .replaceAll(/"common\.1\.json#\/\$defs\/([a-z0-9_]+)"/g, '"#/definitions/common_$1"')
    .replaceAll(/"\$ref":"([a-z_]+\.1\.json)"/g, '"$ref":"#/definitions/$1"')
    .replaceAll(/"\$ref":"([a-z_]+\.1\.json)#\/properties\/([a-z_]+)"/g, '"$ref":"#/definitions/$1/properties/$2"'),
);
const types = await compile(local, 'Schemas', {
  unreachableDefinitions: true,
  additionalProperties: false,
  ignoreMinAndMaxItems: true,
  format: false,
  bannerComment: '// Made by src/schema/generate.mjs from schemas/*.json; do not edit.',
});
const tidy = types.replaceAll(/\n \* ?\n \* This interface was referenced by `Schemas`'s JSON-Schema\n \* via the `definition` "[^"]+"\./g, '').replaceAll(/\/\*\*\n \* This interface was referenced by `Schemas`'s JSON-Schema\n \* via the `definition` "[^"]+"\.\n \*\/\n/g, '');
const names = Object.keys(named).map((n) => `  '${n}',`).join('\n');
writeFileSync(new URL('src/schema/types.ts', root), `${tidy}\n/** Names of the schemas that can be validated. */\nexport const SCHEMA_NAMES = [\n${names}\n] as const;\nexport type SchemaName = (typeof SCHEMA_NAMES)[number];\n`);
