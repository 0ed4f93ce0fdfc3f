// What the tests of the drivers share.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Driver, Ref, Running, Scope, StartSpec } from '../../../src/node/driver.js';
import type { Workload } from '../../../src/schema/types.js';

/** A scope that nobody else has. */
export function newScope(): Scope {
  return { grid: randomBytes(32).toString('hex'), node: randomBytes(32).toString('hex') };
}

/** A contract id that nobody else has. */
export function newContract(): string {
  return randomBytes(20).toString('hex');
}

/** A workload with everything left out that is not said. */
export function workload(said: Partial<Workload>): Workload {
  return { name: 'web', image: null, command: [], env: [], ports: [], secrets: [], ...said };
}

/** A spec with small limits. */
export function specOf(said: Partial<StartSpec> & { workload: Workload }): StartSpec {
  return { contract: newContract(), limits: { cru: 1, mru_mib: 64, pids: 32 }, data: null, address: '127.0.0.1', ...said };
}

/** A signal that ends a test which hangs. */
export function within(seconds: number): AbortSignal {
  return AbortSignal.timeout(seconds * 1_000);
}

/** Asks until there is an answer; throws after a minute. */
export async function until<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`not within a minute: ${what}`);
    await delay(50);
  }
}

/** What a driver says of one workload. */
export async function seen(driver: Driver, ref: Ref): Promise<Running | undefined> {
  return (await driver.list(within(20))).find((one) => one.contract === ref.contract && one.workload === ref.workload);
}

/** Waits until a workload has ended. */
export async function ended(driver: Driver, ref: Ref): Promise<Running> {
  return until('end of the workload', async () => {
    const one = await seen(driver, ref);
    return one !== undefined && one.state !== 'running' && one.state !== 'created' && one;
  });
}

/** The reference of a spec. */
export function refOf(spec: StartSpec): Ref {
  return { contract: spec.contract, workload: spec.workload.name };
}

/** Text of an HTTP answer, asked until the server is up. */
export async function fetched(port: number, path = '/'): Promise<string> {
  return until(`answer on port ${port}`, async () => {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { signal: within(2) });
      return await answer.text();
    } catch {
      return undefined;
    }
  });
}
