// Blueprints field by field: what becomes of them, and where and how what cannot be is said.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { besideIn } from '../../../src/architect/file/beside.js';
import { designOf, inputsOf, readBlueprint, type Read, type Reading } from '../../../src/architect/file/blueprint.js';
import { faultText } from '../../../src/architect/file/faults.js';
import type { Design } from '../../../src/architect/design.js';
import { MAX_BLUEPRINT_BYTES } from '../../../src/base/limits.js';
import { isProblem } from '../../../src/base/errors.js';
import type { Workload } from '../../../src/schema/types.js';

const reading: Reading = { file: 'shop.yaml', name: 'shop', values: new Map(), beside: null };

function read(text: string, said: Partial<Reading> = {}): Read {
  return readBlueprint(Buffer.from(text), { ...reading, ...said });
}

function faultsOf(text: string, said: Partial<Reading> = {}): string[] {
  return read(text, said).faults.map((fault) => faultText('f', fault));
}

function design(text: string, said: Partial<Reading> = {}): Design {
  return designOf(Buffer.from(text), { ...reading, ...said });
}

/** The one workload of a service with these fields. */
function workload(fields: string, more = ''): Workload {
  const found = design(`services:\n  web:\n    image: nginx:1.27\n${fields.replaceAll(/^(?=.)/gm, '    ')}\n${more}`).parts[0]?.workloads[0];
  assert.ok(found !== undefined);
  return found;
}

const HEALTH = { type: 'command', interval_ms: 30_000, timeout_ms: 30_000, retries: 3, start_ms: 0 };

for (const [title, fields, expected] of [
  ['a short image is that of Docker\'s registry', '', { image: 'docker.io/library/nginx:1.27' }],
  ['a command as a shell would split it', 'command: httpd -f "a b"', { command: ['httpd', '-f', 'a b'] }],
  ['a command as a list, whose numbers are texts', 'command: [sleep, 1.50]', { command: ['sleep', '1.50'] }],
  ['variables as a table: as they are written', 'environment: {A: 0755, B: true, C: "", D: 1.10}', { env: [{ name: 'A', value: '0755' }, { name: 'B', value: 'true' }, { name: 'C', value: '' }, { name: 'D', value: '1.10' }] }],
  ['variables as a list, the last of a name', 'environment: [A=1, B=x=y, A=2]', { env: [{ name: 'A', value: '2' }, { name: 'B', value: 'x=y' }] }],
  ['ports: short, of one address, ranges, UDP, each once', 'ports: ["80", "8080:80", "0.0.0.0:443:443", "9000-9001:9000-9001", 53:53/udp, "127.0.0.1:9:9"]', { ports: [...[80, 443, 9000, 9001].map((container) => ({ container, protocol: 'tcp' })), { container: 53, protocol: 'udp' }] }],
  ['a port in its long form', 'ports: [{target: 80, published: "8080", protocol: udp, mode: host}]', { ports: [{ container: 80, protocol: 'udp' }] }],
  ['a volume without a name is a folder of its own', 'volumes: [/var/cache/]', { mounts: [{ path: '/var/cache', folder: 'web-var-cache', read_only: false }] }],
  ['no volume: nothing of the contract\'s', '', { mounts: [] }],
  ['folders in memory, short and long', 'tmpfs: /run\nvolumes: [{type: tmpfs, target: /x, tmpfs: {size: 100000000}}]', { tmpfs: [{ path: '/x', size_mib: 96 }, { path: '/run', size_mib: 64 }] }],
  ['a check by a shell', 'healthcheck: {test: curl -f localhost, interval: 1m30s, timeout: 2.5s, retries: 5, start_period: 1h}', { health: { ...HEALTH, command: ['/bin/sh', '-c', 'curl -f localhost'], interval_ms: 90_000, timeout_ms: 2_500, retries: 5, start_ms: 3_600_000 } }],
  ['a check by words', 'healthcheck: {test: [CMD, pg_isready]}', { health: { ...HEALTH, command: ['pg_isready'] } }],
  ['no check where it says none', 'healthcheck: {test: [NONE]}', { health: undefined }],
  ['no check where it is disabled', 'healthcheck: {disable: true, test: x}', { health: undefined }],
  ['restart, unless stopped: always', 'restart: unless-stopped', { restart: { policy: 'always', attempts: 10, interval_ms: 3_600_000, delay_ms: 1_000 } }],
  ['restart on failure, so many times', 'restart: on-failure:5', { restart: { policy: 'on-failure', attempts: 5, interval_ms: 3_600_000, delay_ms: 1_000 } }],
  ['restart: no, which YAML does not take for false here', 'restart: no', { restart: { policy: 'never', attempts: 10, interval_ms: 3_600_000, delay_ms: 1_000 } }],
  ['restart as deploy says it', 'deploy: {restart_policy: {condition: any, delay: 5s, max_attempts: 3, window: 2m}}', { restart: { policy: 'always', attempts: 3, interval_ms: 120_000, delay_ms: 5_000 } }],
  ['how it is stopped', 'stop_signal: SIGQUIT\nstop_grace_period: 1m', { stop: { signal: 'SIGQUIT', grace_ms: 60_000 } }],
  ['limits before reservations', 'deploy: {resources: {limits: {cpus: "0.25", memory: 100M, pids: 50}, reservations: {cpus: "2", memory: 1g}}}', { limits: { cpu_millis: 250, mru_mib: 100, pids: 50 } }],
  ['limits as they were said earlier', 'cpus: 2\nmem_limit: 1gb\npids_limit: -1', { limits: { cpu_millis: 2_000, mru_mib: 1_024 } }],
  ['who it is, where, and that it writes nothing', 'user: "1000:1000"\nworking_dir: /srv/app\nread_only: true', { user: '1000:1000', directory: '/srv/app', read_only: true }],
  ['other names', 'container_name: my_web\nhostname: www\nnetworks: {default: {aliases: [site]}}', { aliases: ['my_web', 'www', 'site'] }],
  ['a web name, which publishes its port', 'x-3bot: {web: ["Shop.example.org:80"]}', { web: [{ host: 'shop.example.org', port: 80 }], ports: [{ container: 80, protocol: 'tcp' }] }],
  ['a dollar', 'environment: {A: "$$HOME $${X}"}', { env: [{ name: 'A', value: '$HOME ${X}' }] }],
] as const) {
  test(`a service: ${title}`, () => {
    const found = workload(fields, title.startsWith('other') ? 'networks: {default: {}}' : '');
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, found[key as keyof Workload]])), expected);
  });
}

