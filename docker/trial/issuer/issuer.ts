import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { createServerOf, type Tls } from '../../../schema/runtime/tls.ts';
import { answerLogin } from './login.ts';
import { createProvider } from './provider.ts';
import { openSecrets } from './secrets.ts';

/** How an issuer is started. `port` 0 takes a free one; `home` keeps its key; `hubUrl` is the audience of its tokens. */
export type IssuerOptions = {
  readonly port: number;
  readonly home: string;
  readonly hubUrl: string;
  /** Where a fault of the issuer itself is told; nowhere by default. */
  readonly onFault?: (fault: Error) => void;
  /** Where it listens and what it is called elsewhere, with its certificate: beside a deployment on trial. */
  readonly abroad?: { readonly host: string; readonly url: string } & Tls;
  /** `NODE_ENV`: in production this issuer refuses to start. */
  readonly environment?: string | undefined;
};

/** An issuer that listens: its address, which is the `iss` of its tokens, and how to end it. */
export type RunningIssuer = { readonly url: string; readonly stop: () => Promise<void> };

/**
 * Starts the trial's OpenID provider, on 127.0.0.1 unless it is told another place. Throws in production, and when the
 * port is in use.
 */
export async function startIssuer(options: IssuerOptions): Promise<RunningIssuer> {
  const { port, hubUrl, abroad, environment = process.env['NODE_ENV'], onFault = () => {} } = options;
  if (environment === 'production') throw new Error('the trial issuer never runs with NODE_ENV=production');
  const home = resolve(options.home);
  const secrets = await openSecrets(home);
  const server = createServerOf(abroad ?? { tlsCert: null, tlsKey: null });
  const listening = await listen(server, port, abroad?.host ?? '127.0.0.1');
  const url = abroad?.url ?? listening;
  const provider = createProvider({ issuer: url, hubUrl, secrets }, Date.now);
  provider.on('server_error', (_ctx, fault) => onFault(fault));
  const answer = provider.callback();

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    route(request, response).catch((fault: unknown) => {
      onFault(fault instanceof Error ? fault : new Error(String(fault)));
      response.destroy();
    });
  });
  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A name that was made to point here (DNS rebinding) is not this issuer.
    if (request.headers.host !== new URL(url).host) return void response.writeHead(421).end();
    if (request.url?.startsWith('/interaction/'))
      return answerLogin({ provider, home, secrets }, request, response);
    return answer(request, response);
  }
  return { url, stop: () => close(server) };
}

async function listen(server: Server, port: number, host: string): Promise<string> {
  await new Promise<void>((settle, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, port)));
    server.listen(port, host, settle);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function explain(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code !== 'EADDRINUSE') return error;
  return new Error(
    `port ${port} on 127.0.0.1 is in use: stop what listens there, or give another with --port`,
  );
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((settle) => {
    server.close(() => settle());
    server.closeAllConnections();
  });
}
