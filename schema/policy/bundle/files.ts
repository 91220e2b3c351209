import { readFile, stat } from 'node:fs/promises';
import { SignedFileError } from '../../runtime/signed-file.ts';
import { maxBundleBytes } from './bundle.ts';
import type { PolicyFilesNow } from './in-force.ts';
import { filePath, text } from '../../runtime/settings/forms.ts';
import { setting } from '../../runtime/settings/settings.ts';

/** The files of the policy in force. Hub, subgraphs and imports have these settings. */
export type PolicyFilePaths = {
  /** The signed bundle. */
  readonly policyBundleFile: string;
  /** The public keys of the policy signers, as a JWKS. */
  readonly policyKeysFile: string;
};

/** Returns a function that reads both files. It rejects with SignedFileError, before reading, if a file is too large. */
export function policyFilesAt({ policyBundleFile, policyKeysFile }: PolicyFilePaths): PolicyFilesNow {
  return async () => {
    const [bundle, keys] = await Promise.all([readBounded(policyBundleFile), readBounded(policyKeysFile)]);
    return { bundle, keys };
  };
}

async function readBounded(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > maxBundleBytes) throw new SignedFileError(`${path} is larger than ${maxBundleBytes} bytes`);
  return await readFile(path, 'utf8');
}

/** The settings of every process that decides: its deployment and its policy files. */
export const policySettings = {
  deployment: setting(
    'JCU_DEPLOYMENT',
    'id of this deployment; assertions, policy bundles and the audit log contain it',
    text,
  ),
  policyBundleFile: setting(
    'JCU_POLICY_BUNDLE_FILE',
    'signed policy bundle; hub and subgraphs read it again when it changes',
    filePath,
  ),
  policyKeysFile: setting(
    'JCU_POLICY_KEYS_FILE',
    'public keys of the policy signers, a JWKS file; hub and subgraphs read it again when it changes',
    filePath,
  ),
};
