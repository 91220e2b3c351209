import { totalmem } from 'node:os';
import { join } from 'node:path';

const gigabyte = 1024 ** 3;

/** Returns the paths of the files of one server. */
export function filesOf(folder: string) {
  return {
    db: join(folder, 'db'),
    log: join(folder, 'mongod.log'),
    /** The log of the previous run. */
    logBefore: join(folder, 'mongod.before.log'),
    out: join(folder, 'mongod.out'),
    key: join(folder, 'key'),
    state: join(folder, 'server.json'),
  } as const;
}

/**
 * Returns the arguments of a server of the trial. `share` is the number of servers that share the machine's memory.
 * Without `set` it starts outside its replica set, so that the set's configuration can be written.
 */
export function mongodArguments(folder: string, port: number, share: number, set = true): readonly string[] {
  const files = filesOf(folder);
  const memory = Math.min(2, totalmem() / gigabyte / 4) / share;
  return [
    ['--dbpath', files.db, '--logpath', files.log, '--quiet'],
    ['--port', String(port), '--bind_ip', '127.0.0.1', '--nounixsocket'],
    // CVE-2025-14847 in 6.0.5 is exploitable before login, through compression.
    ['--networkMessageCompressors', 'disabled'],
    // A key file turns access control on.
    ['--keyFile', files.key, ...(set ? ['--replSet', replicaSet] : [])],
    ['--oplogSize', '1024', '--wiredTigerCacheSizeGB', Math.max(0.25, memory).toFixed(2)],
    // The log of a slow query would quote the query and its reader.
    ['--slowms', '2147483647'],
    // No JavaScript. No TTL indexes: the hub's user may create indexes on the audit log, and a TTL index would remove
    // entries.
    ['--noscripting', '--setParameter', 'ttlMonitorEnabled=false'],
    ['--setParameter', 'diagnosticDataCollectionEnabled=false'],
  ].flat();
}

/** The name of each one-node replica set of the trial. */
export const replicaSet = 'trial';
