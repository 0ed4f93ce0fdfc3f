// Secrets that a person hands over: from a file, from stdin or at a prompt, never in an argument.
import type { Command } from 'commander';
import { Problem } from '../src/base/errors.js';
import type { GivenSecret } from '../src/consumer/secrets.js';
import type { Workload } from '../src/schema/types.js';
import { collect } from './collect.js';
import type { Context } from './command.js';
import type { BuyerSession } from './deal.js';

/** Flags that give secrets. */
export interface SecretOptions {
  secret?: string[];
  secretEnv?: string[];
}

const HINT = 'NAME=@FILE, NAME=- for stdin, or NAME alone to be asked for it';

/** Adds the flags that give secrets. */
export function secretOptions(command: Command): Command {
  return command
    .option('--secret <name=@file>', 'a file /run/secrets/NAME that only the node is given, sealed; NAME=- reads stdin, NAME alone asks; repeat for more', collect)
    .option('--secret-env <name=variable>', 'the secret NAME as a variable instead, which whoever may exec sees, and podman keeps with the container', collect);
}

/**
 * Reads the secrets that flags name, before anything is opened.
 * @throws Problem `usage`; what was given in place of a file's name is not repeated, it may be the secret
 */
export async function secretsGiven(context: Context, { secret = [], secretEnv = [] }: SecretOptions): Promise<GivenSecret[]> {
  const variables = new Map(secretEnv.map(parseVariable));
  const given: GivenSecret[] = [];
  for (const text of secret) {
    const { name, from } = parseSource(text);
    if (given.some((one) => one.name === name)) throw new Problem('usage', `the secret ${name} is given twice`);
    const env = variables.get(name);
    variables.delete(name);
    given.push({ name, ...(env === undefined ? {} : { env }), bytes: checked(name, await bytesOf(context, name, from), env !== undefined) });
  }
  const [lost] = variables.keys();
  if (lost !== undefined) throw new Problem('usage', `--secret-env ${lost}: there is no such secret`, { hint: `--secret ${lost}=@FILE` });
  if (secret.filter((text) => text.endsWith('=-')).length > 1) throw new Problem('usage', 'only one secret can come from stdin', { hint: HINT });
  return given;
}

/** Secrets of one command, with the keys of whoever gives them. */
export interface SecretSession extends AsyncDisposable {
  /**
   * The workloads with the hashes of their secrets.
   * @param inFile they say themselves which secrets they have; else the one workload has all
   * @throws Problem `usage` where one is missing, or no workload lists it
   */
  listedIn(workloads: readonly Workload[], inFile: boolean): Workload[];
  /** Sends them to the contract's node. @returns what went wrong, which undoes nothing: the contract is as it is */
  send(contract: string): Promise<unknown>;
}

/** Opens what secrets are salted and sent with; cheap where none are given. */
export async function openSecrets({ home, signal }: Context, { grid, buyer }: BuyerSession, given: readonly GivenSecret[]): Promise<SecretSession> {
  const { listing, saltingOf, sendSecrets, withHashes } = await import('../src/consumer/secrets.js');
  const { speakerOf } = await import('../src/net/talk.js');
  const { openPrivate } = await import('../src/private.js');
  const data = openPrivate(home);
  const salting = given.length === 0 ? noSalt : await saltingOf(data, buyer.keyring);
  return {
    listedIn: (workloads, inFile) => withHashes(inFile ? workloads : workloads.map((one) => listing(one, given)), given, salting),
    send: (contract) => sendSecrets({ home, grid, me: speakerOf(buyer.keyring, grid.reader), signal }, contract, given, salting).then(() => undefined, (thrown: unknown) => unsent(thrown, contract, given)),
    async [Symbol.asyncDispose]() {
      data[Symbol.dispose]();
    },
  };
}

function noSalt(): never {
  throw new Error('nothing to salt');
}

/** The contract is in the book, and its node lacks what it needs. */
function unsent(thrown: unknown, contract: string, given: readonly GivenSecret[]): unknown {
  // That another secret is named than was given is not mended by giving it again.
  if (!(thrown instanceof Problem) || thrown.code === 'interrupted' || thrown.reason === 'secret') return thrown;
  const again = given.map(({ name }) => `${name}=@FILE`).join(' ');
  return new Problem(thrown.code, `the node has not been sent its secrets: ${thrown.message}`, { ...(thrown.reason === undefined ? {} : { reason: thrown.reason }), hint: `3bot contract secret ${contract.slice(0, 12)} ${again}`, cause: thrown });
}

/** `NAME`, `NAME=@FILE` or `NAME=-`. */
function parseSource(text: string): { name: string; from: string | null } {
  const at = text.indexOf('=');
  const name = at < 0 ? text : text.slice(0, at);
  if (!/^[a-z0-9-]{1,50}$/.test(name)) throw new Problem('usage', '--secret needs a name of 1 to 50 characters a-z, 0-9 and -', { hint: HINT });
  if (at < 0) return { name, from: null };
  const from = text.slice(at + 1);
  if (from !== '-' && !/^@./.test(from)) throw new Problem('usage', `the secret ${name} stands in the command itself, where other users of this machine and the shell's history see it`, { reason: 'secret', hint: HINT });
  return { name, from };
}

function parseVariable(text: string): readonly [name: string, variable: string] {
  const [, name = '', variable = ''] = /^([a-z0-9-]{1,50})=([A-Za-z_][A-Za-z0-9_]{0,99})$/.exec(text) ?? [];
  if (name === '') throw new Problem('usage', `not NAME=VARIABLE: --secret-env ${JSON.stringify(text.slice(0, 100))}`);
  return [name, variable];
}

async function bytesOf({ io, prompt }: Context, name: string, from: string | null): Promise<Buffer> {
  const { MAX_SECRET_BYTES } = await import('../src/base/limits.js');
  const { readBytes, readInputBytes } = await import('./files.js');
  if (from === null) return Buffer.from(await prompt.secret(`Secret ${name}`, `--secret ${name}=@FILE`));
  return from === '-' ? readInputBytes(io, MAX_SECRET_BYTES) : readBytes(from.slice(1), MAX_SECRET_BYTES);
}

function checked(name: string, bytes: Buffer, isVariable: boolean): Buffer {
  if (bytes.length === 0) throw new Problem('usage', `the secret ${name} is empty`, { hint: HINT });
  if (isVariable && (bytes.includes(0) || !Buffer.from(bytes.toString('utf8')).equals(bytes))) throw new Problem('usage', `the secret ${name} is no text, so it cannot be a variable`, { hint: 'leave out --secret-env: it is a file then' });
  return bytes;
}
