import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { parseWorkloads, workloadOf, type WorkloadWords } from '../../src/consumer/workload.js';

const IMAGE = `docker.io/library/web@sha256:${'a'.repeat(64)}`;

for (const [title, words] of [
  ['variables without anything to run', { env: ['A=b'] }],
  ['whatever version is newest', { image: 'docker.io/library/web:latest' }],
  ['no version at all', { image: 'docker.io/library/web' }],
  ['a variable without a value', { image: IMAGE, env: ['A'] }],
  ['a variable with a name that is none', { image: IMAGE, env: ['1A=b'] }],
  ['port 0', { image: IMAGE, port: ['0'] }],
  ['a port of another protocol', { image: IMAGE, port: ['80/sctp'] }],
  ['a user without anything to run', { user: 'www' }],
  ['a folder in memory without a size', { image: IMAGE, tmpfs: ['/tmp'] }],
  ['a folder in memory at no path', { image: IMAGE, tmpfs: ['tmp=1'] }],
  ['a part of the volume at no path', { image: IMAGE, mount: ['uploads'] }],
  ['a folder of the volume with a capital', { image: IMAGE, mount: ['A:/x'] }],
  ['a part of the volume outside of it', { image: IMAGE, mount: ['..:/srv'] }],
  ['a limit that does not exist', { image: IMAGE, ulimit: ['files=3'] }],
  ['a limit without a number', { image: IMAGE, ulimit: ['nofile=many'] }],
  ['a share of cpu alone', { image: IMAGE, limits: '1' }],
  ['less than a hundredth of a core', { image: IMAGE, limits: '0.001/64MiB' }],
  ['a web name without a port', { image: IMAGE, web: ['shop'] }],
  ['a web name that is none', { image: IMAGE, web: ['-shop:80'] }],
  ['a restart policy that does not exist', { image: IMAGE, restart: 'sometimes' }],
  ['a health check without a port', { image: IMAGE, health: 'http:/healthz' }],
  ['a path for a TCP connection', { image: IMAGE, health: 'tcp:80/healthz' }],
  ['a health check on port 70000', { image: IMAGE, health: 'tcp:70000' }],
  ['a signal that nothing is stopped with', { image: IMAGE, stopSignal: 'SIGKILL' }],
  ['a restart policy without anything to run', { restart: 'always' }],
  ['a user with a space', { image: IMAGE, user: 'a b' }],
] as const satisfies readonly (readonly [string, WorkloadWords])[]) {
  test(`refused as usage: ${title}`, () => {
    assert.throws(() => workloadOf('main', words), (thrown) => isProblem(thrown, 'usage'));
  });
}

test('what was typed becomes a workload; nothing typed becomes none', () => {
  assert.equal(workloadOf('main', {}), undefined);
  assert.deepEqual(workloadOf('main', { image: IMAGE, env: ['A=b=c'], port: ['80', '53/udp'] }), {
    name: 'main', image: IMAGE, command: [], env: [{ name: 'A', value: 'b=c' }], ports: [{ container: 80, protocol: 'tcp' }, { container: 53, protocol: 'udp' }], secrets: [],
  });
  assert.equal(workloadOf('main', { command: 'true' })?.image, null);
});

test('every flag has its field', () => {
  assert.deepEqual(workloadOf('main', {
    image: IMAGE, entrypoint: '/init --quiet', workdir: '/srv', user: 'www:33', readOnly: true, tmpfs: ['/tmp=64MiB', '/run=1'], mount: ['uploads:/srv/uploads', 'conf:/etc/app:ro', '/all'],
    ulimit: ['nofile=1024:4096', 'core=0'], limits: '0.5/256MiB/100', port: ['80'], web: ['Shop:80', 'www.example.net:8080'],
  }), {
    name: 'main', image: IMAGE, command: [], env: [], secrets: [], entrypoint: ['/init', '--quiet'], directory: '/srv', user: 'www:33', read_only: true,
    tmpfs: [{ path: '/tmp', size_mib: 64 }, { path: '/run', size_mib: 1_024 }],
    mounts: [{ path: '/srv/uploads', folder: 'uploads', read_only: false }, { path: '/etc/app', folder: 'conf', read_only: true }, { path: '/all', folder: null, read_only: false }],
    ulimits: [{ name: 'nofile', soft: 1_024, hard: 4_096 }, { name: 'core', soft: 0, hard: 0 }], limits: { cpu_millis: 500, mru_mib: 256, pids: 100 },
    // A port that only a web name needs is published, too.
    ports: [{ container: 80, protocol: 'tcp' }, { container: 8_080, protocol: 'tcp' }], web: [{ host: 'shop', port: 80 }, { host: 'www.example.net', port: 8_080 }],
  });
});

test('what contradicts itself is refused before any farm is asked', () => {
  assert.throws(() => workloadOf('main', { image: IMAGE, tmpfs: ['/proc/x=1'] }), (thrown) => isProblem(thrown, 'refused', 'workload'));
  assert.throws(() => workloadOf('main', { image: IMAGE, ulimit: ['nofile=5:4'] }), (thrown) => isProblem(thrown, 'refused', 'workload'));
});

