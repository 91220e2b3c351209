import { expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initDeployment } from '../../docker/deploy/init.ts';
import { registrySettings, setupSettings } from '../../docker/deploy/settings.ts';
import { hubSettings } from '../../gateway/settings.ts';
import { tlsSettings } from '../../schema/runtime/tls.ts';
import { communities } from '../../schema/record/vocabulary.ts';
import { subgraphSettings } from '../../subgraphs/serve/settings.ts';
import { readCompose, readComposeRaw, type Service } from './composed.ts';

const folder = '/deployment';
const env = {
  JCU_FOLDER: folder,
  JCU_DEPLOYMENT: 'd',
  JCU_ISSUER: 'https://i.example',
  JCU_AUDIENCE: 'https://h.example',
};
const composed = readCompose(env);
const { services, networks, volumes } = composed;
const all = Object.entries(services);
const subgraphs = all.filter(([, { build }]) => build?.target === 'subgraph').map(([name]) => name);
const owners = ['hub', ...subgraphs];

function membersOf(network: string): readonly string[] {
  return all.filter(([, service]) => service.networks.includes(network)).map(([name]) => name);
}

function serviceOf(name: string): Service & Readonly<Record<string, unknown>> {
  const service = services[name];
  if (service === undefined) throw new Error(`no service ${name}`);
  return service;
}

test("matches the Compose Specification's schema", () => {
  const schema = JSON.parse(
    readFileSync(join(import.meta.dirname, 'compose-spec/compose-spec.json'), 'utf8'),
  );
  const ajv = new Ajv2020({ strict: false, formats: { duration: true } });
  const isValid = ajv.compile(schema);
  expect(isValid(readComposeRaw()) ? [] : isValid.errors).toEqual([]);
  expect(isValid({ services: { hub: { imagine: 'x' } } })).toBe(false);
});

test('has a subgraph, a store and a setup service for each community of the code, and no others', () => {
  expect(subgraphs.toSorted()).toEqual([...communities].toSorted());
  const rest = owners.flatMap((name) => [`store-${name}`, `setup-${name}`]);
  expect(Object.keys(services).toSorted()).toEqual([...owners, ...rest, 'issuer', 'registry'].toSorted());
  for (const name of subgraphs) {
    expect(serviceOf(name).build?.args).toEqual({ COMMUNITY: name });
    const url = `JCU_SUBGRAPH_${name.toUpperCase().replaceAll('-', '_')}_URL`;
    expect(serviceOf('hub').environment[url]).toBe(`https://${name}:4443/graphql`);
  }
  for (const owner of owners)
    expect(serviceOf(`setup-${owner}`).environment).toMatchObject({ JCU_STORE_OWNER: owner });
});

test.each(all)('%s has no capabilities, no root user, a read-only file system, and limits', (_, service) => {
  expect(service).toMatchObject({
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    pids_limit: expect.any(Number),
    mem_limit: expect.any(String),
    cpus: expect.any(Number),
    stop_grace_period: expect.any(String),
    logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '5' } },
    tmpfs: [expect.stringMatching(/^\/tmp:size=\d+m,mode=1777,noexec,nosuid,nodev$/)],
  });
  expect(Number(service.user.split(':')[0])).toBeGreaterThan(0);
  for (const opened of ['privileged', 'cap_add', 'devices', 'pid', 'ipc', 'userns_mode'])
    expect(service).not.toHaveProperty(opened);
});

test('every running service has a health check, and dependencies wait for health or completion', () => {
  for (const [name, service] of all) {
    const ends = /^(setup-|registry$)/.test(name);
    expect([name, service.healthcheck !== undefined]).toEqual([name, !ends]);
    for (const [other, { condition }] of Object.entries(service.depends_on)) {
      const awaited = serviceOf(other).healthcheck ? 'service_healthy' : 'service_completed_successfully';
      expect([name, other, condition]).toEqual([name, other, awaited]);
    }
  }
  for (const owner of owners) {
    expect(Object.keys(serviceOf(`setup-${owner}`).depends_on)).toEqual([`store-${owner}`]);
    expect(serviceOf(owner).depends_on[`setup-${owner}`]?.required).toBe(true);
  }
  for (const name of [...subgraphs, 'issuer'])
    expect(serviceOf('hub').depends_on[name]?.required).toBe(false);
});

test("publishes the hub's port only, on 127.0.0.1 by default", () => {
  expect(all.filter(([, { ports }]) => ports.length > 0).map(([name]) => name)).toEqual(['hub']);
  expect(serviceOf('hub').ports).toEqual(['127.0.0.1:4000:4000']);
});

