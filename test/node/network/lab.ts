// Machines made of network namespaces, joined by cables: what tests of networks run in. Linux, as root.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, type Programs } from '../../../src/node/children.js';

/** Whether such machines can be made here, and what is missing; in CI everything is there, or the tests fail. */
export function missing(...programs: readonly string[]): string | false {
  if (process.env['CI'] !== undefined) return false;
  if (process.getuid?.() !== 0) return 'namespaces need root';
  const lost = programs.filter((program) => {
    try {
      execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
      return false;
    } catch {
      return true;
    }
  });
  return lost.length === 0 ? false : `not installed: ${lost.join(', ')}`;
}

/** Machines that go away together, with everything that runs in them. */
export class Lab implements AsyncDisposable {
  /** A folder of its own. */
  readonly folder = mkdtempSync(join(tmpdir(), '3bot-lab-'));
  readonly #id = randomBytes(3).toString('hex');
  readonly #machines: string[] = [];
  readonly #children: ChildProcess[] = [];
  readonly #sockets: string[] = [];
  #cables = 0;

  /** A new machine with its loopback up; its name is that of the namespace. */
  machine(name: string): string {
    const full = `3bt${this.#id}-${name}`;
    ip('netns', 'add', full);
    this.#machines.push(full);
    ip('-n', full, 'link', 'set', 'lo', 'up');
    return full;
  }

  /** A cable between two machines; addresses as `a.b.c.d/bits`. */
  cable(a: string, addressA: string, b: string, addressB: string): void {
    const ends = [`t${this.#id}${this.#cables}a`, `t${this.#id}${this.#cables}b`] as const;
    this.#cables += 1;
    ip('-n', a, 'link', 'add', ends[0], 'type', 'veth', 'peer', 'name', ends[1], 'netns', b);
    for (const [machine, end, address] of [[a, ends[0], addressA], [b, ends[1], addressB]] as const) {
      ip('-n', machine, 'address', 'add', address, 'dev', end);
      ip('-n', machine, 'link', 'set', end, 'up');
    }
  }

  /** A cable from a machine into a bridge of another. */
  plug(switching: string, bridge: string, machine: string, address: string): void {
    const ends = [`t${this.#id}${this.#cables}a`, `t${this.#id}${this.#cables}b`] as const;
    this.#cables += 1;
    ip('-n', switching, 'link', 'add', ends[0], 'type', 'veth', 'peer', 'name', ends[1], 'netns', machine);
    ip('-n', switching, 'link', 'set', ends[0], 'master', bridge, 'up');
    ip('-n', machine, 'address', 'add', address, 'dev', ends[1]);
    ip('-n', machine, 'link', 'set', ends[1], 'up');
  }

  /** What `wg-quick up` does of a file, where resolvconf and iptables are not wanted. */
  async wireguard(machine: string, device: string, file: string, address: string): Promise<void> {
    const name = `${device}${this.#id}`;
    try {
      ip('-n', machine, 'link', 'add', name, 'type', 'wireguard');
    } catch {
      await this.run(machine, 'wireguard-go', name);
      this.#sockets.push(`/var/run/wireguard/${name}.sock`);
    }
    await this.run(machine, 'wg', 'setconf', name, file);
    ip('-n', machine, 'address', 'add', address, 'dev', name);
    ip('-n', machine, 'link', 'set', name, 'mtu', '1420', 'up');
  }

  /** Runs `ip` on a machine. */
  ip(machine: string, ...args: readonly string[]): string {
    return ip('-n', machine, ...args);
  }

  /** A program that goes on until the end of the lab. */
  spawn(machine: string, file: string, ...args: readonly string[]): ChildProcess {
    const child = spawn('nsenter', [`--net=/run/netns/${machine}`, file, ...args], { stdio: 'ignore', cwd: this.folder });
    this.#children.push(child);
    return child;
  }

  /** A web server on a machine, on every address, whose page is its name. */
  serve(machine: string, name: string): void {
    const page = mkdtempSync(join(this.folder, 'www-'));
    writeFileSync(join(page, 'index.html'), name);
    this.spawn(machine, 'busybox', 'httpd', '-f', '-p', '80', '-h', page);
  }

  /** Runs a program on a machine to its end. */
  async run(machine: string, file: string, ...args: readonly string[]): Promise<string> {
    return programsOf(machine)(file, args, AbortSignal.timeout(20_000));
  }

  /** The page that a web server gives to a machine; empty where there is no answer. */
  async get(machine: string, address: string, port = 80): Promise<string> {
    const asked = programsOf(machine)('busybox', ['nc', '-w', '2', address, String(port)], AbortSignal.timeout(5_000), undefined, 'GET / HTTP/1.0\r\n\r\n');
    return (await asked.catch(() => '')).trimEnd().split('\n').at(-1)?.trim() ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    // Its end.
    for (const socket of this.#sockets) rmSync(socket, { force: true });
    for (const machine of this.#machines) ip('netns', 'delete', machine);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Programs as they run on a machine of a lab. `ip netns exec` would hide the machine's cgroups. */
export function programsOf(machine: string): Programs {
  return async (file, args, ...rest) => run('nsenter', [`--net=/run/netns/${machine}`, file, ...args], ...rest);
}

function ip(...args: readonly string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
