import { readFileSync } from 'node:fs';
import { type PolicyFilePaths, readPolicyPaths } from '../../schema/policy/files.ts';
import type { Community } from '../../schema/vocabulary.ts';

/** What one subgraph is told from outside: environment variables, checked once at start. */
export type SubgraphSettings = PolicyFilePaths & {
  readonly community: Community;
  readonly host: string;
  readonly port: number;
  /** The community's own store: one URI, one database, one user. */
  readonly storeUri: string;
  /** Where the hub's public keys are (RFC 7517): read again when they change. */
  readonly hubKeysFile: string;
  /** The deployment whose hub may call: the issuer of every session and assertion. */
  readonly deployment: string;
  /** 32 bytes that encrypt this community's cursors. */
  readonly cursorKey: Buffer;
  readonly production: boolean;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the settings of one subgraph. Throws one error that names every variable that is missing or wrong. */
export function readSettings(community: Community, env: Environment): SubgraphSettings {
  const wrong: string[] = [];
  const take = (name: string, what: string): string => {
    const value = env[name];
    if (value === undefined || value === '') wrong.push(`${name}: ${what}, got nothing`);
    return value ?? '';
  };
  const settings = {
    community,
    host: env['JCU_HOST'] ?? '127.0.0.1',
    port: readPort(env['JCU_PORT'], wrong),
    storeUri: take('JCU_STORE_URI', `the MongoDB URI of ${community}'s own store`),
    hubKeysFile: checkKeys(take('JCU_HUB_KEYS_FILE', "the hub's public keys as a JWKS file"), wrong),
    ...readPolicyPaths(take),
    deployment: take('JCU_DEPLOYMENT', "the deployment's id"),
    cursorKey: readKey(take('JCU_CURSOR_KEY', '32 random bytes in base64'), wrong),
    production: env['NODE_ENV'] === 'production',
  };
  if (wrong.length > 0) throw new Error(`${community} cannot start:\n  ${wrong.join('\n  ')}`);
  return settings;
}

function readPort(value: string | undefined, wrong: string[]): number {
  const port = Number(value ?? '0');
  if (!Number.isInteger(port) || port < 0 || port > 65_535) wrong.push(`JCU_PORT: 0 to 65535, got ${value}`);
  return port;
}

function readKey(value: string, wrong: string[]): Buffer {
  const key = Buffer.from(value, 'base64');
  if (value !== '' && key.length !== 32) wrong.push(`JCU_CURSOR_KEY: 32 bytes in base64, got ${key.length}`);
  return key;
}

function checkKeys(file: string, wrong: string[]): string {
  if (file === '') return file;
  try {
    JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    wrong.push(`JCU_HUB_KEYS_FILE: a readable JWKS file, got ${file}`);
  }
  return file;
}