for (const [title, fields, fault] of [
  ['no version of the image', 'image: nginx:latest', 'f:3:12: services.web.image: nginx:latest is whatever is newest, which changes from day to day; say which: nginx:1.2, or @sha256:…'],
  ['a field that Compose does not know', 'image: a:1\n    enviroment: {}', 'f:4:5: services.web.enviroment: Compose knows no such field of a service; environment?'],
  ['a field twice', 'image: a:1\n    image: b:1', 'f:4:5: services.web.image: it is said twice; keep one of them'],
  ['a port that is none', 'image: a:1\n    ports: [http]', 'f:4:13: services.web.ports[0]: not a port: "http"; "80", "8080:80" or "53:53/udp"'],
  ['a span that is none', 'image: a:1\n    healthcheck: {test: x, interval: 10}', 'f:4:38: services.web.healthcheck.interval: not what it should be: "10"; a span of time: 10s, 1m30s, 500ms'],
  ['a volume that is not declared', 'image: a:1\n    volumes: [data:/x]', 'f:4:15: services.web.volumes[0]: there is no volume data; declare it: volumes: {data: {}}'],
  ['a secret that is not declared', 'image: a:1\n    secrets: [key]', 'f:4:15: services.web.secrets[0]: there is no secret key; declare it: secrets: {key: {file: ./FILE}}'],
  ['a service that is not there', 'image: a:1\n    depends_on: [db]', 'f:4:18: services.web.depends_on[0]: there is no service "db"; there are web'],
  ['a GPU', 'image: a:1\n    deploy: {resources: {reservations: {devices: [{capabilities: [gpu]}]}}}', 'f:4:41: services.web.deploy.resources.reservations.devices: not supported: no node sells GPUs or other devices; leave it out'],
  ['one on each node', 'image: a:1\n    deploy: {mode: global}', 'f:4:20: services.web.deploy.mode: not supported: "global"; deploy: {replicas: 3} says how many'],
  ['a variable without a value', 'image: a:1\n    environment: [HOME]', 'f:4:19: services.web.environment[0]: HOME has no value, and none is taken from your own environment; --set HOME=…, or write it: HOME: VALUE'],
  ['a line break in a variable', 'image: a:1\n    environment: {A: "x\\ny"}', 'f:4:22: services.web.environment.A: A has a line break or another control character, which no record holds; make it a config or a secret, which is a file there'],
  ['a variable in braces without an end', 'image: a:1\n    command: "${X"', 'f:4:14: services.web.command: not a variable: ${X; ${NAME}, ${NAME:-default}, ${NAME:?why it is needed}; write $$ for a $'],
  ['a part that nobody is in', 'image: a:1\nx-3bot: {parts: {db: {cpu: 1}}}', 'f:4:18: x-3bot.parts.db: no service is in this part; a service says x-3bot: {part: db}; those that do not say are in main'],
  ['a part that is too small', 'image: a:1\n    cpus: 4\nx-3bot: {parts: {main: {cpu: 2}}}', 'f:5:18: part main: its services ask for 4 cores and 512 MiB, and it has 2 and 512 MiB; give it more cpu or memory, or its services lower limits'],
  ['a word for spread that is none', 'image: a:1\nx-3bot: {parts: {main: {spread: rack}}}', 'f:4:33: x-3bot.parts.main.spread: there is no such thing: "rack"; one of farm, node, region'],
  ['a service that extends itself', 'image: a:1\n    extends: web', 'f:4:14: services.web.extends: web extends web; leave one of them out'],
  ['an anchor that is not there', 'image: *x', 'f:3:12: services.web.image: there is no anchor &x above; name one'],
] as const) {
  test(`refused: ${title}`, () => assert.deepEqual(faultsOf(`services:\n  web:\n    ${fields}\n`), [fault]));
}

