import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { DeadlineExceeded } from '../../schema/runtime/within.ts';
import { type Response, ResponseReader } from './response-reader.ts';

/** One request to a subgraph. */
export type Sent = {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly deadlineMs: number;
  /** Counts the bytes of the response's body while they arrive. Throws if they are too many. */
  readonly addBytes: (count: number) => void;
  /** Aborted when nobody waits for the response any more. */
  readonly signal: AbortSignal | null;
};

type Connect = buildConnector.connector;

/** Subgraphs keep idle connections longer. Closing them first leaves no request on a closed one. */
const idleMs = 30_000;
const sweepMs = 5000;

/**
 * Keeps connections to the subgraphs, at most `most` to each, and sends one request at a time on each: POST with a JSON
 * body, in one write. It takes a third of the time of a general HTTP client, and a question needs several requests.
 * Whatever is wrong with a response closes its connection.
 */
export class Connections {
  readonly #connect: Connect;
  readonly #most: number;
  readonly #targets = new Map<string, Target>();
  readonly #sweep: NodeJS.Timeout;

  constructor(connect: Connect, most: number) {
    this.#connect = connect;
    this.#most = most;
    this.#sweep = setInterval(() => {
      for (const target of this.#targets.values()) target.closeIdle(Date.now() - idleMs);
    }, sweepMs).unref();
  }

  /** Sends one request. Rejects if no response arrives in time, or if it is malformed or too large. */
  async post(url: string, sent: Sent): Promise<Response> {
    let target = this.#targets.get(url);
    if (target === undefined) {
      target = new Target(new URL(url), this.#connect, this.#most);
      this.#targets.set(url, target);
    }
    const exchange = new Exchange(sent, target.toText(sent));
    target.start(exchange);
    return await exchange.response;
  }

  /** Closes all connections. Requests in progress are rejected. */
  destroy(): void {
    clearInterval(this.#sweep);
    for (const target of this.#targets.values()) target.destroy();
  }
}

/** The connections to one URL, and the requests that wait for one. */
class Target {
  readonly #url: URL;
  readonly #connect: Connect;
  readonly #most: number;
  readonly #head: string;
  readonly #open = new Set<Connection>();
  readonly #idle: Connection[] = [];
  #waiting: Exchange[] = [];
  #connecting = 0;
  #isClosed = false;

  constructor(url: URL, connect: Connect, most: number) {
    this.#url = url;
    this.#connect = connect;
    this.#most = most;
    this.#head = `POST ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\naccept: application/json\r\n`;
  }

  /** Returns the text of a request. Throws if a header has a character that would end it. */
  toText({ body, headers }: Sent): string {
    let head = this.#head;
    for (const [name, value] of Object.entries(headers)) {
      if (/[\r\n\0]/.test(value)) throw new Error(`${name}: expected a header value in one line`);
      head += `${name}: ${value}\r\n`;
    }
    if (!Object.hasOwn(headers, 'content-type')) head += 'content-type: application/json\r\n';
    return `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  }

  start(exchange: Exchange): void {
    const idle = this.#idle.pop();
    if (idle !== undefined) idle.run(exchange);
    else if (this.#open.size + this.#connecting < this.#most) this.#connectFor(exchange);
    else this.#waiting.push(exchange);
  }

  closeIdle(before: number): void {
    for (const { idleSince, socket } of this.#idle) if (idleSince < before) socket.destroy();
  }

  destroy(): void {
    this.#isClosed = true;
    const closed = new Error('the connections to the subgraph are closed');
    for (const one of this.#waiting.splice(0)) one.fail(closed);
    for (const { socket } of this.#open) socket.destroy(closed);
  }

  #connectFor(exchange: Exchange): void {
    this.#connecting += 1;
    const { protocol, hostname, host, port } = this.#url;
    // undici's type wants the name of the TLS server, which it takes from the host.
    const options = { protocol, hostname, host, port, servername: '', httpSocket: null } as never;
    this.#connect(options, (error, socket) => {
      this.#connecting -= 1;
      // undici gives no socket at all with an error, against its type.
      if (error !== null || this.#isClosed) {
        socket?.destroy();
        exchange.fail(error ?? new Error('the connections to the subgraph are closed'));
        this.#startNext();
        return;
      }
      const connection = new Connection(
        socket,
        () => this.#keep(connection),
        () => this.#forget(connection),
      );
      this.#open.add(connection);
      connection.run(exchange);
    });
  }

  #keep(connection: Connection): void {
    const next = this.#nextWaiting();
    if (next !== undefined) connection.run(next);
    else this.#idle.push(connection);
  }

  #forget(connection: Connection): void {
    this.#open.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#startNext();
  }

  #startNext(): void {
    const next = this.#nextWaiting();
    if (next !== undefined) this.start(next);
  }

  /** Returns the next request whose deadline has not passed while it waited. */
  #nextWaiting(): Exchange | undefined {
    const at = this.#waiting.findIndex(({ isDone }) => !isDone);
    const next = this.#waiting[at];
    this.#waiting = at < 0 ? [] : this.#waiting.slice(at + 1);
    return next;
  }
}

/** One connection. It closes itself if the request on it fails. */
class Connection {
  readonly socket: Socket;
  readonly #keep: () => void;
  #exchange: Exchange | null = null;
  idleSince = 0;

  constructor(socket: Socket, keep: () => void, forget: () => void) {
    this.socket = socket;
    this.#keep = keep;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('error', (error) => this.#exchange?.fail(error));
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      this.#exchange?.fail(new Error('the subgraph closed the connection before the end of its response'));
      this.#exchange = null;
      forget();
    });
  }

  run(exchange: Exchange): void {
    if (exchange.isDone) {
      this.#keep();
      return;
    }
    this.#exchange = exchange;
    exchange.onStop = () => {
      this.#exchange = null;
      this.socket.destroy();
    };
    this.socket.ref();
    this.socket.write(exchange.text);
  }

  #take(bytes: Buffer): void {
    const exchange = this.#exchange;
    // Bytes without a request, such as a second response, could be taken for the answer to another reader.
    if (exchange === null) {
      this.socket.destroy();
      return;
    }
    const isKept = exchange.take(bytes);
    if (isKept === null) return;
    this.#exchange = null;
    if (!isKept || this.socket.destroyed) {
      this.socket.destroy();
      return;
    }
    this.idleSince = Date.now();
    // An idle connection does not keep the process running.
    this.socket.unref();
    this.#keep();
  }
}

/** A request with its response, from the start of its deadline. */
class Exchange {
  readonly text: string;
  readonly response: Promise<Response>;
  isDone = false;
  /** Ends the connection that the request is on. */
  onStop: (() => void) | null = null;
  readonly #reader: ResponseReader;
  readonly #resolve: (response: Response) => void;
  readonly #reject: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #signal: AbortSignal | null;
  readonly #leave = () => this.fail(new Error('nobody waits for the response any more'));

  constructor({ deadlineMs, addBytes, signal }: Sent, text: string) {
    this.text = text;
    this.#reader = new ResponseReader(addBytes);
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    [this.response, this.#resolve, this.#reject] = [promise, resolve, reject];
    this.#timer = setTimeout(() => {
      this.fail(new DeadlineExceeded(`expected a response within ${deadlineMs} ms, got none`));
    }, deadlineMs);
    this.#signal = signal;
    if (signal?.aborted === true) this.#leave();
    else signal?.addEventListener('abort', this.#leave, { once: true });
  }

  /** Takes bytes of the response. Returns whether the connection is kept, once the response is complete. */
  take(bytes: Buffer): boolean | null {
    try {
      const response = this.#reader.take(bytes);
      if (response === null) return null;
      this.#settle();
      this.#resolve(response);
      return response.isKept;
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  fail(error: unknown): void {
    if (this.isDone) return;
    this.#settle();
    this.#reject(error);
    this.onStop?.();
  }

  #settle(): void {
    this.isDone = true;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#leave);
  }
}
