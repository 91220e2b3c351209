import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { signBundle } from './bundle.ts';
import { findPolicyGaps } from '../check/coverage.ts';
import { policyFolder, policyOfTexts, readPolicyTexts } from '../decide/load.ts';
import { readPolicySigner } from './policy-keys.ts';

const help = `Signs the policy files as a bundle for a deployment.

  node schema/policy/bundle/sign.ts --key FILE --out FILE [--deployment ID] [FOLDER]

  --key FILE        private key of the signer: an Ed25519 JWK with a kid
  --out FILE        file to write; it is replaced by rename
  --deployment ID   restricts the bundle to this deployment
  FOLDER            folder of the policy files (default: schema/policy)

Example:
  node schema/policy/bundle/sign.ts --key office.jwk --out policy-bundle.json --deployment production
`;

/** Signs a folder of policy files. A version has one content: after a change, increase the version in domain.yaml. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      key: { type: 'string' },
      out: { type: 'string' },
      deployment: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(help);
  const { key, out, deployment } = values;
  if (key === undefined || out === undefined)
    throw new Error('--key and --out are required: give a file for each. See --help.');
  const signer = await readPolicySigner(readFileSync(key, 'utf8'));
  const texts = readPolicyTexts(positionals[0] ?? policyFolder);
  const gaps = findPolicyGaps(policyOfTexts(texts));
  if (gaps.length > 0)
    throw new Error(
      `the policy does not cover the graph, and the hub would reject it:\n  ${gaps.join('\n  ')}`,
    );
  writeFileSync(`${out}.new`, await signBundle(texts, signer, new Date(), deployment));
  renameSync(`${out}.new`, out);
  return void process.stdout.write(`${out}: signed with the key ${signer.id}\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
