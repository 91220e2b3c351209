import { randomBytes } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readText, writeWhole } from './files.ts';
import { type StoreName, storeNames } from './names.ts';
import { StoresError } from './stores-error.ts';

/** A server that holds the stores: `all` of them, or one. */
export type ServerName = 'all' | StoreName;

const serverSchema = z.object({
  /** Password of the administrator of users and of the replica set, who reads no store. */
  admin: z.string().min(1),
  /** What the nodes of its replica set would know each other by. */
  key: z.string().min(6),
});

const secretsSchema = z.object({
  schemaVersion: z.literal(1),
  servers: z.record(z.string(), serverSchema),
  passwords: z.record(z.string(), z.string().min(1)),
});

export type ServerSecrets = z.infer<typeof serverSchema>;

type StoreSecrets = z.infer<typeof secretsSchema>;

/** What the stores of a home are opened with: made once, at random, never shared between two of them. */
export type OpenedSecrets = {
  readonly server: (name: ServerName) => ServerSecrets;
  readonly password: (name: StoreName) => string;
};

/** Opens the secrets of a home (`secrets.json`, mode 0600) and makes those that are missing. */
export async function openSecrets(home: string, servers: readonly ServerName[]): Promise<OpenedSecrets> {
  const path = join(home, 'secrets.json');
  const text = await readText(path);
  const kept: StoreSecrets =
    text === undefined ? { schemaVersion: 1, servers: {}, passwords: {} } : parse(path, text);
  const secrets = complete(kept, servers);
  if (JSON.stringify(secrets) !== JSON.stringify(kept)) {
    await writeWhole(path, `${JSON.stringify(secrets, null, 2)}\n`);
  }
  await chmod(path, 0o600);
  return {
    server: (name) => present(secrets.servers[name], name),
    password: (name) => present(secrets.passwords[name], name),
  };
}

function parse(path: string, text: string): StoreSecrets {
  try {
    return secretsSchema.parse(JSON.parse(text));
  } catch {
    // Neither cause nor content goes on: both could quote a password.
    throw new StoresError(
      'HOME_OF_ANOTHER',
      `${path} is not the file that the stores wrote: put it back, or begin anew with another home`,
    );
  }
}

function complete(kept: StoreSecrets, names: readonly ServerName[]): StoreSecrets {
  const servers = { ...kept.servers };
  const passwords = { ...kept.passwords };
  for (const name of names) servers[name] ??= { admin: random(24), key: randomBytes(96).toString('base64') };
  for (const name of storeNames) passwords[name] ??= random(24);
  return { schemaVersion: 1, servers, passwords };
}

function random(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}

function present<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new TypeError(`no secret was made for ${name}`);
  return value;
}
