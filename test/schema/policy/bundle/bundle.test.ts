import { expect, test } from '@jest/globals';
import canonicalize from 'canonicalize';
import { FlattenedSign } from 'jose';
import { maxBundleBytes, openBundle, signBundle } from '../../../../schema/policy/bundle/bundle.ts';
import { findPolicyGaps, gapsOf } from '../../../../schema/policy/check/coverage.ts';
import { acceptBundle, type KeptBundle, openIfChanged } from '../../../../schema/policy/bundle/in-force.ts';
import { readPolicyTexts } from '../../../../schema/policy/decide/load.ts';
import { readPolicyKeys, readPolicySigner } from '../../../../schema/policy/bundle/policy-keys.ts';
import { newSigner, textsOf } from '../../../helpers/bundles.ts';

const now = new Date('2026-11-24T12:00:00Z');
const signer = await newSigner();
const keys = await readPolicyKeys(signer.jwks);
const content = {
  format: 'jcu-policy-bundle/1',
  version: 7,
  issuedAt: now.toISOString(),
  files: textsOf(7),
};
const header = { alg: 'EdDSA', typ: 'jcu-policy+jws', kid: signer.key.id };

async function signed(text: string, protectedHeader: object = header): Promise<string> {
  const jws = new FlattenedSign(new TextEncoder().encode(text)).setProtectedHeader(protectedHeader as never);
  return JSON.stringify(await jws.sign(signer.key.privateKey));
}

async function expectRefused(text: string, why: RegExp, deployment: string | null = null): Promise<void> {
  await expect(openBundle(text, keys, deployment)).rejects.toMatchObject({
    name: 'SignedFileError',
    message: expect.stringMatching(why),
  });
}

test('opens a signed bundle with the same files and version, and one digest for one content', async () => {
  const text = await signBundle(content.files, signer.key, now);
  const opened = await openBundle(text, keys, 'trial');
  expect(opened).toMatchObject({ version: 7, signedBy: 'policy-office', issuedAt: now.toISOString() });
  expect(opened.files).toEqual(content.files);
  expect(opened.policy.version).toBe('joint-baseline-7');
  const again = await openBundle(await signBundle(content.files, signer.key, now), keys, 'trial');
  expect(again.digest).toBe(opened.digest);
});

test('accepts the content that the following tests change', async () => {
  expect((await openBundle(await signed(canonicalize(content) ?? ''), keys, null)).version).toBe(7);
});

test('rejects a signature by the right key over other content or with another type', async () => {
  const text = canonicalize(content) ?? '';
  await expectRefused(await signed(text, { ...header, typ: 'JWT' }), /expected the type/);
  await expectRefused(await signed(text, { alg: 'EdDSA', kid: header.kid }), /expected the type/);
  await expectRefused(await signed(text, { alg: 'EdDSA', typ: header.typ }), /has no key undefined/);
  const jws = JSON.parse(await signed(text)) as Record<string, string>;
  const other = canonicalize({ ...content, issuedAt: '2026-11-25T12:00:00.000Z' }) ?? '';
  const payload = Buffer.from(other).toString('base64url');
  await expectRefused(JSON.stringify({ ...jws, payload }), /does not match its key/);
  const none = Buffer.from(JSON.stringify({ ...header, alg: 'none' })).toString('base64url');
  await expectRefused(JSON.stringify({ ...jws, protected: none, signature: '' }), /is malformed/);
  await expectRefused(JSON.stringify({ ...jws, header: { kid: 'x' } }), /expected a signed bundle/);
  await expectRefused(
    await signed(text, { ...header, b64: false, crit: ['b64'] }),
    /does not match its key|is malformed/,
  );
});

test('rejects malformed content with a valid signature', async () => {
  const says = async (changes: object) => await signed(canonicalize({ ...content, ...changes }) ?? '');
  await expectRefused(await signed('{'), /malformed/);
  await expectRefused(await signed(JSON.stringify(content, null, 1)), /not canonical/);
  await expectRefused(await says({ version: 8 }), /its version is 8, but its domain.yaml has version 7/);
  await expectRefused(await says({ more: true }), /malformed/);
  await expectRefused(await says({ files: { ...content.files, '../x.yaml': '' } }), /malformed/);
  await expectRefused(
    await says({ files: { ...content.files, 'baseline.yaml': 'rules: []' } }),
    /does not compile/,
  );
  await expectRefused(await says({ deployment: 'other' }), /for the deployment other/, 'trial');
  await expectRefused('x'.repeat(maxBundleBytes + 1), /larger than/);
});

const set = (...all: readonly object[]) => JSON.stringify({ keys: all });

test('rejects a malformed file of policy keys and one with a private key', async () => {
  await expect(readPolicyKeys('[]')).rejects.toThrow('a JWKS of public Ed25519 keys');
  await expect(readPolicyKeys('{"keys":[]}')).rejects.toThrow('a JWKS');
  const [key] = (JSON.parse(signer.jwks) as { keys: [Record<string, string>] }).keys;
  await expect(readPolicyKeys(set({ ...key, d: 'AAAA' }))).rejects.toThrow('a JWKS');
  await expect(readPolicyKeys(set({ ...key, crv: 'X25519' }))).rejects.toThrow('a JWKS');
  await expect(readPolicyKeys(set(key, key))).rejects.toThrow('two policy keys have the kid');
  await expect(readPolicySigner(JSON.stringify(key))).rejects.toThrow('a private Ed25519 JWK with a kid');
});

test('rejects a policy that does not cover the graph', async () => {
  const coordinates = readPolicyTexts()['coordinates.yaml'] ?? '';
  const files = { ...textsOf(7), 'coordinates.yaml': coordinates.replace(/^ {2}Advisory:/m, '  Bulletin9:') };
  const bundle = await signBundle(files, signer.key, now);
  const files7 = async () => await Promise.resolve({ bundle, keys: signer.jwks });
  for (const findGaps of [findPolicyGaps, gapsOf('cert-eu')])
    await expect(openIfChanged(files7, null, findGaps)()).rejects.toThrow(
      /does not cover the graph: .*Advisory/,
    );
  // Another community answers nothing of it.
  expect((await openIfChanged(files7, null, gapsOf('eeas'))()).opened.version).toBe(7);
});

test('rejects an older version, and other content with an accepted version', async () => {
  const kept = new Map<number, KeptBundle>();
  const memory = {
    newest: async () => await Promise.resolve(kept.get(Math.max(0, ...kept.keys())) ?? null),
    keep: async (one: KeptBundle) =>
      void (await Promise.resolve(kept.has(one._id) || kept.set(one._id, one))),
  };
  const take = async (version: number, change?: (rules: string) => string) => {
    const text = await signBundle(textsOf(version, change), signer.key, now);
    return await acceptBundle(await openBundle(text, keys, null), text, memory);
  };
  expect(await take(7)).toBeNull();
  expect(await take(7)).toBeNull();
  expect(await take(7, (rules) => `${rules}\n# other words\n`)).toMatch(/differs from the version 7/);
  expect(await take(9)).toBeNull();
  expect(await take(8)).toMatch(/has version 8, but version 9 was accepted/);
  expect([...kept.keys()]).toEqual([7, 9]);
});
