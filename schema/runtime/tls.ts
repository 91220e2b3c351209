import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { orNone, textOfFile } from './settings/forms.ts';
import { setting } from './settings/settings.ts';

/** How a part answers by https: both files, or neither. */
export const tlsSettings = {
  tlsCert: setting(
    'JCU_TLS_CERT_FILE',
    'the certificate (PEM) to answer https with; http without it',
    orNone(textOfFile),
    '',
  ),
  tlsKey: setting('JCU_TLS_KEY_FILE', "that certificate's private key (PEM)", orNone(textOfFile), ''),
};

/** A certificate with its key; both null where a part answers by http. */
export type Tls = { readonly tlsCert: string | null; readonly tlsKey: string | null };

/** What is wrong with the two together: a certificate without its key, or a key alone. */
export function checkTls({ tlsCert, tlsKey }: Tls, wrong: string[]): void {
  if ((tlsCert === null) !== (tlsKey === null))
    wrong.push('JCU_TLS_CERT_FILE and JCU_TLS_KEY_FILE: both or neither, got one');
}

/** Whether a host's name or address is of this machine alone, where nobody else answers or listens. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** A server with bounded time for headers and bodies: by https (TLS 1.3 alone) where there is a certificate. */
export function createServerOf({ tlsCert, tlsKey }: Tls, answer?: RequestListener): Server {
  const bounds = { headersTimeout: 5000, requestTimeout: 15_000 };
  if (tlsCert === null || tlsKey === null) return createServer(bounds, answer);
  return createTlsServer({ ...bounds, cert: tlsCert, key: tlsKey, minVersion: 'TLSv1.3' }, answer);
}

/** The scheme that a part answers by. */
export function schemeOf({ tlsCert }: Tls): 'http' | 'https' {
  return tlsCert === null ? 'http' : 'https';
}