test('all that is wrong is said at once, by line, as one failure', () => {
  assert.throws(() => design('services:\n  a: {image: x, privileged: true}\n  b: {image: y:1, ports: [0]}\n'), (thrown) => isProblem(thrown, 'usage', 'blueprint') && /^3 things are wrong with shop.yaml:\n {2}shop.yaml:2:14: .*\n {2}shop.yaml:2:17: .*\n {2}shop.yaml:3:27: /.test(thrown.message));
});

test('replicas make a part of their own; services in parts that wait for each other are in one network', () => {
  const made = design('name: my-shop\nservices:\n  db: {image: "a:1", x-3bot: {part: data}}\n  web: {image: "b:1", depends_on: [db], deploy: {replicas: 3}}\nx-3bot:\n  about: a shop\n  term: 12h\n  parts:\n    web: {spread: farm, location: BE, memory: 2, exec: true}\n    data: {ssd: 10GiB, node: ab12, dedicated: true, term: 2d, notice: 1d, retention: 1h}\n');
  assert.deepEqual([made.name, made.about, made.network], ['my-shop', 'a shop', true]);
  assert.deepEqual(made.parts.map(({ name, group, spread, term_ms }) => [name, group, spread, term_ms]), [['data', 'data', null, 172_800_000], ['web', 'web', 'farm', 43_200_000], ['web-2', 'web', 'farm', 43_200_000], ['web-3', 'web', 'farm', 43_200_000]]);
  assert.deepEqual(made.parts.map(({ resources: { mru_mib, sru_mib }, location, node, dedicated, exec, notice_ms, retention_ms }) => [mru_mib, sru_mib, location, node, dedicated, exec, notice_ms, retention_ms]), [[512, 10_240, null, 'ab12', true, false, 86_400_000, 3_600_000], ...Array.from({ length: 3 }, () => [2_048, 0, 'BE', null, false, true, null, null])]);
  assert.equal(design('name: my-shop\nservices:\n  db: {image: "a:1", x-3bot: {part: data}}\n  web: {image: "b:1", depends_on: [db]}\nx-3bot: {network: false}').network, false);
});

test('a volume lies on one node', () => {
  assert.match(faultsOf('services:\n  a: {image: "x:1", volumes: ["d:/d"]}\n  b: {image: "x:1", volumes: ["d:/d"], x-3bot: {part: other}}\nvolumes: {d: }').join(), /^f:3:\d+: services.b.volumes: the volume d is in two parts, main and other: a volume lies on one node/);
});

test('a design has the same hash for the same file and values, and another for anything else', () => {
  const text = 'services: {web: {image: "nginx:${V:-1.27}"}}\n';
  assert.equal(design(text).hash, design(`# a comment\n${text}`).hash);
  assert.notEqual(design(text).hash, design(text, { values: new Map([['V', '1.28']]) }).hash);
});

