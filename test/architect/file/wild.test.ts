// Compose files as people write them (test/architect/file/wild, each with the project that it is like): what they become, or
// the exact lines for which they are refused.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { SERVICE_FIELDS, WITHOUT_EFFECT } from '../../../src/architect/file/fields.js';
import { besideIn } from '../../../src/architect/file/beside.js';
import { inputsOf, readBlueprint, type Read } from '../../../src/architect/file/blueprint.js';
import { fill } from '../../../src/architect/file/inputs.js';
import type { Workload } from '../../../src/schema/types.js';
import { shapeError } from '../../../src/schema/validate.js';
import { checkWorkloads } from '../../../src/rules/workload.js';

const FOLDER = fileURLToPath(new URL('../../../../test/architect/file/wild/', import.meta.url));

function read(file: string, set: Readonly<Record<string, string>>): Read {
  const bytes = readFileSync(join(FOLDER, file));
  const { values } = fill(inputsOf(bytes, file), new Map(Object.entries(set)));
  return readBlueprint(bytes, { name: 'shop', values, beside: besideIn(FOLDER) });
}

/** `db=my_db ports mounts files`, as short as it can be said. */
function inWords({ name, aliases = [], ports, mounts = [], secrets }: Workload): string {
  const seen = [...mounts.map(({ folder, path }) => `${folder}:${path}`), ...secrets.map((secret) => `<${secret.path ?? `/run/secrets/${secret.name}`}`)];
  return [[name, ...aliases].join('='), ...ports.map(({ container, protocol }) => `${container}${protocol === 'udp' ? '/udp' : ''}`), ...seen].join(' ');
}

const RUNS: Readonly<Record<string, { readonly set?: Readonly<Record<string, string>>; readonly network?: true; readonly parts: Readonly<Record<string, readonly [resources: string, ...workloads: string[]]>> }>> = {
  'wordpress.yaml': { parts: { main: ['1 cpu, 1024 MiB, 10240 MiB', 'db db-data:/var/lib/mysql', 'wordpress 80 wp-data:/var/www/html'] } },
  'mastodon.yaml': { parts: { main: ['2 cpu, 1536 MiB, 10240 MiB', 'db dir-postgres14:/var/lib/postgresql/data', 'web dir-public-system:/mastodon/public/system', 'sidekiq dir-public-system:/mastodon/public/system'] } },
  'photos.yaml': { set: { DB_PASSWORD: 'x' }, parts: { main: ['2 cpu, 1536 MiB, 10240 MiB', 'immich-server=immich_server 2283 library:/data', 'redis=immich_redis', 'database=immich_postgres pg:/var/lib/postgresql/data'] } },
  'voting.yaml': { network: true, parts: { main: ['2 cpu, 1536 MiB, 5120 MiB', 'redis', 'db db-data:/var/lib/postgresql/data'], vote: ['1 cpu, 512 MiB, 0 MiB', 'vote 80'], 'vote-2': ['1 cpu, 512 MiB, 0 MiB', 'vote 80'] } },
  'keycloak.yaml': { set: { HOST: 'login.example.org' }, parts: { main: ['3 cpu, 2048 MiB, 20480 MiB', 'base', 'keycloak 8443 </opt/keycloak/data/import/realm.json', 'db db:/var/lib/postgresql/data </run/secrets/db_password'] } },
};

for (const [file, { set = {}, network = false, parts }] of Object.entries(RUNS)) {
  test(`${file} is taken as it is`, () => {
    const { design, faults } = read(file, set);
    assert.deepEqual(faults, []);
    assert.ok(design !== null);
    const made = design.parts.map(({ name, resources: { cru, mru_mib, sru_mib }, workloads }) => [name, [`${cru} cpu, ${mru_mib} MiB, ${sru_mib} MiB`, ...workloads.map(inWords)]]);
    assert.deepEqual([design.network, Object.fromEntries(made)], [network, parts]);
    for (const { workloads } of design.parts) {
      assert.equal(shapeError('workload@1', { workloads: workloads.map((one) => ({ ...one, image: null })) }), null);
      checkWorkloads(workloads, 2);
    }
  });
}

