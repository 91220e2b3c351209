import { setTimeout as pause } from 'node:timers/promises';
import { DeploymentFolder } from './folder.ts';
import { json, newSigningKey, publicHalf } from './init.ts';

type Jwks = { readonly keys: readonly object[] };

/** Longer than the second after which subgraphs reload the hub's public keys. */
const reloadMs = 3000;

/**
 * Replaces the hub's signing key without a restart: first adds the new public key to the old ones, then, when the subgraphs
 * have reloaded them, replaces the private key. The old key stays valid until `endOldHubKeys`. Returns the new key's `kid`.
 */
export async function rotateHubKey(path: string, waitMs = reloadMs): Promise<string> {
  const folder = new DeploymentFolder(path);
  const { keys } = JSON.parse(folder.read('public/hub-keys.json')) as Jwks;
  folder.read('services/hub/signing-key.json');
  const key = newSigningKey();
  folder.replace('public/hub-keys.json', json({ keys: [...keys, publicHalf(key)] }));
  keepForAudit(folder, [...keys, publicHalf(key)]);
  await pause(waitMs);
  folder.replace('services/hub/signing-key.json', key);
  return String(JSON.parse(key).kid);
}

/** Removes every public key except the current one: sessions under an older key end at once. */
export function endOldHubKeys(path: string): void {
  const folder = new DeploymentFolder(path);
  const key = folder.read('services/hub/signing-key.json');
  keepForAudit(folder, (JSON.parse(folder.read('public/hub-keys.json')) as Jwks).keys);
  folder.replace('public/hub-keys.json', json({ keys: [publicHalf(key)] }));
}

/** Adds public keys to those that verify the audit log. Nothing is ever removed from them. */
function keepForAudit(folder: DeploymentFolder, keys: readonly object[]): void {
  const name = 'public/audit-keys.json';
  const kept = folder.has(name) ? (JSON.parse(folder.read(name)) as Jwks).keys : [];
  const byKid = new Map([...kept, ...keys].map((key) => [(key as { kid?: string }).kid, key]));
  folder.replace(name, json({ keys: [...byKid.values()] }));
}
