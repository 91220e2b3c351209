import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { signSupergraph } from '../../schema/compose/signed-supergraph.ts';
import { read as readContract } from '../../schema/sources.ts';
import { signBundle } from '../../schema/policy/bundle/bundle.ts';
import { readPolicyTexts } from '../../schema/policy/decide/load.ts';
import { readPolicySigner } from '../../schema/policy/bundle/policy-keys.ts';
import { communities } from '../../schema/record/vocabulary.ts';
import { acr } from '../trial/issuer/acr.ts';
import { databaseOf } from '../trial/stores/names.ts';
import { certifyAuthority, certifyPart, newKey } from './certificates.ts';
import { DeploymentFolder, type Owner, owners } from './folder.ts';

export type InitOptions = {
  readonly folder: string;
  readonly deployment: string;
  /** The hub's URL for its readers; also the audience of their tokens. */
  readonly hub: string;
  /** The URL of the OpenID provider; null for the trial's provider with fictional readers. */
  readonly issuer: string | null;
};

/** The URL of the trial's issuer for the services of a deployment. */
export const trialIssuer = 'https://issuer:4443';

/**
 * Makes the missing files of a deployment: keys, certificates, passwords, the signed policy and supergraph, and the settings of
 * compose.yaml. Keeps existing files. Run it again after a community was added, or after you removed a file to have it
 * replaced. Returns the names of the files that it made.
 */
export async function initDeployment(options: InitOptions): Promise<readonly string[]> {
  const folder = new DeploymentFolder(options.folder);
  const { deployment } = options;
  await makeHubKeys(folder);
  await makePolicy(folder, deployment);
  const certify = await openAuthority(folder, deployment);
  for (const owner of owners) await makeStore(folder, owner, certify);
  const parts = [...communities, 'hub', 'issuer'] as const;
  for (const part of parts) {
    const key = await folder.once(`services/${part}/tls-key.pem`, newKey);
    const names = part === 'hub' ? [part, new URL(options.hub).hostname] : [part];
    await folder.once(`services/${part}/tls-cert.pem`, async () => await certify(key, names));
  }
  for (const community of communities)
    await folder.once(`services/${community}/cursor-key`, () => randomBytes(32).toString('base64'));
  await folder.once('.env', () => composeVariables(options));
  return folder.made;
}

/** Generates a private Ed25519 JWK with a random `kid`. */
export function newSigningKey(): string {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return json({ ...jwk, kid: randomBytes(8).toString('hex'), alg: 'EdDSA', use: 'sig' });
}

/** Returns the public key of a private JWK, as an entry of a JWKS. */
export function publicHalf(privateJwk: string): object {
  const { kid, ...jwk } = JSON.parse(privateJwk);
  const half = createPublicKey(createPrivateKey({ key: jwk, format: 'jwk' })).export({ format: 'jwk' });
  return { ...half, kid, alg: 'EdDSA', use: 'sig' };
}

/** Formats a value as the content of a JSON file. */
export function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

async function makeHubKeys(folder: DeploymentFolder): Promise<void> {
  const key = await folder.once('services/hub/signing-key.json', newSigningKey);
  await folder.once('public/hub-keys.json', () => json({ keys: [publicHalf(key)] }));
  // All keys that the hub ever had: entries of the audit log stay verifiable after a key has ended.
  await folder.once('public/audit-keys.json', () => folder.read('public/hub-keys.json'));
}

async function makePolicy(folder: DeploymentFolder, deployment: string): Promise<void> {
  const key = await folder.once('office/policy-signing-key.json', newSigningKey);
  await folder.once('public/policy-keys.json', () => json({ keys: [publicHalf(key)] }));
  await folder.once(
    'public/policy-bundle.json',
    async () => await signBundle(readPolicyTexts(), await readPolicySigner(key), new Date(), deployment),
  );
  await folder.once(
    'public/supergraph.json',
    async () =>
      await signSupergraph(
        readContract('supergraph.graphql'),
        1,
        await readPolicySigner(key),
        new Date(),
        deployment,
      ),
  );
}

type Certify = (key: string, names: readonly string[]) => Promise<string>;

/** Returns a function that issues certificates of the deployment's authority. No service gets the authority's key. */
async function openAuthority(folder: DeploymentFolder, deployment: string): Promise<Certify> {
  const key = await folder.once('office/authority-key.pem', newKey);
  const now = new Date();
  const certificate = await folder.once(
    'public/authority.pem',
    async () => await certifyAuthority(key, deployment, now),
  );
  return async (partKey, names) => {
    // Health checks use `localhost`.
    const all = [...new Set([...names, 'localhost', '127.0.0.1'])];
    return await certifyPart({ key: partKey, names: all }, { key, certificate }, now);
  };
}

/** Makes a store's certificate, the administrator's password for its setup service, and the user's URI for its part. */
async function makeStore(folder: DeploymentFolder, owner: Owner, certify: Certify): Promise<void> {
  const store = `store-${owner}`;
  await folder.once(`services/${store}/tls.pem`, async () => {
    const key = newKey();
    return `${await certify(key, [store])}${key}`;
  });
  await folder.once(`services/setup-${owner}/admin-password`, newPassword);
  const password = await folder.once(`services/setup-${owner}/password`, newPassword);
  const database = databaseOf(owner);
  const query = `replicaSet=jcu&authMechanism=SCRAM-SHA-256&tls=true&tlsCAFile=${encodeURIComponent(authority)}`;
  const uri = `mongodb://${database}:${password}@${store}:27017/${database}?${query}`;
  await folder.once(`services/${owner}/store-uri`, () => uri);
  // The service that seeds the trial's registry gets the URI of the hub's store, and no other file of the hub.
  if (owner === 'hub') await folder.once('services/registry/store-uri', () => uri);
}

/** The path of the authority's certificate in every container. */
const authority = '/run/jcu/public/authority.pem';

function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

/** Formats the variables of compose.yaml. */
function composeVariables({ folder, deployment, hub, issuer }: InitOptions): string {
  const lines = {
    COMPOSE_PROJECT_NAME: `jcu-${deployment}`,
    COMPOSE_PROFILES: issuer === null ? 'trial' : '',
    JCU_FOLDER: join(folder),
    JCU_DEPLOYMENT: deployment,
    JCU_AUDIENCE: hub,
    JCU_ISSUER: issuer ?? trialIssuer,
    JCU_STRONG_ACR: issuer === null ? acr.strong : '',
    JCU_PUBLISH: '127.0.0.1:4000',
  };
  return Object.entries(lines)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
