import { afterEach, expect, test } from '@jest/globals';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initDeployment } from '../../../docker/deploy/init.ts';
import { endOldHubKeys, rotateHubKey } from '../../../docker/deploy/rotate.ts';
import { openSupergraph } from '../../../schema/compose/signed-supergraph.ts';
import { read as readContract } from '../../../schema/sources.ts';
import { openBundle } from '../../../schema/policy/bundle/bundle.ts';
import { readPolicyKeys } from '../../../schema/policy/bundle/policy-keys.ts';
import { communities } from '../../../schema/record/vocabulary.ts';
import { runHub } from '../../helpers/command-line.ts';

const places: string[] = [];

function newOptions() {
  const place = mkdtempSync(join(tmpdir(), 'jcu-deploy-'));
  places.push(place);
  const options = { deployment: 'real', hub: 'https://hub.example/graphql', issuer: 'https://login.example' };
  return { ...options, folder: join(place, 'deployment') };
}

afterEach(() => {
  for (const place of places.splice(0)) rmSync(place, { recursive: true });
});

function contentOf(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  const paths = files.map((one) => join(one.parentPath, one.name));
  return Object.fromEntries(paths.map((path) => [path, readFileSync(path, 'utf8')]));
}

test('a second run makes no file and changes none', async () => {
  const options = newOptions();
  expect((await initDeployment(options)).length).toBeGreaterThan(30);
  const before = contentOf(options.folder);
  expect(await initDeployment({ ...options, deployment: 'other', hub: 'https://else.example' })).toEqual([]);
  expect(contentOf(options.folder)).toEqual(before);
});

test('makes a removed file again, which matches the remaining ones', async () => {
  const options = newOptions();
  await initDeployment(options);
  const at = (name: string) => join(options.folder, name);
  for (const name of ['services/enisa/tls-cert.pem', 'public/hub-keys.json']) rmSync(at(name));
  expect((await initDeployment(options)).toSorted()).toEqual([
    'public/hub-keys.json',
    'services/enisa/tls-cert.pem',
  ]);
  const certificate = new X509Certificate(readFileSync(at('services/enisa/tls-cert.pem')));
  expect(certificate.checkPrivateKey(createPrivateKey(readFileSync(at('services/enisa/tls-key.pem'))))).toBe(
    true,
  );
  const signing = JSON.parse(readFileSync(at('services/hub/signing-key.json'), 'utf8'));
  const { keys } = JSON.parse(readFileSync(at('public/hub-keys.json'), 'utf8'));
  expect(keys).toEqual([expect.objectContaining({ kid: signing.kid, x: signing.x })]);
});

test('keeps every key that the hub ever had for the audit log', async () => {
  const options = newOptions();
  await initDeployment(options);
  const kidsIn = (name: string): readonly string[] =>
    JSON.parse(readFileSync(join(options.folder, 'public', name), 'utf8')).keys.map(
      (one: { kid: string }) => one.kid,
    );
  const [first] = kidsIn('hub-keys.json');
  // A deployment of an earlier version has no such file.
  rmSync(join(options.folder, 'public/audit-keys.json'));
  const second = await rotateHubKey(options.folder, 0);
  const third = await rotateHubKey(options.folder, 0);
  endOldHubKeys(options.folder);
  expect(kidsIn('hub-keys.json')).toEqual([third]);
  expect(kidsIn('audit-keys.json')).toEqual([first, second, third]);
});

test('only the owner can enter the folder, and public/ contains no secret', async () => {
  const options = newOptions();
  await initDeployment(options);
  expect(statSync(options.folder).mode & 0o777).toBe(0o700);
  for (const name of ['authority-key.pem', 'policy-signing-key.json'])
    expect(statSync(join(options.folder, 'office', name)).mode & 0o777).toBe(0o400);
  expect(readdirSync(options.folder).toSorted()).toEqual(['.env', 'office', 'public', 'services']);
  const open = Object.values(contentOf(join(options.folder, 'public'))).join('\n');
  expect(open).not.toMatch(/PRIVATE KEY|"d":|mongodb:/);
  expect(readFileSync(join(options.folder, '.env'), 'utf8')).not.toMatch(/password|PRIVATE|mongodb:/i);
});

test('no two services share a password or a key', async () => {
  const options = newOptions();
  await initDeployment(options);
  const secrets = Object.entries(contentOf(join(options.folder, 'services')))
    .filter(([path]) => /password$|cursor-key$|tls-key\.pem$/.test(path))
    .map(([, text]) => text);
  expect(secrets.length).toBe(3 * (communities.length + 1) + communities.length + 1);
  expect(new Set(secrets).size).toBe(secrets.length);
});

test("each certificate is signed by the authority, for its service's name only", async () => {
  const options = newOptions();
  await initDeployment(options);
  const read = (name: string) => new X509Certificate(readFileSync(join(options.folder, name)));
  const authority = read('public/authority.pem');
  expect(authority.ca).toBe(true);
  for (const name of communities) {
    for (const [service, file] of [
      [name, 'tls-cert.pem'],
      [`store-${name}`, 'tls.pem'],
    ] as const) {
      const certificate = read(`services/${service}/${file}`);
      expect(certificate.ca).toBe(false);
      expect(
        certificate.verify(createPublicKey(authority.publicKey.export({ type: 'spki', format: 'pem' }))),
      ).toBe(true);
      expect(certificate.subjectAltName).toBe(`DNS:${service}, DNS:localhost, IP Address:127.0.0.1`);
    }
  }
  expect(read('services/hub/tls-cert.pem').checkHost('hub.example')).toBe('hub.example');
});

test("the policy is signed for this deployment, and verifies with the office's public key", async () => {
  const options = newOptions();
  await initDeployment(options);
  const read = (name: string) => readFileSync(join(options.folder, 'public', name), 'utf8');
  const keys = await readPolicyKeys(read('policy-keys.json'));
  expect((await openBundle(read('policy-bundle.json'), keys, 'real')).version).toBeGreaterThan(0);
  await expect(openBundle(read('policy-bundle.json'), keys, 'other')).rejects.toThrow(
    'for the deployment real',
  );
});

test("the supergraph is signed for this deployment with the office's key", async () => {
  const options = newOptions();
  await initDeployment(options);
  const read = (name: string) => readFileSync(join(options.folder, 'public', name), 'utf8');
  const keys = await readPolicyKeys(read('policy-keys.json'));
  expect(await openSupergraph(read('supergraph.json'), keys, 'real')).toMatchObject({
    version: 1,
    sdl: readContract('supergraph.graphql'),
  });
  await expect(openSupergraph(read('supergraph.json'), keys, 'other')).rejects.toThrow('deployment real');
});

test('the command refuses a URL that is not https, and lists the files that it made', async () => {
  const { folder } = newOptions();
  const refused = await runHub(folder, 'deploy', 'init', folder, '--hub', 'http://hub.example');
  expect(refused.code).toBe(1);
  expect(refused.err).toContain('Expected an https URL');
  const done = await runHub(folder, 'deploy', 'init', folder, '--hub', 'https://hub.example/graphql');
  expect(done).toMatchObject({ code: 0, out: expect.stringContaining('made public/policy-bundle.json') });
});
