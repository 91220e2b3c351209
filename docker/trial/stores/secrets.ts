import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StoreName } from './names.ts';
import { storeNames } from './names.ts';

/** What the trial's stores are opened with: made once, kept in the trial's home, readable by its owner only. */
export type StoreSecrets = {
  readonly keyFile: string;
  readonly admin: string;
  readonly passwords: Readonly<Record<StoreName, string>>;
};

/** Reads the secrets of a home, or makes them; a store that is new since then gets its own. */
export function storeSecrets(home: string): StoreSecrets {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const file = join(home, 'secrets.json');
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<StoreSecrets>) : {};
  const passwords = storeNames.map((name) => [name, known.passwords?.[name] ?? secret(24)]);
  const secrets = {
    keyFile: known.keyFile ?? randomBytes(96).toString('base64'),
    admin: known.admin ?? secret(24),
    passwords: Object.fromEntries(passwords) as Record<StoreName, string>,
  };
  writePrivately(file, JSON.stringify(secrets, null, 2));
  writePrivately(join(home, 'keyfile'), secrets.keyFile);
  return secrets;
}

function secret(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}

function writePrivately(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  writeFileSync(`${file}.new`, text, { mode: 0o400 });
  renameSync(`${file}.new`, file);
}
