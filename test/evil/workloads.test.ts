// What somebody would like a node to run: refused by the shape of records, by the rules, or by the node, which says so in
// the book. Beside each row stands its nearest honest neighbour, which is taken: so a row that refused everything fails.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { desired, type BookTime } from '../../src/node/plan/desired.js';
import { plan } from '../../src/node/plan/plan.js';
import { settle } from '../../src/node/life/settle.js';
import type { NodeConfig, Workload } from '../../src/schema/types.js';
import { agreementOf, announcementOf, contractId, farmSays, gib, IMAGE, key, market, runOf, web, type Submission, type World } from '../rules/world.js';

const DIGEST = `@sha256:${'a'.repeat(64)}`;
const many = (count: number, name = (i: number) => `web-${i}`): Workload[] => Array.from({ length: count }, (_, i) => web(name(i)));
const mount = (path: string, folder: string | null = 'data'): Partial<Workload> => ({ mounts: [{ path, folder, read_only: false }] });
const secret = { name: 'token', sha256: 'ab'.repeat(32) };

/** A grid of rules 2 with a contract that runs one workload. */
function scene(): World {
  const world = market({ rules: 2 });
  world.submit(agreementOf(world));
  world.submit(runOf(world, 'held'));
  return world;
}

const says = (world: World, workloads: unknown, by = ['alice'], kind = 'workload@1'): Submission => ({ chain: `contract/${contractId(world)}`, kind, body: { workloads } as Submission['body'], by });

type Change = Partial<Workload> | Record<string, unknown>;
type Row = readonly [title: string, evil: Change, honest: Change];

const SHAPES: readonly Row[] = [
  ['a name that leaves its folder', { name: '../../etc' }, { name: 'etc' }],
  ['a name with a slash', { name: 'a/b/c' }, { name: 'a-b-c' }],
  ['a name that ends a line', { name: 'web\nroot' }, { name: 'web-root' }],
  ['a name that is a flag and a path', { name: '--volume=/:/host' }, { name: '--volume' }],
  ['a folder of the volume that leaves it', mount('/srv', '../../../etc'), mount('/srv', 'etc')],
  ['a folder of the volume by its whole path', mount('/srv', '/etc'), mount('/srv', 'etc')],
  ['a mount at no whole path', mount('etc/passwd'), mount('/etc/passwd')],
  ['a mount whose path has an option in it', mount('/srv:rw,exec'), mount('/srv')],
  ['an image from an archive on the node', { image: `docker-archive:/etc/shadow${DIGEST}` }, { image: IMAGE }],
  ['an image from a folder of the node', { image: `dir:/var/lib${DIGEST}` }, { image: `dir.example.org/var/lib${DIGEST}` }],
  ['an image from an OCI layout of the node', { image: `oci:/srv/images:web${DIGEST}` }, { image: `oci.example.org/srv/images${DIGEST}` }],
  ['an image from the storage of the node', { image: `containers-storage:localhost/other${DIGEST}` }, { image: `storage.example.org/other${DIGEST}` }],
  ['an image by its transport', { image: `docker://docker.io/library/web${DIGEST}` }, { image: `docker.io/library/web${DIGEST}` }],
  ['an image that is a file', { image: `/etc/shadow${DIGEST}` }, { image: `etc.example.org/shadow${DIGEST}` }],
  ['an image that a tag names', { image: 'docker.io/library/web:latest' }, { image: IMAGE }],
  ['an image with a password in it', { image: `user:pass@docker.io/library/web${DIGEST}` }, { image: IMAGE }],
  ['a user that is a path', { user: '../root' }, { user: 'root:root' }],
  ['a variable whose name sets another', { env: [{ name: 'A=B\nC', value: '' }] }, { env: [{ name: 'A', value: 'B' }] }],
  ['a field that nobody knows', { privileged: true }, { read_only: true }],
  ['a mount with a field that nobody knows', { mounts: [{ path: '/srv', folder: null, read_only: false, source: '/' }] }, mount('/srv', null)],
  ['a secret with its value beside the hash', { secrets: [{ ...secret, value: 'hunter2' }] }, { secrets: [secret] }],
  ['a port of none', { ports: [{ container: 0, protocol: 'tcp' }] }, { ports: [{ container: 1, protocol: 'tcp' }] }],
  ['a port above all', { ports: [{ container: 65_536, protocol: 'tcp' }] }, { ports: [{ container: 65_535, protocol: 'tcp' }] }],
  ['more ports than there may be', { ports: Array.from({ length: 65 }, (_, i) => ({ container: i + 1, protocol: 'tcp' })) }, { ports: Array.from({ length: 64 }, (_, i) => ({ container: i + 1, protocol: 'tcp' })) }],
  ['more words than there may be', { command: Array.from({ length: 257 }, () => 'x') }, { command: Array.from({ length: 256 }, () => 'x') }],
  ['a word longer than there may be', { command: ['x'.repeat(8_193)] }, { command: ['x'.repeat(8_192)] }],
  ['a word that drives a terminal', { command: ['\u001b[2J'] }, { command: ['[2J'] }],
  ['a limit on a resource that is none', { ulimits: [{ name: 'all', soft: 1, hard: 1 }] }, { ulimits: [{ name: 'core', soft: 1, hard: 1 }] }],
];

