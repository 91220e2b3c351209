import { createServer, type RequestListener, type Server } from 'node:http';
import { listenOn, type ListenPlace } from '../../schema/runtime/listen.ts';
import { createServerOf, schemeOf, type Tls } from '../../schema/runtime/tls.ts';

/** A running server: its URL, and `stop`, which waits for requests in progress. */
export type Listening = { readonly url: string; stop(): Promise<void> };

/** A request may take 10 s and its audit entry 2 s: no request that would be answered is cut off at a restart. */
const drainMs = 12_000;

const choosePort = 'JCU_PORT or --port';

/** Returns the port that a server would get, also for port 0. Throws if the port is in use. */
export async function freePort(host: string, port: number): Promise<number> {
  const listening = await listenOn(createServer(), { host, port, choose: choosePort });
  await listening.stop(0);
  return listening.port;
}

/**
 * Starts to listen, over HTTPS if a certificate is given, with time limits for headers and bodies. `attach` gets the
 * server first. Throws if the port is in use.
 */
export async function listen(
  app: RequestListener,
  { host, port, reusePort = false, ...tls }: Omit<ListenPlace, 'choose'> & Tls,
  attach: (server: Server) => void = () => undefined,
): Promise<Listening> {
  const server = createServerOf(tls, app);
  attach(server);
  const listening = await listenOn(server, { host, port, reusePort, choose: choosePort });
  return {
    url: `${schemeOf(tls)}://${host}:${listening.port}/graphql`,
    stop: async () => await listening.stop(drainMs),
  };
}
