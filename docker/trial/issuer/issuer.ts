import type { IncomingMessage, ServerResponse } from 'node:http';
import { resolve } from 'node:path';
import { listenOn } from '../../../schema/runtime/listen.ts';
import { createServerOf, type Tls } from '../../../schema/runtime/tls.ts';
import { answerLogin } from './login.ts';
import { createProvider } from './provider.ts';
import { openSecrets } from './secrets.ts';

/** Options of an issuer. `port` 0 chooses a free one; `home` stores its key; `hubUrl` is the audience of its tokens. */
export type IssuerOptions = {
  readonly port: number;
  readonly home: string;
  readonly hubUrl: string;
  /** Called with internal errors of the issuer; they are ignored by default. */
  readonly onFault?: (fault: Error) => void;
  /** For a deployment on trial: the address to listen on, the public URL, and the certificate. */
  readonly published?: { readonly host: string; readonly url: string } & Tls;
  /** `NODE_ENV`; with `production` the issuer refuses to start. */
  readonly environment?: string | undefined;
};

/** A running issuer. `url` is the `iss` of its tokens. */
export type RunningIssuer = { readonly url: string; readonly stop: () => Promise<void> };

/**
 * Starts the trial's OpenID provider, on 127.0.0.1 unless `published` says otherwise. Throws in production, and if the
 * port is in use.
 */
export async function startIssuer(options: IssuerOptions): Promise<RunningIssuer> {
  const { port, hubUrl, published, environment = process.env['NODE_ENV'], onFault = () => {} } = options;
  if (environment === 'production')
    throw new Error('the trial issuer never runs with NODE_ENV=production: use your own OpenID provider');
  const home = resolve(options.home);
  const secrets = await openSecrets(home);
  const server = createServerOf(published ?? { tlsCert: null, tlsKey: null });
  const host = published?.host ?? '127.0.0.1';
  const listening = await listenOn(server, { host, port, choose: '--port' });
  const url = published?.url ?? `http://127.0.0.1:${listening.port}`;
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
    // Prevents DNS rebinding: another host name that resolves to this address is not this issuer.
    if (request.headers.host !== new URL(url).host) return void response.writeHead(421).end();
    if (request.url?.startsWith('/interaction/'))
      return answerLogin({ provider, home, secrets }, request, response);
    return answer(request, response);
  }
  return { url, stop: async () => await listening.stop(0) };
}
