// QEMU's control socket (QEMU Machine Protocol): asked for one thing only, to press the machine's power button.
import { createConnection } from 'node:net';
import { MAX_QMP_BYTES, RUNTIME_TIMEOUT_MS } from '../../base/limits.js';

/**
 * Presses the power button (ACPI); a system that listens shuts down.
 * @returns whether QEMU has taken it; false where nobody answers
 */
export async function pressPower(socket: string, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(socket);
    let text = '';
    const end = (done: boolean): void => {
      resolve(done);
      connection.destroy();
    };
    const limit = AbortSignal.any([signal, AbortSignal.timeout(RUNTIME_TIMEOUT_MS)]);
    limit.addEventListener('abort', () => end(false), { once: true });
    connection.once('error', () => end(false)).once('close', () => end(false));
    connection.once('connect', () => connection.write('{"execute":"qmp_capabilities"}\n{"execute":"system_powerdown","id":"power"}\n'));
    connection.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (text.length > MAX_QMP_BYTES) end(false);
      const answer = text.split('\n').find((line) => line.includes('"id": "power"'));
      if (answer !== undefined) end(answer.includes('"return"'));
    });
  });
}