const RULES: readonly Row[] = [
  ['a mount that climbs up', mount('/srv/../etc'), mount('/srv/etc')],
  ['a mount over the kernel', mount('/proc/sys'), mount('/process/sys')],
  ['a mount over the devices', mount('/dev/mem'), mount('/devices/mem')],
  ['a mount over the secrets that the node puts there', mount('/run/secrets/x'), mount('/run/other/x')],
  ['a mount over everything', mount('/'), mount('/root')],
  ['two mounts at one path', { mounts: [...(mount('/srv', 'one').mounts ?? []), ...(mount('/srv', 'two').mounts ?? [])] }, { mounts: [...(mount('/srv', 'one').mounts ?? []), ...(mount('/srv2', 'two').mounts ?? [])] }],
  ['memory over the kernel', { tmpfs: [{ path: '/sys/fs', size_mib: 1 }] }, { tmpfs: [{ path: '/system/fs', size_mib: 1 }] }],
  ['a working folder that climbs up', { directory: '/srv/../../etc' }, { directory: '/srv/etc' }],
  ['a secret that it does not list', { registry: { secret: 'other' } }, { registry: { secret: 'token' }, secrets: [secret] }],
  ['a variable that a secret sets, too', { env: [{ name: 'TOKEN', value: 'x' }], secrets: [{ ...secret, env: 'TOKEN' }] }, { env: [{ name: 'OTHER', value: 'x' }], secrets: [{ ...secret, env: 'TOKEN' }] }],
  ['a port twice', { ports: [{ container: 80, protocol: 'tcp' }, { container: 80, protocol: 'tcp' }] }, { ports: [{ container: 80, protocol: 'tcp' }, { container: 80, protocol: 'udp' }] }],
  ['a soft limit above the hard one', { ulimits: [{ name: 'nofile', soft: 2, hard: 1 }] }, { ulimits: [{ name: 'nofile', soft: 1, hard: 1 }] }],
];

for (const [by, rows, why] of [['the shape of records', SHAPES, 'malformed'], ['the rules', RULES, 'workload']] as const) {
  describe(`refused by ${by}, and nothing changes`, () => {
    for (const [title, evil, honest] of rows) {
      test(title, () => {
        const world = scene();
        assert.equal(world.refusal(says(world, [{ ...web(), ...evil }])), why);
        assert.equal(world.refusal(says(world, [{ ...web(), ...honest }])), 'taken');
      });
    }
  });
}

describe('refused as a list', () => {
  const LISTS: readonly (readonly [title: string, evil: unknown, why: string, honest: unknown])[] = [
    ['more workloads than there may be', many(65), 'malformed', many(64)],
    ['two of one name', many(2, () => 'web'), 'workload', many(2)],
    ['something else than a list', web(), 'malformed', [web()]],
  ];
  for (const [title, evil, why, honest] of LISTS) {
    test(title, () => {
      const world = scene();
      assert.equal(world.refusal(says(world, evil)), why);
      assert.equal(world.refusal(says(world, honest)), 'taken');
    });
  }
});

