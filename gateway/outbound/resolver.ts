import { Resolver } from 'node:dns';
import { isIP } from 'node:net';
import type { Resolve } from './connector.ts';

const timeoutMs = 3000;

/**
 * Creates a function that looks up hosts of other organisations, by queries to the name servers. `dns.lookup` would use
 * threads that the connections of the whole process share: a name server that never answers could use up all of them.
 */
export function createResolve(): Resolve {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
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
      const addresses = all.flatMap((one) => (one instanceof Error ? [] : one));
      const [fault] = all.filter((one) => one instanceof Error);
      if (addresses.length === 0 && fault !== undefined) found(fault, []);
      else found(null, addresses);
    });
    return undefined;
  };
}

type Done = (error: NodeJS.ErrnoException | null, addresses: string[]) => void;

async function answerOf(ask: (done: Done) => void, family: 4 | 6) {
  return await new Promise<NodeJS.ErrnoException | { address: string; family: number }[]>((resolve) => {
    ask((error, addresses) => resolve(error ?? addresses.map((address) => ({ address, family }))));
  });
}