const REFUSED: Readonly<Record<string, readonly string[]>> = {
  'nextcloud.yaml': ['25: services.db.image: mariadb names no version; say which: mariadb:1.2, or @sha256:…'],
  'elastic.yaml': ['21: services.logstash.volumes[1]: not supported: "/var/log/nginx" is on your machine, not on the node; name a volume'],
  'spring.yaml': ['4: services.backend.build: not supported: nothing is built here; build the image, push it', '29: services.frontend.build: not supported: nothing is built here', '35: services.frontend.volumes[0]: not supported: "./many" is on your machine'],
  'plex.yaml': ['4: services.plex.image: linuxserver/plex names no version', '6: services.plex.network_mode: not supported: "host"; leave it out', '11: services.plex.volumes[0]: PLEX_MEDIA_PATH has no value; --set PLEX_MEDIA_PATH=…'],
  'monitoring.yaml': ['12: services.node-exporter.pid: not supported: it would reach out of the container; leave it out', '14: services.node-exporter.volumes[0]: not supported: "/proc" is on your machine', '15: services.node-exporter.volumes[1]: not supported: "/" is on your machine'],
  'airflow.yaml': ['52: services.airflow-init.command: it has a line break or another control character, which no record holds; write it on one line'],
  'traefik.yaml': ['9: services.frontend.volumes[0]: not supported: a workload never reaches the runtime of its node; leave out what needs it'],
  'wireguard.yaml': ['7: services.wireguard.cap_add[0]: not supported: a workload has at most CHOWN', '8: services.wireguard.cap_add[1]: not supported', '13: services.wireguard.volumes[0]: not supported', '14: services.wireguard.volumes[1]: not supported', '17: services.wireguard.sysctls: not supported: settings of the kernel are the farmer\'s; leave it out, or run it in a virtual machine'],
  'minecraft.yaml': ['16: services.minecraft.volumes[0]: not supported: "~/minecraft_data" is on your machine'],
};

for (const [file, lines] of Object.entries(REFUSED)) {
  test(`${file} is refused for just these lines`, () => {
    const { design, faults } = read(file, {});
    const said = faults.map(({ line, field, text, instead }) => `${line}: ${field}: ${text}; ${instead}`);
    assert.equal(design, null);
    assert.deepEqual(said.map((text, i) => text.slice(0, lines[i]?.length ?? text.length)), lines);
  });
}

test('what is taken fits the schema that editors use, which knows every field of a service that is read or without effect', () => {
  for (const file of Object.keys(RUNS)) assert.equal(shapeError('blueprint_file@1', parse(readFileSync(join(FOLDER, file), 'utf8'), { merge: true })), null);
  const schema = JSON.parse(readFileSync(new URL('../../../../schemas/blueprint_file.1.json', import.meta.url), 'utf8')) as { properties: { services: { additionalProperties: { properties: object } } } };
  assert.deepEqual(Object.keys(schema.properties.services.additionalProperties.properties).sort(), [...SERVICE_FIELDS, ...Object.keys(WITHOUT_EFFECT), 'x-3bot'].sort());
});

test('every file of the folder is in one of the tables', () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));
  assert.deepEqual(files.sort(), [...Object.keys(RUNS), ...Object.keys(REFUSED)].sort());
});

test('what has no effect, or means something else here, is said with its line', () => {
  const notes = (file: string): string[] => read(file, { ...RUNS[file]?.set }).notes.map(({ line, field, text }) => `${line} ${field}: ${text}`);
  const said = { 'wordpress.yaml': [/^11 .*MYSQL_ROOT_PASSWORD is public/], 'mastodon.yaml': [/^23 .*not published/, /^37 networks: all services of a part reach each other/, /^40 .*internal: without effect/], 'photos.yaml': [/^9 .*the clock of a node/, /^11 .*not 2283/], 'voting.yaml': [/^20 part vote: 1 of its 1 services does not say/, /^25 .*private network/], 'keycloak.yaml': [/^9 .*logging: without effect/, /^11 .*security_opt/] };
  for (const [file, words] of Object.entries(said)) for (const one of words) assert.ok(notes(file).some((text) => one.test(text)), `${file}: ${one} in\n${notes(file).join('\n')}`);
});
