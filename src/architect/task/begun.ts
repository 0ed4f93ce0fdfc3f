// How far tasks are that were begun with this home folder: a small file for each, gone when the task is done.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { canonical } from '../../base/canonical.js';
import { sha256Hex } from '../../base/hash.js';
import { makeFolder, replaceFile, type Home } from '../../home.js';
import type { BegunTask } from '../../schema/types.js';
import { shapeError } from '../../schema/validate.js';
import type { Done } from './perform.js';
import type { Task } from './task.js';

/** What a task was when it was begun: another version of it begins anew. */
function versionOf({ title, about, inputs, checks, undo, steps }: Task): string {
  return sha256Hex(JSON.stringify([title, about, inputs, checks, undo, steps(new Map(inputs.map(({ name }) => [name, ''])), [])]));
}

function pathOf(home: Home, { name }: Task): string {
  return join(home.path, 'tasks', `${name.replace(/[^A-Za-z0-9@-]/g, '.')}.json`);
}

/** How far this task is; undefined where it was not begun, is done, or was another one then. */
export function begun(home: Home, task: Task): Done | undefined {
  let kept: unknown;
  try {
    kept = JSON.parse(readFileSync(pathOf(home, task), 'utf8'));
  } catch {
    return undefined;
  }
  if (shapeError('begun_task@1', kept) !== null) return undefined;
  const { version, steps, values } = kept as BegunTask;
  return version === versionOf(task) ? { steps, values: new Map(values.map(({ name, value }) => [name, value])) } : undefined;
}

/** Keeps how far it is. Durable on return; holds no secret, since inputs that are secrets are never values. */
export function keepBegun(home: Home, task: Task, { steps, values }: Done): void {
  makeFolder(join(home.path, 'tasks'));
  const kept: BegunTask = { version: versionOf(task), steps, values: [...values].map(([name, value]) => ({ name, value })) };
  replaceFile(pathOf(home, task), `${canonical(kept)}\n`);
}

/** Forgets it: it is done, or begins anew. */
export function forgetBegun(home: Home, task: Task): void {
  rmSync(pathOf(home, task), { force: true });
}
