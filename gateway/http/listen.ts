import type { Express } from 'express';
import type { AddressInfo } from 'node:net';
import { createServerOf, schemeOf, type Tls } from '../../schema/runtime/tls.ts';

/** A running server: its URL, and `stop`, which waits up to two seconds for open requests. */
export type Listening = { readonly url: string; stop(): Promise<void> };

/**
 * Starts to listen, over HTTPS if a certificate is given, with time limits for headers and bodies. Throws if the port is
 * in use.
 */
export async function listen(
  app: Express,
  { host, port, ...tls }: { readonly host: string; readonly port: number } & Tls,
): Promise<Listening> {
  const server = createServerOf(tls, app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = `port ${port} is in use: stop what listens there, or choose another (JCU_PORT or --port)`;
      reject(error.code === 'EADDRINUSE' ? new Error(taken, { cause: error }) : error);
    });
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `${schemeOf(tls)}://${host}:${address.port}/graphql`,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), 2000).unref();
      await closed;
    },
  };
}
