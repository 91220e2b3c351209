import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';

/** Makes a temporary folder, which is removed at the end of the scope. */
export async function makeFolder(): Promise<{ readonly folder: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'jcu-stores-'));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** Writes an executable shell script with a name that the code looks for. */
export async function writeProgram(folder: string, name: string, lines: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${lines}\n`);
  await chmod(path, 0o755);
  return path;
}

/** Connects with a short timeout; the client closes at the end of the scope. */
export async function connect(uri: string): Promise<MongoClient> {
  return await new MongoClient(uri, { serverSelectionTimeoutMS: 8000 }).connect();
}
