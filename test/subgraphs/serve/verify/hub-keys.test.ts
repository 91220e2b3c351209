import { expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair } from 'jose';
import { readHubKeys } from '../../../../subgraphs/serve/verify/hub-keys.ts';

const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
const key = { ...(await exportJWK(publicKey)), kid: 'k-1', alg: 'EdDSA', use: 'sig' };
const secret = { ...(await exportJWK(privateKey)), kid: 'k-1' };

test('reads several keys by their kid, and accepts an empty set', async () => {
  const keys = await readHubKeys(JSON.stringify({ keys: [key, { ...key, kid: 'k-2' }] }));
  expect([...keys.keys()]).toEqual(['k-1', 'k-2']);
  expect(keys.get('k-2')?.x).toBe(key.x);
  expect((await readHubKeys('{"keys":[]}')).size).toBe(0);
});

test('rejects a malformed set, a private key and another key type without quoting the file', async () => {
  const invalid = [
    'not json',
    'null',
    '[]',
    '{}',
    JSON.stringify({ keys: [secret] }),
    JSON.stringify({ keys: [key, key] }),
    JSON.stringify({ keys: [{ ...key, kid: undefined }] }),
    JSON.stringify({ keys: [{ ...key, kid: '' }] }),
    JSON.stringify({ keys: [{ ...key, crv: 'X25519' }] }),
    JSON.stringify({ keys: [{ ...key, kty: 'oct', k: 'c2VjcmV0' }] }),
    JSON.stringify({ keys: [{ ...key, alg: 'HS256' }] }),
    JSON.stringify({ keys: [{ ...key, use: 'enc' }] }),
    JSON.stringify({ keys: [{ ...key, x: 'AAAA' }] }),
  ];
  for (const text of invalid) {
    await expect(readHubKeys(text)).rejects.toThrow(
      /^JCU_HUB_KEYS_FILE: expected a JWKS of public Ed25519 keys, each with a unique kid$/,
    );
  }
});
