import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { openSupergraph, peekSupergraph, signSupergraph } from '../../schema/compose/signed-supergraph.ts';
import { read as readContract } from '../../schema/sources.ts';
import { openBundle, signBundle } from '../../schema/policy/bundle/bundle.ts';
import { type PolicyTexts, readPolicyTexts } from '../../schema/policy/decide/load.ts';
import { readPolicyKeys, readPolicySigner } from '../../schema/policy/bundle/policy-keys.ts';
import { deployment, openHome, policySettings, type TrialHome } from './home.ts';

/**
 * Signs the repository's policy with the trial's key and replaces the bundle by rename. Keeps a bundle of the same files,
 * because a policy version has exactly one bundle. If the files changed without a new version number, the trial's parts
 * refuse the new bundle, as in a deployment.
 */
export async function signTrialPolicy(
  home: TrialHome,
  texts: PolicyTexts = readPolicyTexts(),
): Promise<void> {
  if (await isSigned(home, texts)) return;
  const signer = await readPolicySigner(readFileSync(home.policyKeyFile, 'utf8'));
  const bundle = await signBundle(texts, signer, new Date(), deployment);
  writeFileSync(`${home.policyBundleFile}.new`, bundle, { mode: 0o600 });
  renameSync(`${home.policyBundleFile}.new`, home.policyBundleFile);
}

/**
 * Signs the repository's supergraph with the trial's key and replaces the file by rename. Keeps a file of the same
 * supergraph; a changed one gets the next version.
 */
export async function signTrialSupergraph(
  home: TrialHome,
  sdl: string = readContract('supergraph.graphql'),
): Promise<void> {
  const keys = await readPolicyKeys(readFileSync(home.policyKeysFile, 'utf8'));
  const text = existsSync(home.supergraphFile) ? readFileSync(home.supergraphFile, 'utf8') : '';
  const opened = await openSupergraph(text, keys, deployment).catch(() => null);
  if (opened?.sdl === sdl) return;
  const version = (peekSupergraph(text)?.version ?? 0) + 1;
  const signer = await readPolicySigner(readFileSync(home.policyKeyFile, 'utf8'));
  const signed = await signSupergraph(sdl, version, signer, new Date(), deployment);
  writeFileSync(`${home.supergraphFile}.new`, signed, { mode: 0o600 });
  renameSync(`${home.supergraphFile}.new`, home.supergraphFile);
}

async function isSigned(home: TrialHome, texts: PolicyTexts): Promise<boolean> {
  if (!existsSync(home.policyBundleFile)) return false;
  try {
    const keys = await readPolicyKeys(readFileSync(home.policyKeysFile, 'utf8'));
    const { files } = await openBundle(readFileSync(home.policyBundleFile, 'utf8'), keys, deployment);
    const names = Object.keys(texts);
    return names.length === Object.keys(files).length && names.every((name) => files[name] === texts[name]);
  } catch {
    return false;
  }
}

/**
 * Returns the policy settings for a command that uses a home: none if the environment has them, otherwise the trial's.
 * Signs a bundle if the home has none; keeps an existing one, because a running trial may use it.
 */
export async function policyEnv(folder: string): Promise<Readonly<Record<string, string>>> {
  if (process.env['JCU_POLICY_BUNDLE_FILE'] !== undefined) return {};
  const home = openHome(folder);
  if (!existsSync(home.policyBundleFile)) await signTrialPolicy(home);
  return policySettings(home);
}
