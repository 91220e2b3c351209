import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { generateKeyPair, exportJWK, type CryptoKey } from 'jose';
import { parseDocument } from 'yaml';
import type { TrialHome } from '../../docker/trial/home.ts';
import { signBundle } from '../../schema/policy/bundle/bundle.ts';
import { type PolicyTexts, readPolicyTexts } from '../../schema/policy/decide/load.ts';
import { readPolicySigner } from '../../schema/policy/bundle/policy-keys.ts';

/** Returns the repository's policy files with another version, and with the rules as `change` returns them. */
export function textsOf(version: number, change: (rules: string) => string = (rules) => rules): PolicyTexts {
  const texts = readPolicyTexts();
  const domain = parseDocument(texts['domain.yaml'] ?? '');
  domain.setIn(['version'], version);
  return {
    ...texts,
    'domain.yaml': domain.toString(),
    'baseline.yaml': change(texts['baseline.yaml'] ?? ''),
  };
}

/** Creates a policy signer: its key, and the JWKS that verifies its bundles. */
export async function newSigner(id = 'policy-office') {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: id }] });
  return { key: { id, privateKey }, jwks };
}

/** Signs policy files with the key of the trial's policy office. */
export async function signAsTrial(home: TrialHome, texts: PolicyTexts): Promise<string> {
  return await signBundle(texts, await trialSigner(home), new Date(), 'trial');
}

/** Reads the signing key of the trial's policy office. */
export async function trialSigner(home: TrialHome): Promise<{ id: string; privateKey: CryptoKey }> {
  return await readPolicySigner(readFileSync(home.policyKeyFile, 'utf8'));
}

/** Replaces the policy bundle by rename, as an operator does. */
export function putBundle(home: TrialHome, text: string): void {
  writeFileSync(`${home.policyBundleFile}.put`, text);
  renameSync(`${home.policyBundleFile}.put`, home.policyBundleFile);
}
