import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readPolicySigner } from '../policy/bundle/policy-keys.ts';
import { peekSupergraph, signSupergraph } from './signed-supergraph.ts';

const committed = fileURLToPath(new URL('../supergraph.graphql', import.meta.url));

const help = `Signs the supergraph for a deployment.

  node schema/compose/sign.ts --key FILE --out FILE [--version N] [--deployment ID] [FILE]

  --key FILE        private key of the signer: an Ed25519 JWK with a kid
  --out FILE        file to write; it is replaced by rename
  --version N       version of the supergraph; by default one more than that of the file at --out, or 1
  --deployment ID   restricts the supergraph to this deployment
  FILE              supergraph in SDL (default: schema/supergraph.graphql)

A file at --out with the same supergraph is kept, unless --version is given.

Example:
  node schema/compose/sign.ts --key office.jwk --out supergraph.json --deployment production
`;

/** Signs a supergraph. A hub accepts a version once, with one content, and no older version afterwards. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      key: { type: 'string' },
      out: { type: 'string' },
      version: { type: 'string' },
      deployment: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(help);
  const { key, out, deployment } = values;
  if (key === undefined || out === undefined)
    throw new Error('--key and --out are required: give a file for each. See --help.');
  const sdl = readFileSync(positionals[0] ?? committed, 'utf8');
  const before = existsSync(out) ? peekSupergraph(readFileSync(out, 'utf8')) : null;
  if (before?.sdl === sdl && values.version === undefined)
    return void process.stdout.write(`${out}: version ${before.version} has this supergraph already\n`);
  const version = values.version === undefined ? (before?.version ?? 0) + 1 : readVersion(values.version);
  const signer = await readPolicySigner(readFileSync(key, 'utf8'));
  writeFileSync(`${out}.new`, await signSupergraph(sdl, version, signer, new Date(), deployment));
  renameSync(`${out}.new`, out);
  return void process.stdout.write(`${out}: version ${version}, signed with the key ${signer.id}\n`);
}

function readVersion(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--version: expected a whole number from 1, got ${text}`);
  return Number(text);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
