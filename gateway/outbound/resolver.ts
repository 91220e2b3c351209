import { type LookupAddress, Resolver } from 'node:dns';
import { isIP } from 'node:net';
import type { Resolve } from './connector.ts';

const defaultMs = 3000;

/** By default the name servers of this machine are asked. */
type Options = { readonly timeoutMs?: number; readonly servers?: readonly string[] };

/**
 * Creates a function that looks up hosts of other organisations, by queries to the name servers. `dns.lookup` would use
 * threads that the connections of the whole process share: a name server that never answers could use up all of them.
 */
export function createResolve({ timeoutMs = defaultMs, servers }: Options = {}): Resolve {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
  if (servers !== undefined) resolver.setServers(servers);
  return (host, _options, found) => {
    const family = isIP(host);
    if (family !== 0) return found(null, [{ address: host, family }]);
    // Name servers do not know this name.
    if (host === 'localhost') return found(null, [{ address: '127.0.0.1', family: 4 }]);
    const byFamily = [
      answerOf((done) => resolver.resolve4(host, done), 4),
      answerOf((done) => resolver.resolve6(host, done), 6),
    ];
    void Promise.all(byFamily).then((all) => {
      const addresses = all.flatMap((one) => one.addresses);
      const fault = all.find(({ error }) => error !== null)?.error ?? null;
      found(addresses.length === 0 ? fault : null, addresses);
    });
    return undefined;
  };
}

type Done = (error: NodeJS.ErrnoException | null, addresses: string[]) => void;

type Answer = { readonly error: NodeJS.ErrnoException | null; readonly addresses: LookupAddress[] };

async function answerOf(ask: (done: Done) => void, family: 4 | 6): Promise<Answer> {
  return await new Promise((resolve) => {
    ask((error, found) =>
      resolve({ error, addresses: error === null ? found.map((address) => ({ address, family })) : [] }),
    );
  });
}
