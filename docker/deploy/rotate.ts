import { setTimeout as pause } from 'node:timers/promises';
import { DeploymentFolder } from './folder.ts';
import { json, newSigningKey, publicHalf } from './init.ts';

/** Subgraphs read the hub's public keys again each second. */
const readAgainMs = 3000;

/**
 * Exchanges the hub's signing key while everything runs: its public half is put beside the old one first, and once the
 * subgraphs have read it, the hub is given the key. The old one is good until `endOldHubKeys`. Gives the new key's name.
 */
export async function rotateHubKey(path: string, waitMs = readAgainMs): Promise<string> {
  const folder = new DeploymentFolder(path);
  const { keys } = JSON.parse(folder.read('public/hub-keys.json')) as { readonly keys: readonly object[] };
  folder.read('services/hub/signing-key.json');
  const key = newSigningKey();
  folder.replace('public/hub-keys.json', json({ keys: [...keys, publicHalf(key)] }));
  await pause(waitMs);
  folder.replace('services/hub/signing-key.json', key);
  return String(JSON.parse(key).kid);
}

/** Takes every public key but that of today out: what was agreed under another ends at once. */
export function endOldHubKeys(path: string): void {
  const folder = new DeploymentFolder(path);
  const key = folder.read('services/hub/signing-key.json');
  folder.replace('public/hub-keys.json', json({ keys: [publicHalf(key)] }));
}