test('a file holds one workload or several, and need not say what is nothing', () => {
  assert.deepEqual(parseWorkloads(`{"image": "${IMAGE}"}`, 'main'), [workloadOf('main', { image: IMAGE })]);
  assert.equal(parseWorkloads(`{"name": "web", "image": "${IMAGE}"}`, 'main')[0]?.name, 'web');
  const several = parseWorkloads(`{"workloads": [{"name": "web", "image": "${IMAGE}", "restart": {"policy": "always", "attempts": 3, "interval_ms": 60000, "delay_ms": 1000}}, {"name": "job", "image": "${IMAGE}"}]}`, 'main');
  assert.deepEqual(several.map(({ name, restart }) => [name, restart?.policy]), [['web', 'always'], ['job', undefined]]);
});

for (const [text, words] of [
  ['{"image": ', /no JSON/],
  ['["web"]', /is no object/],
  ['{"workloads": []}', /beside a list/],
  ['{"workloads": [{}], "exec": true}', /beside a list/],
  ['{"workloads": [3]}', /^workload 1 in the file is no object/],
  [`{"workloads": [{"image": "${IMAGE}"}]}`, /^workload 1 in the file: must have required property 'name'/],
  [`{"image": "${IMAGE}", "ports": [{"container": 80, "protocol": "tcp"}, {"container": 70000, "protocol": "tcp"}]}`, /^the workload in the file: ports\.1\.container must be <= 65535/],
  [`{"image": "${IMAGE}", "comand": []}`, /comand/],
  ['{"image": "nginx"}', /not the whole name of an image: "nginx"/],
  ['{"image": "docker.io/library/nginx:latest"}', /whatever is newest/],
  ['{"image": 7}', /not an image: 7/],
  [`{"image": "${IMAGE}", "name": "My Shop"}`, /name must be a name: 1 to 50 of a-z, 0-9 and -$/],
  [`{"image": "${IMAGE}", "mounts": [{"path": "/x", "folder": "A"}]}`, /mounts\.0\.folder must be a name: 1 to 50/],
] as const) {
  test(`a file is refused with its place: ${text.slice(0, 60)}`, () => {
    assert.throws(() => parseWorkloads(text, 'main'), (thrown) => isProblem(thrown, 'usage') && words.test(thrown.message));
  });
}

test('a file may leave out what its flags leave out, and say it in their words', () => {
  const parsed = (json: object) => parseWorkloads(JSON.stringify({ image: IMAGE, ...json }), 'main');
  const flags = [workloadOf('main', { image: IMAGE, restart: 'always', health: 'http:80', stopSignal: 'int', mount: ['uploads:/srv', '/all'], port: ['80'] })];
  const mounts = [{ path: '/srv', folder: 'uploads' }, { path: '/all' }];
  assert.deepEqual(parsed({ restart: 'always', health: 'http:80/', stop: { signal: 'SIGINT' }, mounts, ports: [{ container: 80 }] }), flags);
  assert.deepEqual(parsed({ restart: { policy: 'always' }, health: { type: 'http', port: 80 }, stop: { signal: 'SIGINT', grace_ms: 10_000 }, mounts, ports: [{ container: 80, protocol: 'tcp' }] }), flags);
  assert.equal(parsed({ restart: { policy: 'always', attempts: 3 } })[0]?.restart?.attempts, 3);
});

test('the README has every field of a workload, and its examples are workloads', () => {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const section = readme.slice(readme.indexOf('### A workload as a file'), readme.indexOf('### Private networks'));
  const examples = [...section.matchAll(/```json\n([^`]+)```/g)].map(([, json = '']) => parseWorkloads(json, 'main'));
  assert.deepEqual(examples.map(([one]) => one?.name), ['shop', 'main']);
  const common = JSON.parse(readFileSync(new URL('../../../schemas/common.1.json', import.meta.url), 'utf8')) as { $defs: { workload: { properties: object } } };
  const explained = [...section.matchAll(/^\| (`.+?) \|/gm)].flatMap(([, cell = '']) => cell.split(', ').map((one) => one.replaceAll('`', '')));
  assert.deepEqual(explained.sort(), Object.keys(common.$defs.workload.properties).sort());
});

test('how it lives: restarts, health in three ways, how it is stopped', () => {
  const of = (words: WorkloadWords): unknown => {
    const { restart, health, stop } = workloadOf('main', { image: IMAGE, ...words }) ?? {};
    return restart ?? health ?? stop;
  };
  const often = { start_ms: 30_000, interval_ms: 10_000, timeout_ms: 5_000, retries: 3 };
  assert.deepEqual(of({ restart: 'on-failure' }), { policy: 'on-failure', attempts: 10, interval_ms: 3_600_000, delay_ms: 1_000 });
  assert.deepEqual(of({ health: 'http:8080/healthz?full' }), { type: 'http', port: 8080, path: '/healthz?full', ...often });
  assert.deepEqual(of({ health: 'http:80' }), { type: 'http', port: 80, path: '/', ...often });
  assert.deepEqual(of({ health: 'tcp:5432' }), { type: 'tcp', port: 5432, ...often });
  assert.deepEqual(of({ health: 'pg_isready -U "my user"' }), { type: 'command', command: ['pg_isready', '-U', 'my user'], ...often });
  assert.deepEqual(of({ stopSignal: 'int' }), { signal: 'SIGINT', grace_ms: 10_000 });
  assert.deepEqual(of({ stopGrace: '2m' }), { signal: 'SIGTERM', grace_ms: 120_000 });
  assert.deepEqual(of({ stopSignal: 'SIGQUIT', stopGrace: '0' }), { signal: 'SIGQUIT', grace_ms: 0 });
});
