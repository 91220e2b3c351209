import type { Express } from 'express';
import type { AddressInfo } from 'node:net';
import { createServerOf, schemeOf, type Tls } from '../../schema/runtime/tls.ts';

/** A server that listens: where, and how it stops once what it is doing is done. */
export type Listening = { readonly url: string; stop(): Promise<void> };

/**
 * Listens, by https where it is given a certificate, with bounded time for headers and bodies. A port in use is an error
 * that says what to do.
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
