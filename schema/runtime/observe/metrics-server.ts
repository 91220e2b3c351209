import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import { listenOn } from '../listen.ts';

/** The state of the parts that a process needs, by name. A state with other words than `ready` is a fault. */
export type PartStates = Readonly<Record<string, string>>;

/** A running metrics port. */
export type MetricsServer = { readonly port: number; stop(): Promise<void> };

const drainMs = 500;
const bounds = { headersTimeout: 5000, requestTimeout: 5000, connectionsCheckingInterval: 1000 };
const maxConnections = 20;

/**
 * Serves `/metrics`, and `/ready` with the state of each part, on a port of the operators. The public port has neither:
 * counts and times of other readers' requests are nobody's business. Throws if the port is in use.
 */
export async function serveMetrics(
  { host, port }: { readonly host: string; readonly port: number },
  registry: Registry,
  readiness: () => Promise<{ readonly isReady: boolean; readonly parts: PartStates }>,
): Promise<MetricsServer> {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.method === 'GET' ? request.url?.split('?', 1)[0] : undefined;
    try {
      if (path === '/metrics') {
        const text = await registry.metrics();
        response.setHeader('content-type', registry.contentType).end(text);
      } else if (path === '/ready') {
        const { isReady, parts } = await readiness();
        const body = JSON.stringify({ status: isReady ? 'ready' : 'not ready', parts });
        response.writeHead(isReady ? 200 : 503, { 'content-type': 'application/json' }).end(body);
      } else response.writeHead(404).end();
    } catch {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    }
  };
  const server = createServer(bounds, (request, response) => void answer(request, response));
  server.maxConnections = maxConnections;
  const listening = await listenOn(server, { host, port, choose: 'JCU_METRICS_PORT' });
  return { port: listening.port, stop: async () => await listening.stop(drainMs) };
}
