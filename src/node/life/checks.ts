// Carries out one health check: a command within the workload, an HTTP request or a TCP connection from this machine.
import { request } from 'node:http';
import { connect } from 'node:net';
import { isProblem, messageOf, Problem } from '../../base/errors.js';
import { MAX_HEALTH_OUTPUT_BYTES } from '../../base/limits.js';
import type { HealthCheck } from '../../schema/types.js';
import { oneLine } from '../children.js';
import type { Driver, Ref } from '../driver.js';
import type { Finding } from './health.js';

/**
 * Checks once, within its time-out. Only ever connects to the workload's own address.
 * @returns null where it holds, else why not: one line
 * @throws Problem `interrupted` when the signal aborts, `not_found` when it runs no longer
 */
export async function checkOnce(driver: Driver, ref: Ref, address: string | null, check: HealthCheck, signal: AbortSignal): Promise<Finding> {
  const { type, command = [], port = 0, path = '/', timeout_ms } = check;
  try {
    if (type === 'command') {
      const { exit_code, output } = await driver.run(ref, command, { timeout_ms, max_bytes: MAX_HEALTH_OUTPUT_BYTES }, signal);
      return exit_code === 0 ? null : oneLine(`the check ended with ${exit_code} ${output}`);
    }
    if (address === null) return 'it has no address at which it could be asked';
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeout_ms)]);
    await (type === 'http' ? askHttp(address, port, path, limit) : connectTcp(address, port, limit));
    return null;
  } catch (thrown) {
    if (signal.aborted) throw new Problem('interrupted', 'stopped while checking a workload');
    if (isProblem(thrown, 'not_found')) throw thrown;
    return isTimeout(thrown) ? `no answer within ${timeout_ms} ms` : oneLine(messageOf(thrown));
  }
}

function isTimeout(thrown: unknown): boolean {
  return isProblem(thrown, 'unreachable', 'timeout') || (thrown instanceof Error && (thrown.name === 'AbortError' || thrown.name === 'TimeoutError'));
}

/** Status 200 to 399; a redirection is an answer, and not followed. */
async function askHttp(host: string, port: number, path: string, signal: AbortSignal): Promise<void> {
  const status = await new Promise<number>((resolve, reject) => {
    const asked = request({ host, port, path, agent: false, signal, headers: { 'user-agent': '3bot', connection: 'close' } }, (answer) => {
      // What it says is of no interest, and may have no end.
      answer.destroy();
      resolve(answer.statusCode ?? 0);
    });
    // An answer that changes the protocol (101) ends the connection with neither an answer nor an error.
    asked.once('error', reject).once('close', () => reject(new Problem('failed', 'it closed the connection without an answer'))).end();
  });
  if (status < 200 || status > 399) throw new Problem('failed', `GET ${path} on port ${port} answers ${status}`);
}

async function connectTcp(host: string, port: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host, port, signal });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}
