import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that listens. `stop` accepts no more requests and waits for those in progress, for `drainMs` at most. */
export type ListeningServer = { readonly port: number; stop(drainMs: number): Promise<void> };

/**
 * Where a server listens. `choose` is how to choose another port if this one is in use, such as `JCU_PORT`. With
 * `reusePort`, other processes that set it listen on the same port, and the kernel divides the connections among them.
 */
export type ListenPlace = {
  readonly host: string;
  readonly port: number;
  readonly choose: string;
  readonly reusePort?: boolean;
};

/** Starts to listen. Throws if the port is in use. */
export async function listenOn(
  server: Server,
  { host, port, choose, reusePort = false }: ListenPlace,
): Promise<ListeningServer> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = `port ${port} on ${host} is in use: stop the program that listens there, or choose another (${choose})`;
      reject(error.code === 'EADDRINUSE' ? new Error(taken, { cause: error }) : error);
    });
    server.listen({ port, host, reusePort }, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: async (drainMs) => await drain(server, drainMs),
  };
}

async function drain(server: Server, drainMs: number): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), drainMs);
  await closed;
  clearTimeout(timer);
}
