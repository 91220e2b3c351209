import { generateKeyPairSync, randomBytes, randomInt } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { calculateJwkThumbprint } from 'jose';
import { z } from 'zod';
import { machineClientId, readers } from './readers.ts';

const personSchema = z.object({ password: z.string().min(1), secondFactor: z.string().min(1) });

const secretsSchema = z.object({
  schemaVersion: z.literal(1),
  notice: z.string(),
  /** Ed25519 private key as JWK (RFC 8037). */
  signingKey: z.object({
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    alg: z.literal('EdDSA'),
    use: z.literal('sig'),
    kid: z.string().min(1),
    x: z.string().min(1),
    d: z.string().min(1),
  }),
  cookieKey: z.string().min(1),
  /** Client secrets of the machine readers, by client id. */
  clients: z.record(z.string(), z.string().min(1)),
  /** Passwords of the trial's fictional people, by login name. */
  people: z.record(z.string(), personSchema),
});

/** The issuer's key and the secrets of the trial's fictional readers, kept between starts. */
export type TrialSecrets = z.infer<typeof secretsSchema>;

/** The login of one fictional person. */
export type Credentials = z.infer<typeof personSchema>;

/** Returns the path of the secrets, a file with mode 0600. */
export function secretsPath(home: string): string {
  return join(home, 'issuer.json');
}

/** Opens the secrets; makes those that are missing. Throws if the file is not one that the issuer wrote. */
export async function openSecrets(home: string): Promise<TrialSecrets> {
  const stored = await readSecrets(home);
  const secrets = complete(stored ?? (await makeSecrets()));
  if (JSON.stringify(secrets) !== JSON.stringify(stored)) await writeSecrets(home, secrets);
  await chmod(secretsPath(home), 0o600);
  return secrets;
}

/** Reads the secrets of an issuer that has run before; undefined if the file does not exist. */
export async function readSecrets(home: string): Promise<TrialSecrets | undefined> {
  const path = secretsPath(home);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return parseSecrets(path, text);
}

function parseSecrets(path: string, text: string): TrialSecrets {
  try {
    return secretsSchema.parse(JSON.parse(text));
  } catch {
    // Omits cause and content: both could quote a key.
    throw new Error(
      `${path} is not the file that the issuer wrote; remove it, and the issuer makes new keys`,
    );
  }
}

async function makeSecrets(): Promise<TrialSecrets> {
  const { x = '', d = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const kid = await calculateJwkThumbprint({ kty: 'OKP', crv: 'Ed25519', x });
  return {
    schemaVersion: 1,
    notice:
      'Trial on one machine only: fictional people, keys and passwords made at random at the first start.',
    signingKey: { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid, x, d },
    cookieKey: randomBytes(32).toString('base64url'),
    clients: {},
    people: {},
  };
}

function complete(secrets: TrialSecrets): TrialSecrets {
  const clients = { ...secrets.clients };
  const people = { ...secrets.people };
  for (const reader of readers) {
    if (reader.client === 'machine')
      clients[machineClientId(reader)] ??= randomBytes(32).toString('base64url');
    else people[reader.as] ??= makeCredentials();
  }
  return { ...secrets, clients, people };
}

function makeCredentials(): Credentials {
  return {
    password: randomBytes(12).toString('base64url'),
    secondFactor: String(randomInt(1_000_000)).padStart(6, '0'),
  };
}

async function writeSecrets(home: string, secrets: TrialSecrets): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const path = secretsPath(home);
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(temporary, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  await rename(temporary, path);
}
