import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';

/** A folder of its own, removed with the scope. */
export async function makeFolder(): Promise<{ readonly folder: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'jcu-stores-'));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** A program of a few lines of shell, under a name that the code looks for. */
export async function writeProgram(folder: string, name: string, lines: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${lines}\n`);
  await chmod(path, 0o755);
  return path;
}

/** A client that gives up soon, closed with the scope. */
export async function connect(uri: string): Promise<MongoClient> {
  return await new MongoClient(uri, { serverSelectionTimeoutMS: 8000 }).connect();
}
