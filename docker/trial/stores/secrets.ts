import { randomBytes } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readText, writeAtomically } from './files.ts';
import { type StoreName, storeNames } from './names.ts';
import { StoresError } from './stores-error.ts';

/** A server: `all` holds every store; the others hold one each. */
export type ServerName = 'all' | StoreName;

const serverSchema = z.object({
  /** The password of the administrator of users and the replica set, who cannot read a store. */
  admin: z.string().min(1),
  /** The key file's content: the shared secret of the replica set's nodes. */
  key: z.string().min(6),
});

const secretsSchema = z.object({
  schemaVersion: z.literal(1),
  servers: z.record(z.string(), serverSchema),
  passwords: z.record(z.string(), z.string().min(1)),
});

export type ServerSecrets = z.infer<typeof serverSchema>;

type StoreSecrets = z.infer<typeof secretsSchema>;

/** The passwords and keys of a home's stores: random, made once, different for each store. */
export type OpenedSecrets = {
  readonly server: (name: ServerName) => ServerSecrets;
  readonly password: (name: StoreName) => string;
};

/** Opens the secrets of a home (`secrets.json`, mode 0600) and makes those that are missing. */
export async function openSecrets(home: string, servers: readonly ServerName[]): Promise<OpenedSecrets> {
  const path = join(home, 'secrets.json');
  const text = await readText(path);
  const stored: StoreSecrets =
    text === undefined ? { schemaVersion: 1, servers: {}, passwords: {} } : parse(path, text);
  const secrets = complete(stored, servers);
  if (JSON.stringify(secrets) !== JSON.stringify(stored)) {
    await writeAtomically(path, `${JSON.stringify(secrets, null, 2)}\n`);
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
    // Omits cause and content: both could quote a password.
    throw new StoresError(
      'HOME_OF_ANOTHER',
      `${path} is not a file that the stores wrote: restore it, or set JCU_HOME to a new folder`,
    );
  }
}

function complete(stored: StoreSecrets, names: readonly ServerName[]): StoreSecrets {
  const servers = { ...stored.servers };
  const passwords = { ...stored.passwords };
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
