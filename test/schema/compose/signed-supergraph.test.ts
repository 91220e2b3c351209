import { afterAll, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, FlattenedSign } from 'jose';
import { openSupergraph, peekSupergraph, signSupergraph } from '../../../schema/compose/signed-supergraph.ts';
import { signBundle } from '../../../schema/policy/bundle/bundle.ts';
import { readPolicyKeys } from '../../../schema/policy/bundle/policy-keys.ts';
import { readPolicyTexts } from '../../../schema/policy/decide/load.ts';
import { newSigner } from '../../helpers/bundles.ts';

const sdl = 'type Query { a: Int }';
const now = new Date('2026-03-04T12:00:00Z');
const signer = await newSigner();
const keys = await readPolicyKeys(signer.jwks);
const signed = await signSupergraph(sdl, 3, signer.key, now, 'jcu');

test('opens a supergraph that the office signed for this deployment, or for any', async () => {
  expect(await openSupergraph(signed, keys, 'jcu')).toMatchObject({
    sdl,
    version: 3,
    issuedAt: now.toISOString(),
    signedBy: 'policy-office',
  });
  const forAny = await signSupergraph(sdl, 3, signer.key, now);
  expect(await openSupergraph(forAny, keys, 'jcu')).toMatchObject({ sdl });
});

test('rejects a supergraph for another deployment', async () => {
  await expect(openSupergraph(signed, keys, 'other')).rejects.toThrow('it is for the deployment jcu');
});

test('rejects an unsigned supergraph, and one that another key signed', async () => {
  await expect(openSupergraph(sdl, keys, 'jcu')).rejects.toThrow('expected a signed supergraph');
  const foreign = await newSigner();
  const forged = await signSupergraph(sdl, 4, foreign.key, now, 'jcu');
  await expect(openSupergraph(forged, keys, 'jcu')).rejects.toThrow('its signature does not match its key');
  const unknown = await newSigner('somebody');
  await expect(openSupergraph(await signSupergraph(sdl, 4, unknown.key, now), keys, 'jcu')).rejects.toThrow(
    'has no key somebody',
  );
});

test('rejects a changed supergraph', async () => {
  const { payload, ...rest } = JSON.parse(signed);
  const content = Buffer.from(payload, 'base64url').toString().replace('a: Int', 'b: Int');
  const changed = JSON.stringify({ ...rest, payload: Buffer.from(content).toString('base64url') });
  await expect(openSupergraph(changed, keys, 'jcu')).rejects.toThrow('its signature does not match its key');
});

test('rejects what the same key signed as something else', async () => {
  const policy = await signBundle(readPolicyTexts(), signer.key, now, 'jcu');
  await expect(openSupergraph(policy, keys, 'jcu')).rejects.toThrow('expected the type jcu-supergraph+jws');
});

test.each<[string, string]>([
  [
    'a version of 0',
    '{"format":"jcu-supergraph/1","issuedAt":"2026-03-04T12:00:00.000Z","sdl":"x","version":0}',
  ],
  ['no version', '{"format":"jcu-supergraph/1","issuedAt":"2026-03-04T12:00:00.000Z","sdl":"x"}'],
  [
    'a key twice',
    '{"format":"jcu-supergraph/1","issuedAt":"2026-03-04T12:00:00.000Z","sdl":"x","version":9,"version":1}',
  ],
  ['no JSON', 'x'],
])('rejects signed content with %s', async (_case, content) => {
  const jws = await new FlattenedSign(new TextEncoder().encode(content))
    .setProtectedHeader({ alg: 'EdDSA', typ: 'jcu-supergraph+jws', kid: 'policy-office' })
    .sign(signer.key.privateKey);
  await expect(openSupergraph(JSON.stringify(jws), keys, 'jcu')).rejects.toThrow('its content is');
});

const folder = mkdtempSync(join(tmpdir(), 'jcu-sign-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('the command signs the next version, and keeps a file of the same supergraph', async () => {
  const [key, out, graph] = ['key.json', 'supergraph.json', 'graph.graphql'].map((name) =>
    join(folder, name),
  );
  if (key === undefined || out === undefined || graph === undefined) throw new Error('expected three files');
  writeFileSync(key, JSON.stringify({ ...(await exportJWK(signer.key.privateKey)), kid: 'policy-office' }));
  const sign = (text: string, ...more: readonly string[]) => {
    writeFileSync(graph, text);
    const command = ['--no-warnings', 'schema/compose/sign.ts', '--key', key, '--out', out, ...more, graph];
    const { stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
    return `${stdout}${stderr}`;
  };
  expect(sign(sdl)).toContain('version 1, signed with the key policy-office');
  expect(sign(sdl)).toContain('version 1 has this supergraph already');
  expect(sign(`${sdl} # changed`)).toContain('version 2');
  expect(sign(sdl, '--version', '7', '--deployment', 'jcu')).toContain('version 7');
  expect(peekSupergraph(readFileSync(out, 'utf8'))).toEqual({ version: 7, sdl });
  await expect(openSupergraph(readFileSync(out, 'utf8'), keys, 'other')).rejects.toThrow('deployment jcu');
  expect(sign(sdl, '--version', 'x')).toContain('--version: expected a whole number');
});
