import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { generateKeyPair, exportJWK, type CryptoKey } from 'jose';
import { parseDocument } from 'yaml';
import type { TrialHome } from '../../docker/trial/home.ts';
import { signBundle } from '../../schema/policy/bundle/bundle.ts';
import { type PolicyTexts, readPolicyTexts } from '../../schema/policy/decide/load.ts';
import { readPolicySigner } from '../../schema/policy/bundle/policy-keys.ts';

/** The repository's policy as another version of itself, with what a test changes of its rules. */
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

/** A signer of policies: its key, and what others verify its bundles with. */
export async function newSigner(id = 'policy-office') {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: id }] });
  return { key: { id, privateKey }, jwks };
}

/** Signs as the trial's own policy office does. */
export async function signAsTrial(home: TrialHome, texts: PolicyTexts): Promise<string> {
  return await signBundle(texts, await trialSigner(home), new Date(), 'trial');
}

/** The trial's policy office itself. */
export async function trialSigner(home: TrialHome): Promise<{ id: string; privateKey: CryptoKey }> {
  return await readPolicySigner(readFileSync(home.policyKeyFile, 'utf8'));
}

/** Puts a bundle in place as an operator does. */
export function putBundle(home: TrialHome, text: string): void {
  writeFileSync(`${home.policyBundleFile}.put`, text);
  renameSync(`${home.policyBundleFile}.put`, home.policyBundleFile);
}
