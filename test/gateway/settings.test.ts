import { afterAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from '../../gateway/settings.ts';
import { communities } from '../../schema/record/vocabulary.ts';
import { readSettings as readSubgraph } from '../../subgraphs/serve/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'jcu-settings-'));
const json = join(folder, 'any.json');
writeFileSync(json, '{}');

afterAll(() => rmSync(folder, { recursive: true }));

function settingOf(name: string): string {
  return `JCU_SUBGRAPH_${name.toUpperCase().replaceAll('-', '_')}_URL`;
}

const of = {
  JCU_DEPLOYMENT: 'd',
  JCU_STORE_URI: 'mongodb://store.example/d',
  JCU_POLICY_BUNDLE_FILE: json,
  JCU_POLICY_KEYS_FILE: json,
};
const hub = {
  ...of,
  JCU_ISSUER: 'https://login.example',
  JCU_AUDIENCE: 'https://hub.example/graphql',
  JCU_SIGNING_KEY_FILE: json,
  JCU_SUPERGRAPH: json,
  ...Object.fromEntries(communities.map((name) => [settingOf(name), `https://${name}.example/graphql`])),
  JCU_SUBGRAPH_EUROPOL_URL: 'http://127.0.0.1:4403/graphql',
};
const subgraph = {
  ...of,
  JCU_HUB_KEYS_FILE: json,
  JCU_CURSOR_KEY: Buffer.alloc(32).toString('base64'),
};
const production = { NODE_ENV: 'production' };

test('rejects http URLs of subgraphs and issuer on other machines in production', () => {
  const open = {
    ...hub,
    JCU_ISSUER: 'http://login.example',
    JCU_SUBGRAPH_ENISA_URL: 'http://127.0.0.1.example/graphql',
  };
  expect(() => readSettings({ ...open, ...production })).toThrow(
    'JCU_ISSUER: expected an https URL with NODE_ENV=production, got http://login.example\n' +
      '  JCU_SUBGRAPH_ENISA_URL: expected an https URL with NODE_ENV=production, got http://127.0.0.1.example/graphql',
  );
  expect(readSettings(open).subgraphs.enisa).toBe('http://127.0.0.1.example/graphql');
  expect(readSettings({ ...hub, ...production }).subgraphs.europol).toBe('http://127.0.0.1:4403/graphql');
});

test('requires a certificate of a subgraph that other machines reach in production', () => {
  const open = { ...subgraph, JCU_HOST: '0.0.0.0' };
  expect(() => readSubgraph('enisa', { ...open, ...production })).toThrow(
    'JCU_TLS_CERT_FILE: expected a certificate with NODE_ENV=production on 0.0.0.0, got nothing',
  );
  expect(readSubgraph('enisa', open).host).toBe('0.0.0.0');
  expect(readSubgraph('enisa', { ...subgraph, ...production }).host).toBe('127.0.0.1');
  const certified = { ...open, ...production, JCU_TLS_CERT_FILE: json, JCU_TLS_KEY_FILE: json };
  expect(readSubgraph('enisa', certified).tlsCert).toBe('{}');
});

test('refuses URLs that the hub must not connect to, and names the setting without its credentials', () => {
  const wrong = {
    ...hub,
    JCU_ISSUER: 'https://login:secret@login.example',
    JCU_SUBGRAPH_ENISA_URL: 'http://169.254.169.254/graphql',
    JCU_SUBGRAPH_EEAS_URL: 'http://2130706433/graphql',
  };
  const read = () => readSettings(wrong);
  expect(read).toThrow('JCU_ISSUER: expected a URL without user name and password');
  expect(read).not.toThrow('secret');
  expect(read).toThrow('JCU_SUBGRAPH_ENISA_URL: expected the address of a server, got 169.254.169.254');
  expect(read).toThrow(
    'JCU_SUBGRAPH_EEAS_URL: expected the host in its canonical form, 127.0.0.1, got 2130706433',
  );
});

test('refuses settings that let tokens live, or cached keys of the issuer be used, for too long', () => {
  expect(readSettings(hub)).toMatchObject({ maxTokenSeconds: 3600, issuerKeysSeconds: 60 });
  for (const [name, value] of [
    ['JCU_MAX_TOKEN_SECONDS', '86401'],
    ['JCU_MAX_TOKEN_SECONDS', '0'],
    ['JCU_ISSUER_KEYS_SECONDS', '601'],
  ] as const)
    expect(() => readSettings({ ...hub, [name]: value })).toThrow(name);
});

test('accepts exact web origins for CORS only, https ones in production', () => {
  const read = (given: string, more = {}) =>
    readSettings({ ...hub, JCU_CORS_ORIGINS: given, ...more }).corsOrigins;
  expect(readSettings(hub).corsOrigins).toEqual([]);
  expect(read('https://a.example http://localhost:5173')).toEqual([
    'https://a.example',
    'http://localhost:5173',
  ]);
  for (const wrong of ['*', 'null', 'https://a.example/', 'https://a.example/page', 'a.example', 'file:///x'])
    expect(() => read(wrong)).toThrow('JCU_CORS_ORIGINS: ');
  expect(() => read('http://a.example', production)).toThrow('JCU_CORS_ORIGINS: expected an https URL');
});
