import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { communities, type Community } from '../../schema/record/vocabulary.ts';
import { readOrThrow } from '../../schema/runtime/settings/settings.ts';
import { trialSettings } from './settings.ts';
import { occupyHome } from './stores/occupy.ts';

/** The files that a trial keeps between starts: keys, made once, readable by their owner only. */
export type TrialHome = {
  readonly folder: string;
  readonly signingKeyFile: string;
  readonly hubKeysFile: string;
  /** The trial's policy signer: its private key, its public keys, and the signed bundle. */
  readonly policyKeyFile: string;
  readonly policyKeysFile: string;
  readonly policyBundleFile: string;
  /** The supergraph, signed by the same key. */
  readonly supergraphFile: string;
  readonly cursorKeys: Readonly<Record<Community, string>>;
};

/** The trial's deployment id. */
export const deployment = 'trial';

/** Returns the trial's folder: JCU_HOME, or `.jcu` next to package.json. */
export function homeFolder(env: Readonly<Record<string, string | undefined>>): string {
  return resolve(readOrThrow({ home: trialSettings.home }, env).home);
}

/** Deletes a home with everything stored in it. Throws HOME_IN_USE while a trial runs in it. */
export async function clearHome(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  const { release } = await occupyHome(join(folder, 'stores'));
  rmSync(folder, { recursive: true, force: true });
  await release();
}

/** Opens a trial's home and makes the files that are missing. */
export function openHome(folder: string): TrialHome {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const signingKeyFile = join(folder, 'hub-signing-key.json');
  const hubKeysFile = join(folder, 'hub-keys.json');
  if (!existsSync(signingKeyFile) || !existsSync(hubKeysFile)) makeKeys(signingKeyFile, hubKeysFile);
  const policyKeyFile = join(folder, 'policy-signing-key.json');
  const policyKeysFile = join(folder, 'policy-keys.json');
  if (!existsSync(policyKeyFile) || !existsSync(policyKeysFile)) makeKeys(policyKeyFile, policyKeysFile);
  return {
    folder,
    signingKeyFile,
    hubKeysFile,
    policyKeyFile,
    policyKeysFile,
    policyBundleFile: join(folder, 'policy-bundle.json'),
    supergraphFile: join(folder, 'supergraph.json'),
    cursorKeys: cursorKeys(join(folder, 'cursor-keys.json')),
  };
}

/** Returns the settings that tell a part of the trial where the signed policy is. */
export function policySettings(home: Pick<TrialHome, 'policyBundleFile' | 'policyKeysFile'>) {
  return {
    JCU_DEPLOYMENT: deployment,
    JCU_POLICY_BUNDLE_FILE: home.policyBundleFile,
    JCU_POLICY_KEYS_FILE: home.policyKeysFile,
  };
}

function makeKeys(signingKeyFile: string, hubKeysFile: string): void {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const kid = randomBytes(8).toString('hex');
  const named = { kid, alg: 'EdDSA', use: 'sig' };
  writePrivately(hubKeysFile, { keys: [{ ...publicKey.export({ format: 'jwk' }), ...named }] });
  writePrivately(signingKeyFile, { ...privateKey.export({ format: 'jwk' }), ...named });
}

function cursorKeys(file: string): Readonly<Record<Community, string>> {
  const stored = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<Record<Community, string>>)
    : {};
  const keys = communities.map((name) => [name, stored[name] ?? randomBytes(32).toString('base64')]);
  writePrivately(file, Object.fromEntries(keys));
  return Object.fromEntries(keys) as Record<Community, string>;
}

function writePrivately(file: string, value: unknown): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
