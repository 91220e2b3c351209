import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy to a local port that can drop replies: requests arrive, replies do not. */
export class LossyLine implements AsyncDisposable {
  /** While true, each connection is closed when its next reply arrives. */
  losesReplies = false;
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  constructor(server: Server, port: number, sockets: Set<Socket>) {
    this.#server = server;
    this.port = port;
    this.#sockets = sockets;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }
}

export async function openLine(toPort: number): Promise<LossyLine> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const store = connect(toPort, '127.0.0.1');
    for (const socket of [client, store]) sockets.add(socket.on('error', () => {}));
    client.on('data', (bytes) => store.write(bytes)).on('close', () => store.end());
    store.on('data', (bytes) => (line.losesReplies ? client.destroy() : client.write(bytes)));
    store.on('close', () => client.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const line = new LossyLine(server, address.port, sockets);
  return line;
}