test('anchors, merge keys and extends: what a service says itself stands before what it takes over', () => {
  const text = 'x-base: &base {restart: always, environment: &env {A: "1", B: "1"}}\nx-more: &more {restart: "no", user: www}\nservices:\n  a: {<<: [*base, *more], image: "x:1"}\n  b: {extends: a, image: "y:1", command: [b], environment: {<<: *env, B: "2", C: "3"}}\n';
  const [a, b] = design(text).parts[0]?.workloads ?? [];
  assert.deepEqual([a?.restart?.policy, a?.user, a?.env.map(({ value }) => value)], ['always', 'www', ['1', '1']]);
  assert.deepEqual([b?.image, b?.command, b?.restart?.policy, b?.env.map(({ name, value }) => name + value)], ['docker.io/library/y:1', ['b'], 'always', ['A1', 'B2', 'C3']]);
});

test('files beside it are named, never those of the rest of the machine', () => {
  const folder = mkdtempSync(join(tmpdir(), '3bot-blueprint-'));
  try {
    mkdirSync(join(folder, 'own'));
    writeFileSync(join(folder, 'key'), 'of the machine');
    for (const name of ['key', 'app.conf']) writeFileSync(join(folder, 'own', name), 'x');
    symlinkSync(join(folder, 'key'), join(folder, 'own', 'link'));
    const beside = besideIn(join(folder, 'own'));
    const text = (path: string): string => `services: {web: {image: "x:1", secrets: [key]}}\nsecrets: {key: {file: ${path}}}\n`;
    assert.deepEqual(design(text('./key'), { beside }).secrets, [{ name: 'key', from: { type: 'file', path: './key' } }]);
    for (const path of ['../key', 'link', join(folder, 'key'), '~/key']) assert.match(faultsOf(text(path), { beside }).join(), /it lies outside of the blueprint's folder/, path);
    assert.match(faultsOf(text('none'), { beside }).join(), /there is no such file/);
    // Whoever applies a published one gives the file.
    assert.deepEqual(design(text('/etc/shadow')).secrets, [{ name: 'key', from: { type: 'ask', help: 'what /etc/shadow is to hold' } }]);
    const mounted = design('services: {web: {image: "x:1", volumes: ["./app.conf:/etc/app.conf:ro"]}}', { beside });
    assert.deepEqual([mounted.secrets[0]?.from, mounted.parts[0]?.workloads[0]?.secrets[0]?.path], [{ type: 'file', path: './app.conf' }, '/etc/app.conf']);
    assert.match(faultsOf('services: {web: {image: "x:1", env_file: ../key}}', { beside }).join(), /outside/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a secret is a file, or a variable under x-3bot; what is public and looks like one is pointed out', () => {
  const { parts, secrets, notes } = design('services:\n  db:\n    image: postgres:17\n    secrets: [{source: pw, target: db_password}]\n    environment: {ADMIN_PASSWORD: hunter2, PASSWORD_FILE: /run/secrets/db_password}\n    x-3bot: {secret_env: {TOKEN: token}}\nsecrets: {pw: {environment: PW}}\nx-3bot: {inputs: {token: {type: secret, help: from the provider}}}\n');
  assert.deepEqual(parts[0]?.workloads[0]?.secrets.map(({ name, path, env }) => [name, path, env]), [['pw', '/run/secrets/db_password', undefined], ['token', undefined, 'TOKEN']]);
  assert.deepEqual(secrets.map(({ from }) => from.type), ['ask', 'ask']);
  assert.deepEqual(notes.filter(({ text }) => text.includes('is public')).map(({ line, field }) => [line, field]), [[5, 'services.db.environment.ADMIN_PASSWORD']]);
});

for (const [title, bytes, words] of [
  ['too large', Buffer.alloc(MAX_BLUEPRINT_BYTES + 1, 0x20), /^f: it has 262145 bytes; at most 262144$/],
  ['no UTF-8', Buffer.from([0x61, 0xff]), /^f: it is no text in UTF-8/],
  ['nothing', Buffer.from(''), /it is no table of names/],
  ['no YAML', Buffer.from('a: [1'), /^f:\d+:\d+: no YAML: /],
  ['two documents', Buffer.from('a: 1\n---\nb: 1\n'), /no YAML/],
  ['brackets upon brackets', Buffer.from('['.repeat(100_000)), /nested too deeply/],
  // What a full stack does to a regular expression that is compiled there ends the process.
  ['some brackets less', Buffer.from('['.repeat(65_000)), /nested too deeply/],
  ['lists in lists on one line', Buffer.from('- '.repeat(30_000)), /nested too deeply/],
  ['services that extend each other', Buffer.from(`services:\n  a0: {image: "x:1"}\n${Array.from({ length: 12 }, (_, i) => `  a${i + 1}: {extends: a${i}}`).join('\n')}\n`), /one extends the other too often; at most 8 in a row/],
  ['copies upon copies', Buffer.from(`services:\n${Array.from({ length: 250 }, (_, i) => `  a${i}: {image: "x:1", deploy: {replicas: 64}}`).join('\n')}\n`), /16000 contracts in all; at most 64/],
  ['deeper than anybody writes', Buffer.from(`a: ${'['.repeat(40)}${']'.repeat(40)}`), /nested too deeply; at most 32 levels/],
  ['aliases of aliases of aliases', Buffer.from(`a: &a [x,x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 8 }, (_, i) => `${'bcdefghi'[i]}: &${'bcdefghi'[i]} [${Array(10).fill(`*${'abcdefgh'[i]}`).join()}]`).join('\n')}\n`), /its anchors and aliases make too much of it; at most 20000 values/],
  ['an alias within itself', Buffer.from('a: &a [*a]\n'), /nested too deeply/],
  ['names that mean something to JavaScript', Buffer.from('services: {__proto__: {image: "x:1"}, constructor: {image: 3, toString: 1}}\n__proto__: {a: 1}\n'), /toString: Compose knows no such field[^]*__proto__: there is no such field/],
  ['names that are no texts', Buffer.from('? [a]\n: 1\nservices: {}\n'), /a name is no text/],
  ['ten thousand keys', Buffer.from(`services: {${Array.from({ length: 10_000 }, (_, i) => `s${i}: 1`).join(', ')}}`), /there are 10000 services; at most 256/],
] as const) {
  test(`hostile: ${title}`, () => {
    const { design: made, faults } = readBlueprint(bytes, reading);
    assert.equal(made, null);
    assert.match(faults.map((fault) => faultText('f', fault)).join('\n'), words);
    assert.ok(faults.length <= 100);
  });
}

test('the example of the README is a blueprint, and its fields are those that are read', () => {
  const readme = readFileSync(new URL('../../../../README.md', import.meta.url), 'utf8');
  const section = readme.slice(readme.indexOf('### A blueprint as a file'));
  const [, example = ''] = /```yaml\n([^]+?)```/.exec(section) ?? [];
  const { parts, secrets, network } = design(example, { values: new Map([['domain', 'shop.example.org']]) });
  assert.deepEqual([parts.map(({ name, spread }) => [name, spread]), secrets.map(({ name }) => name), network], [[['web', 'farm'], ['web-2', 'farm'], ['main', null]], ['password'], true]);
});

test('a service called like something of JavaScript is a service', () => {
  assert.deepEqual(design('services: {constructor: {image: "x:1"}}').parts[0]?.workloads.map(({ name }) => name), ['constructor']);
});

test('what variables make of a text is bounded', () => {
  const nested = Array.from({ length: 12 }, (_, i) => `\${A${i}:-`).join('') + '}'.repeat(12);
  assert.match(faultsOf(`services: {web: {image: "x:1", command: "${nested}"}}`).join(), /not a variable/);
  const values = new Map([['A', 'x'.repeat(8_000)]]);
  assert.match(faultsOf(`services: {web: {image: "x:1", command: "${'$A'.repeat(10)}"}}`, { values }).join(), /its variables make too much of it/);
});

test('variables: given, by default, needed, where others have a value; x-3bot, too', () => {
  const text = 'services: {web: {image: "x:${V-1}", command: ["${A:-d}", "${A-d}", "${B:+yes}", "${C:?tell}", "$C", "${D:-${C}}"]}}\nx-3bot: {parts: {main: {location: "$C"}}, inputs: {C: {default: BE}}}';
  const { parts } = design(text, { values: new Map([['A', ''], ['B', 'b']]) });
  assert.deepEqual([parts[0]?.workloads[0]?.command, parts[0]?.location], [['d', '', 'yes', 'BE', 'BE', 'BE'], 'BE']);
  assert.deepEqual(inputsOf(Buffer.from(text), 'f').map((input) => [input.name, input.default, input.declared]), [['C', 'BE', true], ['V', '1', false], ['A', 'd', false], ['B', '', false], ['D', '', false]]);
});
