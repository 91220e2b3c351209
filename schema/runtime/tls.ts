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

/** Creates a server with time limits for headers and bodies. Uses https (TLS 1.3 only) if there is a certificate. */
export function createServerOf({ tlsCert, tlsKey }: Tls, answer?: RequestListener): Server {
  const bounds = { headersTimeout: 5000, requestTimeout: 15_000 };
  if (tlsCert === null || tlsKey === null) return createServer(bounds, answer);
  return createTlsServer({ ...bounds, cert: tlsCert, key: tlsKey, minVersion: 'TLSv1.3' }, answer);
}

/** Returns the URL scheme of the server. */
export function schemeOf({ tlsCert }: Tls): 'http' | 'https' {
  return tlsCert === null ? 'http' : 'https';
}
