// Running a command in a container that is there: podman's exec, bounded in time and output.
import { readFile } from 'node:fs/promises';
import { isProblem } from '../../base/errors.js';
import type { RunLimits, RunResult } from '../driver.js';
import { familyOf, killAll } from './group.js';
import type { PodmanApi } from './podman-api.js';

/** Each part of the output comes behind 8 bytes: stream, three zeros, length (big-endian). */
export const FRAME_BYTES = 8;

/**
 * Runs words in a container to their end. Whatever ends the wait also kills them: podman itself would let them go on.
 * @throws Problem `failed` with podman's words, `unreachable` (reason `timeout`), `interrupted`
 */
export async function runInside(api: PodmanApi, container: string, words: readonly string[], { timeout_ms, max_bytes }: RunLimits, signal: AbortSignal): Promise<RunResult> {
  const body = { Cmd: words, AttachStdout: true, AttachStderr: true };
  const { Id } = (await api.json({ method: 'POST', path: `/containers/${container}/exec`, body, signal })) as { Id: string };
  try {
    // Many short parts need more for what is before each than for what they say; then the end is missing.
    const { bytes } = await api.call({ method: 'POST', path: `/exec/${Id}/start`, body: { Detach: false, Tty: false }, signal, timeout_ms, keep_bytes: 2 * max_bytes + 1_024 });
    const { ExitCode } = await inspect(api, Id, signal);
    return { exit_code: ExitCode, output: unframed(bytes).subarray(0, max_bytes).toString('utf8') };
  } catch (error) {
    if (isProblem(error, 'unreachable') || isProblem(error, 'interrupted')) await kill(api, Id, container).catch(() => undefined);
    throw error;
  }
}

/** What was printed, both streams as they came. */
export function unframed(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at + FRAME_BYTES <= bytes.length; ) {
    const length = bytes.readUInt32BE(at + 4);
    parts.push(bytes.subarray(at + FRAME_BYTES, at + FRAME_BYTES + length));
    at += FRAME_BYTES + length;
  }
  return Buffer.concat(parts);
}

/** Of GET /exec/<id>/json, as far as it is used. */
interface Session {
  readonly ExitCode: number;
  readonly Running: boolean;
  readonly Pid: number;
}

/** What podman knows of something it executes. */
export async function inspect(api: PodmanApi, id: string, signal: AbortSignal): Promise<Session> {
  return (await api.json({ method: 'GET', path: `/exec/${id}/json`, signal })) as Session;
}

/** Kills whatever is executed in a container, by whomever it was begun. */
export async function killLeft(api: PodmanApi, container: string, signal: AbortSignal): Promise<void> {
  const { ExecIDs } = (await api.json({ method: 'GET', path: `/containers/${container}/json`, signal })) as { ExecIDs: string[] | null };
  // Podman forgets what has ended between the two questions.
  for (const id of ExecIDs ?? []) await kill(api, id, container).catch(() => undefined);
}

/** Podman 4 cannot end what it executes, so the kernel is asked: with all that it has begun. */
export async function kill(api: PodmanApi, id: string, container: string): Promise<void> {
  const { Running, Pid } = await inspect(api, id, AbortSignal.timeout(5_000));
  if (!Running || Pid <= 1) return;
  // The number may belong to another process by now; one in this container's group is the tenant's own.
  const isInside = async (pid: number): Promise<boolean> => (await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '')).includes(container);
  await killAll(await familyOf(Pid), isInside);
}