describe('refused whoever sends it', () => {
  const other = (world: World): World => {
    world.submit({ ...farmSays(world, 'admit@1', 'small') });
    world.submit(announcementOf(world, { capacity: gib(1, 1, 1) }, 'small'));
    return world;
  };
  const ROWS: readonly (readonly [title: string, why: string, evil: (world: World) => Submission, honest: (world: World) => Submission])[] = [
    ['workloads that nobody has signed', 'signatures', (world) => says(world, [web('new')], []), (world) => says(world, [web('new')])],
    ['workloads that the farm has signed', 'signatures', (world) => says(world, [web('new')], ['farm']), (world) => says(world, [web('new')])],
    ['workloads that the node has signed itself', 'signatures', (world) => says(world, [web('new')], ['node']), (world) => says(world, [web('new')])],
    ['workloads of a contract that is none', 'not_found', (world) => ({ ...says(world, [web('new')]), chain: `contract/${'e'.repeat(40)}` }), (world) => says(world, [web('new')])],
    ['the word of a foreign node', 'signatures', (world) => ({ ...runOf(world, 'running', 'web'), by: ['small'] }), (world) => runOf(world, 'running', 'web')],
    ['an agreement on a node that is not there', 'not_found', (world) => agreementOf(world, { nonce: '1'.repeat(32), resources: gib(1, 1, 1), node: key('nobody') }), (world) => agreementOf(world, { nonce: '1'.repeat(32), resources: gib(1, 1, 1) })],
    ['an oversold node', 'capacity', (world) => agreementOf(world, { nonce: '2'.repeat(32), resources: gib(2, 1, 1), node: key('small') }), (world) => agreementOf(world, { nonce: '2'.repeat(32), resources: gib(1, 1, 1), node: key('small') })],
    ['a bare command where there are containers', 'workload', (world) => says(world, [web('new', { image: null })]), (world) => says(world, [web('new')])],
    ['a virtual machine where there are none', 'workload', (world) => says(world, [web('new', { vm: {} })]), (world) => says(world, [web('new')])],
  ];
  for (const [title, why, evil, honest] of ROWS) {
    test(title, () => {
      const world = other(scene());
      assert.equal(world.refusal(evil(world)), why);
      assert.equal(world.refusal(honest(world)), 'taken');
    });
  }
});

describe('refused by the node, which says why in the book', () => {
  const config: NodeConfig = { key: key('node'), grid: '0'.repeat(64), farm: '0'.repeat(40), runtime: 'podman', allow_registries: [], allow_consumers: [], address: null, data: '/data' };
  /** What the node says of the workload web, and whether it would make it run. */
  const looked = (image: string, change: Partial<NodeConfig> = {}): { said: (string | null)[]; starts: boolean } => {
    const world = scene();
    world.submit(says(world, [web('web', { image })]));
    const time: BookTime = { fresh: true, now: world.at, stamp: world.at, size: 10 };
    const wanted = desired(world, { ...config, ...change }, time, [], () => ({ checks: [{ name: 'recorded', ok: true, evidence: 'line 5', remedy: null }], made: true }));
    const machine = { running: [], volumes: new Map([[contractId(world), { path: '/data/c', size_mib: 102_400 }]]), growsInUse: true };
    const memory = { busy: new Map(), pulling: new Map<string, string>(), failures: new Map(), fetched: new Map<string, string>(), waiting: new Map(), health: new Map(), spoken: new Map(), taken: new Map([[contractId(world), null]]) };
    const settled = settle(wanted, machine, { ...memory, lives: new Map() }, time);
    const next = plan(settled.wanted, machine, { ...memory, lives: settled.lives }, time);
    const said = next.reports.filter(({ workload, state }) => workload === 'web' && state === 'failed');
    return { said: said.map(({ reason }) => reason), starts: next.actions.some((action) => action.do === 'start') };
  };
  const PUBLIC = `docker.io/library/web${DIGEST}`;
  const ROWS: readonly (readonly [title: string, image: string, why: RegExp, change?: Partial<NodeConfig>])[] = [
    ['an image of the machine itself', `localhost/web${DIGEST}`, /private or on this machine/],
    ["an image of the farmer's own network", `192.168.1.1:5000/web${DIGEST}`, /private or on this machine/],
    ['an image of the link, where clouds keep their keys', `169.254.169.254/latest/meta-data${DIGEST}`, /private or on this machine/],
    ['an address in another spelling', `0x7f.1/web${DIGEST}`, /private or on this machine/],
    ['a name of the local network', `router.lan/web${DIGEST}`, /private or on this machine/],
    ['an image whose path climbs up', `docker.io/../web${DIGEST}`, /not named host/],
    ['an image where there are none', PUBLIC, /no images|isolates nothing/, { runtime: 'process', allow_consumers: [key('alice')] }],
  ];
  for (const [title, image, why, change] of ROWS) {
    test(title, () => {
      const { said, starts } = looked(image, change);
      assert.equal(starts, false);
      assert.equal(said.length, 1, 'the book is told');
      assert.match(said[0] ?? '', why);
    });
  }

  test('and what is none of these it starts', () => {
    assert.deepEqual(looked(PUBLIC), { said: [], starts: true });
    assert.deepEqual(looked(`localhost/web${DIGEST}`, { allow_registries: ['localhost'] }), { said: [], starts: true });
  });
});
