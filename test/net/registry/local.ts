// A real registry on loopback (Debian's docker-registry), and images put into it by its API.
import { spawn, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Why tests with a registry are left out; false: they are not. CI always has one. */
export const NO_REGISTRY = ((): string | false => {
  if (process.env['CI'] !== undefined) return false;
  try {
    execFileSync('docker-registry', ['--version'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'docker-registry is not installed: apt-get install -y docker-registry';
  }
})();

const TYPES = { config: 'application/vnd.oci.image.config.v1+json', layer: 'application/vnd.oci.image.layer.v1.tar+gzip', manifest: 'application/vnd.oci.image.manifest.v1+json', index: 'application/vnd.oci.image.index.v1+json' };

/** Something in the registry by its content. */
export interface Put {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** SHA-256 as registries write it. */
export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** A registry with nothing in it; dispose of it. */
export class LocalRegistry implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), '3bot-registry-'));
  port = 0;
  /** Of each request that puts something in. */
  readonly headers: Record<string, string> = {};
  #end: () => Promise<void> = async () => undefined;

  /** @param htpasswd a line of `htpasswd -B`; left out: anybody may read */
  static async start(htpasswd?: string): Promise<LocalRegistry> {
    const registry = new LocalRegistry();
    registry.port = await freePort();
    const auth = htpasswd === undefined ? '' : `auth: {htpasswd: {realm: here, path: ${registry.folder}/htpasswd}}\n`;
    if (htpasswd !== undefined) writeFileSync(join(registry.folder, 'htpasswd'), `${htpasswd}\n`);
    writeFileSync(join(registry.folder, 'config.yml'), `version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: ${registry.folder}/data}, delete: {enabled: true}}\nhttp: {addr: "127.0.0.1:${registry.port}"}\n${auth}`);
    const child = spawn('docker-registry', ['serve', join(registry.folder, 'config.yml')], { stdio: 'ignore' });
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    registry.#end = async () => {
      child.kill('SIGKILL');
      await ended;
    };
    for (let tries = 0; ; tries += 1) {
      const up = await fetch(`${registry.url}/v2/`).then(() => true, () => false);
      if (up) return registry;
      if (tries === 400) throw new Error('the registry does not start');
      await delay(25);
    }
  }

  /** `localhost:port`, as it stands in an image's name. */
  get host(): string {
    return `localhost:${this.port}`;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async blob(path: string, bytes: Buffer, mediaType: string): Promise<Put> {
    const begun = await fetch(`${this.url}/v2/${path}/blobs/uploads/`, { method: 'POST', headers: this.headers });
    const to = new URL(begun.headers.get('location') ?? '', this.url);
    to.searchParams.set('digest', digestOf(bytes));
    const done = await fetch(to, { method: 'PUT', body: new Uint8Array(bytes), headers: { ...this.headers, 'content-type': 'application/octet-stream' } });
    if (done.status !== 201) throw new Error(`blob: ${done.status} ${await done.text()}`);
    return { mediaType, digest: digestOf(bytes), size: bytes.length };
  }

  async manifest(path: string, tag: string, value: object, mediaType: string): Promise<Put> {
    const bytes = Buffer.from(JSON.stringify(value));
    const done = await fetch(`${this.url}/v2/${path}/manifests/${tag}`, { method: 'PUT', body: new Uint8Array(bytes), headers: { ...this.headers, 'content-type': mediaType } });
    if (done.status !== 201) throw new Error(`manifest: ${done.status} ${await done.text()}`);
    return { mediaType, digest: digestOf(bytes), size: bytes.length };
  }

  /** An image of one platform. @param layers gzipped tars, with the hashes of what is in them */
  async image(path: string, tag: string, platform: string, layers: readonly { gzip: Buffer; diff: string; mediaType?: string }[] = [], config: object = {}): Promise<Put> {
    const [os, architecture] = platform.split('/');
    const described = await this.blob(path, Buffer.from(JSON.stringify({ os, architecture, config, rootfs: { type: 'layers', diff_ids: layers.map(({ diff }) => diff) } })), TYPES.config);
    const put: Put[] = [];
    for (const { gzip, mediaType = TYPES.layer } of layers) put.push(await this.blob(path, gzip, mediaType));
    return this.manifest(path, tag, { schemaVersion: 2, mediaType: TYPES.manifest, config: described, layers: put }, TYPES.manifest);
  }

  /** One image for several platforms, with an attestation as builders add it. */
  async index(path: string, tag: string, images: Readonly<Record<string, Put>>): Promise<Put> {
    const manifests = Object.entries(images).map(([name, put]) => ({ ...put, platform: { os: name.split('/')[0], architecture: name.split('/')[1] } }));
    const attestation = { ...(manifests[0] ?? {}), platform: { os: 'unknown', architecture: 'unknown' } };
    return this.manifest(path, tag, { schemaVersion: 2, mediaType: TYPES.index, manifests: [...manifests, attestation] }, TYPES.index);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
