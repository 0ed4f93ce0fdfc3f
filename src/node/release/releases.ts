// The releases of a node's home folder, one beside the other, and which of them runs.
//
//   releases/<version>/     an unpacked bundle
//   releases/current        link to the one that runs; none: the program that was installed
//   releases/next.json      one that is to be tried: written by `node upgrade`, taken by the supervisor
//   releases/state.json     one on trial, and what became of the last ones
//
// Whoever supervises is the only one who changes `current` and state.json: trial noted → link switched → healthy:
// trial over; anything else: link back, trial over. A supervisor that finds a trial at its start puts the link back.
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { effect } from '../../base/effect.js';
import { Problem } from '../../base/errors.js';
import { MAX_RELEASE_OUTCOMES, RELEASE_UNPACK_TIMEOUT_MS } from '../../base/limits.js';
import { makeFolder, replaceFile, type Home } from '../../home.js';
import { release as ownRelease } from '../../net/release.js';
import { run } from '../children.js';
import { isVersion } from './note.js';

/** What became of a release. */
export interface Outcome {
  readonly version: string;
  /** Null: it runs; else why it was rolled back. */
  readonly problem: string | null;
  readonly at: number;
}

interface State {
  /** On trial; from null: the installed program ran before. */
  readonly trial: { readonly version: string; readonly from: string | null } | null;
  readonly outcomes: readonly Outcome[];
}

/** The folder of one home. */
export class Releases {
  readonly #folder: string;
  readonly #next: string;
  readonly #state: string;

  constructor(home: Home) {
    this.#folder = join(home.path, 'releases');
    this.#next = join(this.#folder, 'next.json');
    this.#state = join(this.#folder, 'state.json');
  }

  /** Version of the release that the link names; null: the program that was installed. */
  get current(): string | null {
    try {
      return readlinkSync(join(this.#folder, 'current'));
    } catch {
      return null;
    }
  }

  /** Version of what runs. */
  get version(): string {
    return this.current ?? ownRelease();
  }

  /** Program of the release that the link names; null: the one that was installed. */
  get program(): string | null {
    return this.current === null ? null : join(this.#folder, this.current, 'bin', '3bot.js');
  }

  get state(): State {
    try {
      return JSON.parse(readFileSync(this.#state, 'utf8')) as State;
    } catch {
      return { trial: null, outcomes: [] };
    }
  }

  /**
   * Unpacks a bundle whose hash was checked; what is there of the same version is replaced.
   * @throws Problem `integrity` where it holds another version than was signed; `failed` with tar's words
   */
  async unpack(bundle: string, version: string, signal: AbortSignal): Promise<void> {
    makeFolder(this.#folder);
    const beside = join(this.#folder, `.${version}.new`);
    rmSync(beside, { recursive: true, force: true });
    mkdirSync(beside, { mode: 0o700 });
    await run('tar', ['--extract', '--gzip', '--file', bundle, '--directory', beside, '--strip-components=1', '--no-same-owner'], signal, RELEASE_UNPACK_TIMEOUT_MS);
    const manifest = JSON.parse(readFileSync(join(beside, 'package.json'), 'utf8')) as { version?: unknown };
    if (manifest.version !== version || !existsSync(join(beside, 'bin', '3bot.js'))) throw new Problem('integrity', `the bundle does not hold 3bot ${version}`, { reason: 'release' });
    rmSync(join(this.#folder, version), { recursive: true, force: true });
    effect('release_unpacked', () => renameSync(beside, join(this.#folder, version)));
  }

  /** Asks the supervisor to try a release that is unpacked. */
  ask(version: string): void {
    effect('release_asked', () => replaceFile(this.#next, `${JSON.stringify({ version })}\n`));
  }

  /** What was asked for, if anything. */
  asked(): string | null {
    if (!existsSync(this.#next)) return null;
    const { version } = JSON.parse(readFileSync(this.#next, 'utf8')) as { version: string };
    return isVersion(version) && existsSync(join(this.#folder, version)) ? version : null;
  }

  /** Begins a trial: from now on `current` is this release. */
  begin(version: string): void {
    this.#write({ ...this.state, trial: { version, from: this.current } });
    rmSync(this.#next, { force: true });
    this.#switch(version);
  }

  /** Ends the trial well; releases but this one and the one before are deleted. */
  settle(at: number): void {
    const { trial, outcomes } = this.state;
    if (trial === null) return;
    this.#write({ trial: null, outcomes: [{ version: trial.version, problem: null, at }, ...outcomes].slice(0, MAX_RELEASE_OUTCOMES) });
    for (const name of readdirSync(this.#folder)) if (isVersion(name) && name !== trial.version && name !== trial.from) rmSync(join(this.#folder, name), { recursive: true, force: true });
  }

  /** Ends the trial, if there is one, by putting back what ran before. @returns what was rolled back */
  rollBack(problem: string, at: number): Outcome | null {
    const { trial, outcomes } = this.state;
    if (trial === null) return null;
    this.#switch(trial.from);
    const outcome = { version: trial.version, problem, at };
    this.#write({ trial: null, outcomes: [outcome, ...outcomes].slice(0, MAX_RELEASE_OUTCOMES) });
    return outcome;
  }

  /** At once: the link is the old one or the new one. */
  #switch(version: string | null): void {
    const link = join(this.#folder, 'current');
    if (version === null) {
      rmSync(link, { force: true });
      return;
    }
    const beside = `${link}.new`;
    rmSync(beside, { force: true });
    symlinkSync(version, beside);
    effect('release_switched', () => renameSync(beside, link));
  }

  #write(state: State): void {
    replaceFile(this.#state, `${JSON.stringify(state)}\n`);
  }
}
