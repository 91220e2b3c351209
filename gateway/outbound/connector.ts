import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { buildConnector } from 'undici';
import { isForbidden } from './address.ts';

type Found = (error: Error | null, address: string | LookupAddress[], family?: number) => void;
/** Looks up the addresses of a host, as `dns.lookup` does. */
export type Resolve = (
  host: string,
  options: LookupOptions & { readonly all: true },
  found: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Creates undici's function to connect. It checks the address of each connection, not only the URL at the start: the
 * answer of DNS can change later. If one address of a host is forbidden, it connects to none of them.
 */
export function createConnector(
  options: {
    readonly ca: string | null;
    readonly timeoutMs: number;
    /** The addresses to refuse: by default those that no subgraph and no issuer can have. */
    readonly isRefused?: (address: string) => boolean;
  },
  resolve: Resolve = lookup,
): buildConnector.connector {
  const { isRefused = isForbidden } = options;
  const connect = buildConnector({
    // HTTP/2 is not offered: undici's limits of time, size and waiting requests hold for HTTP/1.1 (gateway/README.md).
    allowH2: false,
    timeout: options.timeoutMs,
    ...(options.ca !== null && { ca: options.ca }),
    lookup: (host: string, asked: LookupOptions, found: Found) =>
      lookUp(host, asked, found, { resolve, isRefused }),
  });
  return (target, connected) => {
    // The address of a URL without a host name is not looked up.
    const host = target.hostname.replace(/^\[(.*)\]$/, '$1');
    if (isRefused(host)) connected(refused(host, host), null);
    else connect(target, connected);
  };
}

function lookUp(
  host: string,
  asked: LookupOptions,
  found: Found,
  { resolve, isRefused }: { readonly resolve: Resolve; readonly isRefused: (address: string) => boolean },
): void {
  resolve(host, { ...asked, all: true }, (error, addresses) => {
    const bad = error === null ? addresses.find(({ address }) => isRefused(address)) : undefined;
    const [first] = addresses ?? [];
    if (error !== null) found(error, []);
    else if (bad !== undefined) found(refused(host, bad.address), []);
    else if (asked.all) found(null, addresses);
    else if (first === undefined) found(new Error(`${host}: expected an address, got none`), []);
    else found(null, first.address, first.family);
  });
}

function refused(host: string, address: string): Error {
  const error = new Error(
    `${host}: the address ${address} is not permitted. Expected one that is not link-local, metadata, multicast or unspecified; for webhooks, not private either (JCU_WEBHOOK_NETWORKS)`,
  );
  return Object.assign(error, { code: 'ADDRESS_REFUSED' });
}
