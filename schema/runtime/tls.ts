import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { orNone, textOfFile } from './settings/forms.ts';
import { setting } from './settings/settings.ts';

/** The settings for https. Both files must be given, or neither. */
export const tlsSettings = {
  tlsCert: setting(
    'JCU_TLS_CERT_FILE',
    'TLS certificate (PEM) of this server; without it the server uses http',
    orNone(textOfFile),
    '',
  ),
  tlsKey: setting('JCU_TLS_KEY_FILE', 'private key (PEM) of the TLS certificate', orNone(textOfFile), ''),
};

/** A certificate with its key, both as PEM; both null for http. */
export type Tls = { readonly tlsCert: string | null; readonly tlsKey: string | null };

/** Adds a message to `wrong` if only one of certificate and key is given. */
export function checkTls({ tlsCert, tlsKey }: Tls, wrong: string[]): void {
  if ((tlsCert === null) !== (tlsKey === null))
    wrong.push('JCU_TLS_CERT_FILE and JCU_TLS_KEY_FILE: expected both or neither, got one');
}

/** Returns true if a host name or address is the loopback of this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Node.js looks for connections that exceed a limit once in `connectionsCheckingInterval`: 30 s by default. */
const bounds = { headersTimeout: 5000, requestTimeout: 15_000, connectionsCheckingInterval: 1000 };
/** Far above what hubs, proxies and readers keep open; a request of a reader holds 256 KB at most. */
const maxConnections = 1000;

/**
 * Creates a server with time limits for headers and bodies, for 1000 connections at most. Uses https (TLS 1.3 only) if
 * there is a certificate.
 */
export function createServerOf({ tlsCert, tlsKey }: Tls, answer?: RequestListener): Server {
  const tls = { cert: tlsCert ?? '', key: tlsKey ?? '', minVersion: 'TLSv1.3' } as const;
  const isPlain = tlsCert === null || tlsKey === null;
  const server = isPlain ? createServer(bounds, answer) : createTlsServer({ ...bounds, ...tls }, answer);
  server.maxConnections = maxConnections;
  return server;
}

/** Returns the URL scheme of the server. */
export function schemeOf({ tlsCert }: Tls): 'http' | 'https' {
  return tlsCert === null ? 'http' : 'https';
}
