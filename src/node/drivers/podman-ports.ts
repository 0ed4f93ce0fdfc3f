// At which ports of this machine a workload's ports are reached: the same ones whenever it is made anew, so that who
// knows an address keeps it over updates. They follow from names, not from what was before, so nothing has to be kept.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { Problem } from '../../base/errors.js';
import { sha256Hex } from '../../base/hash.js';
import type { WorkloadPort } from '../../schema/types.js';
import type { StartSpec } from '../driver.js';

/** Below what kernels give to connections that go out (from 32768 on), above what services use. */
const FIRST = 20_000;
const SPAN = 10_000;
/** Ports that are tried; each may be another contract's, or a program's of the machine. */
const TRIES = 256;

/** Whether a port of this machine can be listened on now. */
export type IsFree = (port: number, protocol: WorkloadPort['protocol']) => Promise<boolean>;

/**
 * Ports of this machine for those of a workload; tcp and udp of one port have the same.
 * @param taken by containers, whether they run or not
 * @throws Problem `failed`, reason `ports`, where none is free
 */
export async function hostPorts({ contract, workload }: Pick<StartSpec, 'contract' | 'workload'>, taken: ReadonlySet<number>, isFree: IsFree): Promise<ReadonlyMap<number, number>> {
  const given = new Map<number, number>();
  for (const inside of new Set(workload.ports.map(({ container }) => container))) {
    const protocols = workload.ports.filter(({ container }) => container === inside).map(({ protocol }) => protocol);
    const from = Number.parseInt(sha256Hex(`${contract}/${workload.name}/${inside}`).slice(0, 8), 16);
    for (let i = 0; i < TRIES && !given.has(inside); i += 1) {
      const port = FIRST + ((from + i) % SPAN);
      if (taken.has(port) || [...given.values()].includes(port)) continue;
      const free = await Promise.all(protocols.map((protocol) => isFree(port, protocol)));
      if (free.every(Boolean)) given.set(inside, port);
    }
    if (!given.has(inside)) throw new Problem('failed', 'this machine has no port left to publish', { reason: 'ports' });
  }
  return given;
}

/** Looks whether a port of an address can be listened on, by trying. */
export function freeOn(address: string): IsFree {
  return (port, protocol) => new Promise((resolve) => {
    if (protocol === 'tcp') {
      const server = createServer().once('error', () => resolve(false));
      server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve(true)));
    } else {
      const socket = createSocket('udp4').once('error', () => resolve(false));
      socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve(true)));
    }
  });
}
