import { readFile, stat } from 'node:fs/promises';
import { BundleError, largestBundle } from './bundle.ts';
import type { PolicyFilesNow } from './in-force.ts';
import { filePath, text } from '../../runtime/settings/forms.ts';
import { setting } from '../../runtime/settings/settings.ts';

/** Where the policy in force is read from: settings of every part that decides. */
export type PolicyFilePaths = {
  /** The signed bundle. */
  readonly policyBundleFile: string;
  /** The public keys of those who may sign one, as a JWKS. */
  readonly policyKeysFile: string;
};

/** Reads both files as they are now. What is larger than any policy is refused before it is read. */
export function policyFilesAt({ policyBundleFile, policyKeysFile }: PolicyFilePaths): PolicyFilesNow {
  return async () => {
    const [bundle, keys] = await Promise.all([readBounded(policyBundleFile), readBounded(policyKeysFile)]);
    return { bundle, keys };
  };
}

async function readBounded(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > largestBundle) throw new BundleError(`${path} is larger than ${largestBundle} bytes`);
  return await readFile(path, 'utf8');
}

/** The settings of every part that decides: its deployment, and where its policy is. */
export const policySettings = {
  deployment: setting('JCU_DEPLOYMENT', "the deployment's id", text),
  policyBundleFile: setting('JCU_POLICY_BUNDLE_FILE', 'the signed policy bundle', filePath),
  policyKeysFile: setting(
    'JCU_POLICY_KEYS_FILE',
    'the public keys of those who may sign policies, as a JWKS file',
    filePath,
  ),
};
