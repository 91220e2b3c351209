import type { ChildProcess } from 'node:child_process';
import { readText } from './files.ts';
import { filesOf } from './mongod-arguments.ts';
import { StoresError } from './stores-error.ts';

/** The port was free when it was looked at, and is not any more. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
}

const known = [
  {
    sign: /No space left on device|Disk quota exceeded/,
    code: 'DISK_FULL',
    what: 'the disk is full: make room there and start again',
  },
  {
    sign: /DBPathInUse|Unable to lock the lock file/,
    code: 'HOME_IN_USE',
    what: 'another mongod serves this folder: end it first, or choose another home',
  },
  {
    sign: /Wrong mongod version|UPGRADE PROBLEM|too recent to start up|compatibility version|unsupported WiredTiger/i,
    code: 'HOME_OF_ANOTHER',
    what: 'its files are of another release of MongoDB, or damaged: set MONGOMS_SYSTEM_BINARY to that release, or begin anew with another home',
  },
  {
    sign: /Permission denied|read-only directory|Operation not permitted/i,
    code: 'HOME_UNWRITABLE',
    what: 'it cannot be written: make it yours, or choose another home',
  },
] as const;

/** Why a mongod ended before it was ready, from its exit and its own words, with what to do. */
export async function explainEnd(folder: string, child: ChildProcess): Promise<Error> {
  const { db, log, out } = filesOf(folder);
  const words = `${await wordsOf(out)}\n${await wordsOf(log)}`;
  if (/Address already in use/.test(words)) return new PortTaken(`mongod on ${db}: its port was taken`);
  const cause = known.find(({ sign }) => sign.test(words));
  if (cause !== undefined) return new StoresError(cause.code, `mongod on ${db} ended: ${cause.what}`);
  const last = words.trim().split('\n').filter(isGrave).slice(-3).join('; ');
  const how = child.exitCode ?? child.signalCode ?? 'before it ran';
  return new StoresError('NOT_STARTED', `mongod on ${db} ended (${how}), see ${log}: ${last}`);
}

async function wordsOf(file: string): Promise<string> {
  return ((await readText(file).catch(() => '')) ?? '').slice(-200_000);
}

/** MongoDB's log lines are JSON with a severity `s`: F is fatal, E an error. Others are the system's words. */
function isGrave(line: string): boolean {
  return !line.startsWith('{') || /"s":"[FE]"/.test(line);
}
