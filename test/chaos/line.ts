// A line to a server that a test cuts and mends: TCP, on loopback.
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Who calls it reaches the server, nobody, or somebody who says nothing. */
export class Line implements AsyncDisposable {
  readonly #to: number;
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #port = 0;
  #held: Socket[] | null = null;

  private constructor(to: number) {
    this.#to = to;
    this.#server = createServer((socket) => {
      this.#open.add(socket.on('error', () => undefined));
      if (this.#held === null) this.#join(socket);
      else this.#held.push(socket);
    });
  }

  /** @param to port of the server */
  static async start(to: number): Promise<Line> {
    const line = new Line(to);
    await line.mend();
    return line;
  }

  get port(): number {
    return this.#port;
  }

  /** How many have called and wait. */
  get waiting(): number {
    return this.#held?.length ?? 0;
  }

  /** Nobody listens any more. */
  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#open) socket.destroy();
    this.#open.clear();
    await closed;
  }

  /** From now on callers are let in, and wait. */
  hold(): void {
    this.#held = [];
    for (const socket of this.#open) socket.destroy();
    this.#open.clear();
  }

  /** As it was; who waits is put through. */
  async mend(): Promise<void> {
    for (const socket of this.#held ?? []) this.#join(socket);
    this.#held = null;
    if (this.#server.listening) return;
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  #join(socket: Socket): void {
    const onward = connect(this.#to, '127.0.0.1').on('error', () => socket.destroy());
    socket.pipe(onward).pipe(socket).once('close', () => onward.destroy());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.cut();
  }
}
