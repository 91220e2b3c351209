import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A message as a receiver got it. */
export type Received = {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders & Readonly<Record<string, string>>;
  readonly body: string;
};

/** A receiver of webhooks on the loopback, which answers as the test says. */
export type Receiver = AsyncDisposable & {
  readonly url: string;
  readonly received: readonly Received[];
  /** Answers each message, 204 by default. */
  answer: (response: ServerResponse, message: Received) => void;
};

/** Starts a receiver. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const headers = request.headers as Received['headers'];
      const message = { method: request.method, path: request.url, headers, body };
      received.push(message);
      receiver.answer(response, message);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks?token=not-for-logs`,
    received,
    answer: (response) => void response.writeHead(204).end(),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}
