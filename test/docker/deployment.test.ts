import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { initDeployment } from '../../docker/deploy/init.ts';
import { endOldHubKeys, rotateHubKey } from '../../docker/deploy/rotate.ts';
import { findMongod } from '../../docker/trial/stores/find.ts';
import { communities } from '../../schema/record/vocabulary.ts';
import { readCompose, readEnvFile } from './composed.ts';
import { Engine } from './engine.ts';
import { Images } from './images.ts';

const root = join(import.meta.dirname, '..', '..');
const scenario = join(root, 'docker/trial/scenario');
// On the file system of node_modules, so that packages can be linked.
const place = join(root, '.cache', `deployment-${process.pid}`);
const folder = join(place, 'deployment');
const options = { folder, deployment: 'trial', hub: 'https://hub.example/graphql', issuer: null };

let engine: Engine;
let token = '';

beforeAll(async () => {
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  await initDeployment(options);
  const composed = readCompose(readEnvFile(folder));
  const { path } = await findMongod({ env: process.env, report: () => undefined });
  engine = new Engine(composed, new Images(join(place, 'images')), { folder: place, mongod: path });
  await engine.prepare();
  for (const name of readdirSync(join(folder, 'services'))) localise(name);
  await Promise.all(['hub', 'registry'].map(async (name) => await engine.up(name)));
  const issuer = engine.address('https://issuer:4443');
  const args = [
    '--issuer',
    issuer,
    '--home',
    '/home/issuer',
    '--as',
    'cert-eu-analyst',
    '--picture',
    exercise,
  ];
  const asked = await engine.run('issuer', ['node', 'docker/trial/issuer/token-main.ts', ...args]);
  token = asked.said.trim();
});

afterAll(async () => {
  await engine.down();
  rmSync(place, { recursive: true, force: true });
});

const exercise = 'exercise:trial-2026';
/** Replaces host names and mount paths in a service's store URI by those of this machine. */
function localise(name: string): void {
  const file = join(folder, 'services', name, 'store-uri');
  if (!statSync(file, { throwIfNoEntry: false })) return;
  const uri = readFileSync(file, 'utf8').replace(encodeURIComponent('/run/jcu'), encodeURIComponent(folder));
  rmSync(file);
  writeFileSync(file, engine.address(uri), { mode: 0o444 });
}

function uriOf(name: string): string {
  return readFileSync(join(folder, 'services', name, 'store-uri'), 'utf8');
}

const authority = () => readFileSync(join(folder, 'public/authority.pem'), 'utf8');

async function get(service: string, path: string, init: object = {}) {
  const dispatcher = new Agent({ connect: { ca: authority() } });
  const { statusCode, body } = await request(`https://127.0.0.1:${engine.portOf(service)}${path}`, {
    dispatcher,
    ...init,
  });
  const text = await body.text();
  await dispatcher.close();
  return { status: statusCode, text };
}

async function ask(query: string) {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const { text } = await get('hub', '/graphql', { method: 'POST', headers, body: JSON.stringify({ query }) });
  return JSON.parse(text);
}

async function importFile(community: string, file: string): Promise<void> {
  const args = [join(scenario, file), '--exercise', exercise, '--rejects', join(place, 'rejects')];
  const { code, said } = await engine.run(community, ['node', 'import.ts', ...args]);
  if (code !== 0) throw new Error(said);
}

async function connect(uri: string) {
  await using client = new MongoClient(uri, { serverSelectionTimeoutMS: 2000, directConnection: true });
  return await client.db().command({ dbStats: 1 });
}

const vulnerability = `{
  vulnerability(id: "CVE-2099-10001") {
    exploitation { nodes { assertedBy } }
    advisories { nodes { serial } }
  }
}`;

test('the images contain what they need: imports fill two stores, and the hub joins them in one answer', async () => {
  await Promise.all([importFile('enisa', 'cisa-kev.json'), importFile('cert-eu', 'advisories')]);
  const { data, errors } = await ask(vulnerability);
  expect(errors).toBeUndefined();
  expect(data.vulnerability.exploitation.nodes.length).toBeGreaterThan(0);
  expect(data.vulnerability.advisories.nodes.length).toBeGreaterThan(0);
});

test('every part reports readiness over HTTPS, and a subgraph rejects a client that is not the hub', async () => {
  for (const name of ['hub', ...communities])
    expect(await get(name, '/ready')).toMatchObject({ status: 200 });
  for (const name of communities)
    expect(await get(name, '/graphql', { method: 'POST', body: '{}' })).toEqual({ status: 401, text: '' });
  await expect(fetch(`http://127.0.0.1:${engine.portOf('hub')}/health`)).rejects.toThrow();
});

test('a store rejects the credentials of another part, and connections without TLS', async () => {
  const own = uriOf('enisa');
  expect(await connect(own)).toMatchObject({ ok: 1, db: 'enisa' });
  await expect(
    connect(own.replace(engine.address('store-enisa:27017'), engine.address('store-cert-eu:27017'))),
  ).rejects.toThrow(/uthentication/);
  await expect(connect(own.replace(/\/enisa\?/, '/local?authSource=enisa&'))).rejects.toThrow(
    /not authorized/,
  );
  await expect(connect(own.replace(/&tls=.*$/, ''))).rejects.toThrow();
});

test("answers while the hub's signing key is rotated", async () => {
  const kid = await rotateHubKey(folder);
  expect((await ask(vulnerability)).errors).toBeUndefined();
  endOldHubKeys(folder);
  const { keys } = JSON.parse(readFileSync(join(folder, 'public/hub-keys.json'), 'utf8'));
  expect(keys.map((key: { kid: string }) => key.kid)).toEqual([kid]);
  expect(JSON.stringify(keys)).not.toContain('"d"');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const { data, errors } = await ask(vulnerability);
  expect(errors).toBeUndefined();
  expect(data.vulnerability.advisories.nodes.length).toBeGreaterThan(0);
});

test('a store rejects the old password after a rotation', async () => {
  const old = uriOf('europol');
  for (const file of ['setup-europol/password', 'europol/store-uri']) rmSync(join(folder, 'services', file));
  expect(await initDeployment(options)).toEqual([
    'services/setup-europol/password',
    'services/europol/store-uri',
  ]);
  localise('europol');
  expect((await engine.run('setup-europol', ['node', 'docker/deploy/setup-store.ts'])).code).toBe(0);
  await expect(connect(old)).rejects.toThrow(/uthentication/);
  expect(await connect(uriOf('europol'))).toMatchObject({ ok: 1, db: 'europol' });
});

test('the hub answers without a subgraph that is stopped, and with it after a restart', async () => {
  expect((await engine.stop('cert-eu')).code).toBe(0);
  const without = await ask(vulnerability);
  expect(without.data.vulnerability.exploitation.nodes.length).toBeGreaterThan(0);
  expect(without.data.vulnerability.advisories).toBeNull();
  await engine.up('cert-eu');
  expect((await ask(vulnerability)).data.vulnerability.advisories.nodes.length).toBeGreaterThan(0);
});