test('connects only parts that must reach each other, on internal networks', () => {
  for (const name of subgraphs) {
    expect(membersOf(`hub-${name}`)).toEqual(['hub', name]);
    expect(membersOf(`store-${name}`).toSorted()).toEqual([name, `store-${name}`].toSorted());
    expect(serviceOf(name).networks).toEqual([`hub-${name}`, `store-${name}`]);
  }
  expect(membersOf('store-hub').toSorted()).toEqual(['hub', 'registry', 'store-hub']);
  expect(membersOf('issuer').toSorted()).toEqual(['hub', 'issuer']);
  expect(membersOf('outside')).toEqual(['hub']);
  for (const owner of owners) expect(serviceOf(`setup-${owner}`).network_mode).toBe(`service:store-${owner}`);
  const open = Object.entries(networks).filter(([, { internal }]) => !internal);
  expect(open.map(([name]) => name)).toEqual(['outside']);
  for (const network of Object.keys(networks)) expect(membersOf(network)).not.toEqual([]);
  for (const [name, service] of all)
    expect([name, service.networks.length > 0]).toEqual([name, service.network_mode === undefined]);
});

test('mounts only the own files, the public files and the own volume of a service', () => {
  const writable = all.flatMap(([name, service]) => {
    const own = [`${folder}/services/${name}:/run/jcu/own:ro`, `${folder}/public:/run/jcu/public:ro`];
    expect([name, service.volumes.slice(0, 2)]).toEqual([name, own]);
    return service.volumes.slice(2).map((volume) => `${name} ${volume}`);
  });
  const stores = owners.map((name) => `store-${name} store-${name}:/data/db`);
  expect(writable.toSorted()).toEqual([...stores, 'issuer issuer:/home/issuer'].toSorted());
  expect(Object.keys(volumes).toSorted()).toEqual(
    [...owners.map((name) => `store-${name}`), 'issuer'].toSorted(),
  );
});

test('contains no secret: each is the path of a mounted file', () => {
  const secrets = [...hubSettings, ...Object.values(subgraphSettings), ...Object.values(setupSettings)]
    .filter(({ secret }) => secret)
    .map(({ name }) => name);
  for (const [, { environment }] of all) {
    for (const name of secrets) expect(environment).not.toHaveProperty(name);
    const paths = Object.entries(environment).filter(([name]) => /_FILE$|_CERTS$/.test(name));
    for (const [, path] of paths) expect(path).toMatch(/^\/run\/jcu\/(own|public)\//);
    expect(Object.values(environment).join(' ')).not.toMatch(/mongodb:|password=|PRIVATE KEY/);
  }
});

test('sets no variable that the service does not read', () => {
  const start = readFileSync(join(import.meta.dirname, '../../docker/store/start.sh'), 'utf8');
  const known: Readonly<Record<string, ReadonlySet<string>>> = {
    hub: namesOf(hubSettings),
    subgraph: namesOf(Object.values(subgraphSettings)),
    setup: namesOf([...Object.values(setupSettings), ...Object.values(registrySettings)]),
    issuer: namesOf(Object.values(tlsSettings)),
    store: new Set([...start.matchAll(/\$\{?(JCU_\w+)/g)].map(([, name = '']) => name)),
  };
  for (const [name, { build, environment }] of all) {
    const given = Object.keys(environment).filter((key) => key !== 'NODE_EXTRA_CA_CERTS');
    const read = known[build?.target ?? ''] ?? new Set();
    expect([name, given.filter((key) => !read.has(key))]).toEqual([name, []]);
  }
});

function namesOf(settings: readonly { name: string; secret: boolean }[]): ReadonlySet<string> {
  return new Set(settings.flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name])));
}

test('uses exactly the files that `hub deploy init` makes', async () => {
  const place = mkdtempSync(join(tmpdir(), 'jcu-init-'));
  try {
    await initDeployment({ folder: place, deployment: 'd', hub: 'https://h.example/graphql', issuer: null });
    const used = new Map<string, readonly string[]>();
    for (const [name, { environment }] of all) {
      const paths = Object.values(environment).filter((value) => value.startsWith('/run/jcu/'));
      for (const path of paths.filter((one) => one.includes('/public/')))
        expect([path, existsSync(join(place, path.slice('/run/jcu/'.length)))]).toEqual([path, true]);
      used.set(
        name,
        paths.filter((one) => one.includes('/own/')).map((one) => one.slice('/run/jcu/own/'.length)),
      );
    }
    const given = readdirSync(join(place, 'services'));
    expect(given.toSorted()).toEqual([...used.keys()].toSorted());
    for (const name of given)
      expect([name, readdirSync(join(place, 'services', name)).toSorted()]).toEqual([
        name,
        used.get(name)?.toSorted(),
      ]);
  } finally {
    rmSync(place, { recursive: true });
  }
});
