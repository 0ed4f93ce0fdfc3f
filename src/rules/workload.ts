// What makes a list of workloads hold together: each thing once, every name that is used there, paths that stay inside.
import type { Agreement, Announcement, HealthCheck, Workload } from '../schema/types.js';
import { demand } from './refusal.js';
import type { Version } from './rule.js';

/** Fields that records of rules 1 do not know. */
const LATER = ['entrypoint', 'directory', 'user', 'read_only', 'tmpfs', 'ulimits', 'limits', 'mounts', 'restart', 'health', 'stop', 'registry', 'web', 'network', 'vm', 'aliases'] as const satisfies readonly (keyof Workload)[];

/** Where the node itself puts things into a container. */
const RESERVED = ['/proc', '/sys', '/dev', '/run/secrets', '/etc/hosts'];

/** A secret under another name than its own. */
const IN_SECRETS = /^\/run\/secrets\/[^/]+$/;

/**
 * Checks that a list of workloads says each thing once and nothing that contradicts itself.
 * @throws Problem `refused`, reason `workload`, or `later_release` under rules 1
 */
export function checkWorkloads(workloads: readonly Workload[], rules: Version): void {
  demand(isSet(workloads.map(({ name }) => name)), 'workload', 'two workloads have the same name');
  const hosts = workloads.flatMap(({ web = [] }) => web.map(({ host }) => host));
  demand(isSet(hosts), 'workload', 'two workloads are to be reached under the same web name');
  const places = workloads.flatMap(({ network }) => network ?? []);
  demand(new Set(places.map(({ id }) => id)).size <= 1, 'workload', 'workloads of one contract are in one private network');
  demand(isSet(places.map(({ address }) => address)), 'workload', 'two workloads have the same address');
  for (const workload of workloads) {
    const { name, env, ports, secrets } = workload;
    const later = rules >= 2 ? undefined : secrets.length > 0 ? 'secrets' : LATER.find((field) => workload[field] !== undefined);
    demand(rules >= 2 || name.length >= 3, 'later_release', () => `workload ${name} has a name of fewer than 3 letters, which needs rules 2`);
    demand(rules >= 2 || env.every((variable) => !/[.-]/.test(variable.name)), 'later_release', () => `workload ${name} has a variable with . or - in its name, which needs rules 2`);
    demand(later === undefined, 'later_release', () => `workload ${name} says ${later}, which needs rules 2`);
    const variables = [...env.map((variable) => variable.name), ...secrets.flatMap((secret) => secret.env ?? [])];
    demand(isSet(variables), 'workload', `workload ${name} sets a variable twice`);
    demand(isSet(ports.map((port) => `${port.container}/${port.protocol}`)), 'workload', `workload ${name} publishes a port twice`);
    demand(isSet(secrets.map((secret) => secret.name)), 'workload', `workload ${name} has two secrets of one name`);
    checkPaths(workload);
    checkReferences(workload);
    if (workload.health !== undefined) checkHealth(name, workload.health);
    for (const { name: limit, soft, hard } of workload.ulimits ?? []) demand(soft <= hard, 'workload', `workload ${name}: the soft limit ${limit} is above the hard one`);
  }
}

/** Paths are whole, and each is given once; none lies where the node puts things of its own. */
function checkPaths({ name, directory, tmpfs = [], mounts = [], secrets }: Workload): void {
  demand(secrets.every(({ env, path }) => env === undefined || path === undefined), 'workload', () => `workload ${name}: a secret is a variable or a file`);
  const files = secrets.flatMap((secret) => (secret.env === undefined ? [secret.path ?? `/run/secrets/${secret.name}`] : []));
  demand(isSet(files), 'workload', () => `workload ${name} has two secrets at one path`);
  const placed = [...[...tmpfs, ...mounts].map(({ path }) => path), ...files.filter((path) => !IN_SECRETS.test(path))];
  for (const path of [...placed, ...(directory === undefined ? [] : [directory])]) {
    demand(path === '/' || !path.split('/').slice(1).some((part) => part === '' || part === '.' || part === '..'), 'workload', `workload ${name}: ${path} is no whole path`);
  }
  demand(isSet(placed), 'workload', `workload ${name} has two things at one path`);
  for (const path of placed) {
    const taken = RESERVED.some((reserved) => path === reserved || path.startsWith(`${reserved}/`));
    demand(path !== '/' && !taken, 'workload', `workload ${name}: nothing can be put at ${path}`);
  }
}

function checkReferences({ name, image, ports, secrets, registry, vm, web = [] }: Workload): void {
  const known = new Set(secrets.map((secret) => secret.name));
  for (const used of [registry?.secret, vm?.secret]) demand(used === undefined || known.has(used), 'workload', `workload ${name} uses the secret ${used}, which it does not list`);
  for (const { host, port } of web) demand(ports.some(({ container, protocol }) => container === port && protocol === 'tcp'), 'workload', `workload ${name}: ${host} leads to port ${port}, which it does not publish`);
  demand(vm === undefined || image !== null, 'workload', `workload ${name} is a virtual machine without an image`);
  demand(vm?.cloud_config === undefined || vm.secret === undefined, 'workload', `workload ${name} has two cloud configurations`);
}

function checkHealth(name: string, { type, command, port, path }: HealthCheck): void {
  const fits = type === 'command' ? command !== undefined && port === undefined && path === undefined : command === undefined && port !== undefined && (path !== undefined) === (type === 'http');
  demand(fits, 'workload', `workload ${name}: a health check is a command, or a port and a path (http), or a port (tcp)`);
}

/** What a node must announce among its features to run these. */
export function featuresFor(workloads: readonly Workload[], { exec }: Pick<Agreement, 'exec'>): Announcement['features'] {
  const needs = [
    exec ? 'exec' : null,
    workloads.some(({ vm }) => vm !== undefined) ? 'vm' : null,
    workloads.some(({ network }) => network !== undefined) ? 'wireguard' : null,
    workloads.some(({ web = [] }) => web.length > 0) ? 'gateway' : null,
  ];
  return needs.filter((need) => need !== null);
}

function isSet(items: readonly string[]): boolean {
  return new Set(items).size === items.length;
}
