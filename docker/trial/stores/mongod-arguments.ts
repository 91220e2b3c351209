import { totalmem } from 'node:os';
import { join } from 'node:path';

const gigabyte = 1024 ** 3;

/** Where the files of one server lie. */
export function filesOf(folder: string) {
  return {
    db: join(folder, 'db'),
    log: join(folder, 'mongod.log'),
    /** The log of the run before. */
    logBefore: join(folder, 'mongod.before.log'),
    out: join(folder, 'mongod.out'),
    key: join(folder, 'key'),
    state: join(folder, 'server.json'),
  } as const;
}

/**
 * How a server of the trial is started; `share` is how many of them divide the machine. Without `set` it is no replica
 * set for once, and its configuration can be written.
 */
export function mongodArguments(folder: string, port: number, share: number, set = true): readonly string[] {
  const files = filesOf(folder);
  const memory = Math.min(2, totalmem() / gigabyte / 4) / share;
  return [
    ['--dbpath', files.db, '--logpath', files.log, '--quiet'],
    ['--port', String(port), '--bind_ip', '127.0.0.1', '--nounixsocket'],
    // Before login, so that no client of this machine reaches what CVE-2025-14847 opens in 6.0.5.
    ['--networkMessageCompressors', 'disabled'],
    // With a key file, access control is on.
    ['--keyFile', files.key, ...(set ? ['--replSet', replicaSet] : [])],
    ['--oplogSize', '1024', '--wiredTigerCacheSizeGB', Math.max(0.25, memory).toFixed(2)],
    // The log of a slow query quotes what was asked, and for whom.
    ['--slowms', '2147483647'],
    // Nothing here is JavaScript, and nothing ends by a TTL index: the trail's user may make indexes, and one of
    // these would remove entries for it.
    ['--noscripting', '--setParameter', 'ttlMonitorEnabled=false'],
    ['--setParameter', 'diagnosticDataCollectionEnabled=false'],
  ].flat();
}

/** The name of every one-node replica set of the trial. */
export const replicaSet = 'trial';
