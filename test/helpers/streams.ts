import { type Client as SseClient, createClient as createSseClient } from 'graphql-sse';
import { type Client as WsClient, createClient as createWsClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { type As, type Asked, tokenOf } from './ask.ts';

/** Returns the WebSocket URL of a trial. */
export function socketUrl({ url }: Pick<Asked, 'url'>): string {
  return url.replace(/^http/, 'ws');
}

/** Returns a client of graphql-ws for a reader. It does not retry. */
export async function wsClient(trial: Asked, who: As, changes = {}): Promise<WsClient> {
  const authorization = `Bearer ${await tokenOf(trial, who)}`;
  return createWsClient({
    url: socketUrl(trial),
    webSocketImpl: WebSocket,
    connectionParams: { authorization },
    retryAttempts: 0,
    ...changes,
  });
}

/** Returns a client of graphql-sse for a reader, in the mode of distinct connections. It does not retry. */
export async function sseClient(trial: Asked, who: As): Promise<SseClient> {
  const authorization = `Bearer ${await tokenOf(trial, who)}`;
  return createSseClient({ url: trial.url, headers: { authorization }, retryAttempts: 0 });
}

type Client = Pick<WsClient | SseClient, 'iterate'>;

/** Returns the first result of an operation. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers by path
export async function firstOf(client: Client, query: string, variables = {}): Promise<any> {
  for await (const result of client.iterate({ query, variables })) return result;
  return null;
}

/** A raw connection with the subprotocol `graphql-transport-ws`, to send what no client library sends. */
export class RawSocket implements AsyncDisposable {
  readonly socket: WebSocket;
  readonly #messages: unknown[] = [];
  #notify: () => void = () => undefined;
  #closed: { readonly code: number; readonly reason: string } | null = null;

  constructor(url: string, options: { origin?: string; headers?: Record<string, string> } = {}) {
    this.socket = new WebSocket(url, 'graphql-transport-ws', options);
    this.socket.on('message', (data: Buffer) => {
      this.#messages.push(JSON.parse(data.toString()));
      this.#notify();
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', (code, reason) => {
      this.#closed = { code, reason: String(reason) };
      this.#notify();
    });
  }

  async open(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.socket.once('open', resolve);
      this.socket.once('error', reject);
    });
    return this;
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Returns the next message, or null once the connection is closed. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into messages by path
  async next(): Promise<any> {
    while (this.#messages.length === 0 && this.#closed === null)
      await new Promise<void>((resolve) => (this.#notify = resolve));
    return this.#messages.shift() ?? null;
  }

  /** Waits for the end of the connection. */
  async closed(): Promise<number> {
    while (this.#closed === null) await new Promise<void>((resolve) => (this.#notify = resolve));
    return this.#closed.code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.terminate();
    await this.closed();
  }
}
