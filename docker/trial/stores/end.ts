import type { ChildProcess } from 'node:child_process';
import { readText } from './files.ts';
import { filesOf } from './mongod-arguments.ts';
import { StoresError } from './stores-error.ts';

/** Thrown when another program took the port after it was found free. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
}

const known = [
  {
    sign: /No space left on device|Disk quota exceeded/,
    code: 'DISK_FULL',
    advice: 'the disk is full: free some space and start again',
  },
  {
    sign: /DBPathInUse|Unable to lock the lock file/,
    code: 'HOME_IN_USE',
    advice: 'another mongod uses this folder: stop it first, or set JCU_HOME to another folder',
  },
  {
    sign: /Wrong mongod version|UPGRADE PROBLEM|too recent to start up|compatibility version|unsupported WiredTiger/i,
    code: 'HOME_OF_ANOTHER',
    advice:
      'its files belong to another release of MongoDB, or are damaged: set MONGOMS_SYSTEM_BINARY to that release, or JCU_HOME to a new folder',
  },
  {
    sign: /Permission denied|read-only directory|Operation not permitted/i,
    code: 'HOME_UNWRITABLE',
    advice: 'it is not writable: change its permissions, or set JCU_HOME to another folder',
  },
] as const;

/** Explains from the exit code and the logs why a mongod ended before it was ready, and what to do. */
export async function explainEnd(folder: string, child: ChildProcess): Promise<Error> {
  const { db, log, out } = filesOf(folder);
  const output = `${await tailOf(out)}\n${await tailOf(log)}`;
  if (/Address already in use/.test(output))
    return new PortTaken(`mongod on ${db}: another program took its port`);
  const cause = known.find(({ sign }) => sign.test(output));
  if (cause !== undefined) return new StoresError(cause.code, `mongod on ${db} ended: ${cause.advice}`);
  const last = output.trim().split('\n').filter(isError).slice(-3).join('; ');
  const how = child.exitCode ?? child.signalCode ?? 'before it ran';
  return new StoresError('NOT_STARTED', `mongod on ${db} ended (${how}); see ${log}: ${last}`);
}

async function tailOf(file: string): Promise<string> {
  return ((await readText(file).catch(() => '')) ?? '').slice(-200_000);
}

/** MongoDB's log lines are JSON with a severity `s`: F is fatal, E an error. Other lines are from the operating system. */
function isError(line: string): boolean {
  return !line.startsWith('{') || /"s":"[FE]"/.test(line);
}
