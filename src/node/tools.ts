// What a node works with on its machine, by its config.
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../base/clock.js';
import type { Home } from '../home.js';
import type { NodeConfig } from '../schema/types.js';
import type { Driver } from './driver.js';
import { Logs } from './logs.js';
import { podmanSocket } from './drivers/podman-service.js';
import { PodmanDriver } from './drivers/podman.js';
import { ProcessDriver } from './drivers/process.js';
import { gatewayPlaces } from './gateway/caddy.js';
import { WebGateway } from './gateway/gateway.js';
import { Machines } from './machines/machines.js';
import { NO_NETWORKS, type Networks } from './network/networks.js';
import { MarkedVolumes, volumesFolder } from './mark.js';
import { FolderVolumes, LoopVolumes, promisedBytes, type Volumes } from './volume.js';

/** Runtime, volumes, networks, and where workloads' ports are published. */
export interface Tools {
  readonly driver: Driver;
  readonly volumes: Volumes;
  readonly networks: Networks;
  /** Folder of the volumes. */
  readonly folder: string;
  readonly address: string;
}

/**
 * Opens a node's tools; nothing is started or made yet. Dispose of the driver.
 * @param overcommit volumes may add up to more than the disk has: the node's capacity is declared, not measured
 */
export function openTools(home: Home, { grid, key, runtime, data, allow_registries, allow_networks = [], address, gateway, marked }: Pick<NodeConfig, 'grid' | 'key' | 'runtime' | 'data' | 'allow_registries' | 'allow_networks' | 'address' | 'gateway' | 'marked'>, overcommit: boolean): Tools {
  const scope = { grid, node: key };
  const folder = volumesFolder({ data });
  const plain = openVolumes({ runtime, data }, overcommit);
  const volumes = marked === folder ? new MarkedVolumes(plain, folder, key) : plain;
  const published = publishedOn(address);
  const logs = new Logs(join(data, 'logs'));
  if (runtime === 'process') return { driver: new ProcessDriver({ ...scope, folder: join(data, 'processes'), logs }), volumes, networks: NO_NETWORKS, folder, address: published };
  const driver = new PodmanDriver({ ...scope, socket: podmanSocket(home.path), allowRegistries: allow_registries, allowNetworks: allow_networks, openPorts: gateway === undefined ? [] : [gateway.http, gateway.https], address, networksFolder: join(data, 'networks'), logs, folder: join(data, 'podman'), promised: async () => (overcommit ? 0 : promisedBytes(folder)), machines: new Machines({ ...scope, folder: data }) });
  return { driver, volumes, networks: driver.networks, folder, address: published };
}

/** A node's volumes, whether or not their folder is marked. */
export function openVolumes({ runtime, data }: Pick<NodeConfig, 'runtime' | 'data'>, overcommit: boolean): Volumes {
  const folder = volumesFolder({ data });
  return runtime === 'process' ? new FolderVolumes(folder) : new LoopVolumes(folder, { overcommit });
}

/** Opens a node's web gateway, or what there would be with these settings; null where it has none. Nothing is started yet. Dispose of it. */
export function openGateway(home: Home, { gateway, runtime, data, address }: Pick<NodeConfig, 'gateway' | 'runtime' | 'data' | 'address'>, clock: Clock): WebGateway | null {
  if (gateway === undefined || runtime === 'process') return null;
  return new WebGateway({ settings: gateway, public_address: address, address: publishedOn(address), places: gatewayPlaces(home.path, data), clock });
}

/** Ports of a node without an address are for this machine; an address that is not this machine's own is in front of it. */
function publishedOn(address: string | null): string {
  if (address === null || address === 'localhost') return '127.0.0.1';
  const own = Object.values(networkInterfaces()).some((all) => all?.some((one) => one.address === address) === true);
  return isIP(address) !== 0 && own ? address : '0.0.0.0';
}
