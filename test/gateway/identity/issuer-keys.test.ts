import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { discoverKeys } from '../../../gateway/identity/issuer-keys.ts';

let server: Server;
let issuer = '';
let published: readonly object[] = [];
let jwksUri: string | null = null;
let asked = 0;

beforeEach(async () => {
  asked = 0;
  jwksUri = null;
  server = createServer((request, response) => {
    if (request.url === '/jwks') asked += 1;
    const metadata = { issuer, jwks_uri: jwksUri ?? `${issuer}/jwks` };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.url === '/jwks' ? { keys: published } : metadata));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function newKey(kid: string) {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  const token = await new SignJWT({}).setProtectedHeader({ alg: 'EdDSA', kid }).sign(privateKey);
  return { token, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'EdDSA' } };
}

test('refuses a key within the set time after the issuer withdrew it, and asks no more often', async () => {
  const [first, second] = [await newKey('k-1'), await newKey('k-2')];
  published = [first.jwk];
  const keys = discoverKeys(issuer, { maxAgeSeconds: 3 });
  for (let n = 0; n < 20; n += 1) await jwtVerify(first.token, keys);
  expect(asked).toBe(1);
  published = [second.jwk];
  await pause(3100);
  await expect(jwtVerify(first.token, keys)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
  expect(await jwtVerify(second.token, keys)).toBeDefined();
});

test('refuses every token while the issuer does not give its keys for longer than the set time', async () => {
  const { token, jwk } = await newKey('k-1');
  published = [jwk];
  const keys = discoverKeys(issuer, { maxAgeSeconds: 3 });
  await jwtVerify(token, keys);
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  await pause(3100);
  await expect(jwtVerify(token, keys)).rejects.toMatchObject({ code: 'ISSUER_UNAVAILABLE' });
});

test('follows no address of keys that an issuer cannot have', async () => {
  const { token } = await newKey('k-1');
  for (const uri of [
    'http://169.254.169.254/jwks',
    'http://2130706433/jwks',
    'http://a:b@127.0.0.1/jwks',
    'file:///jwks',
  ]) {
    jwksUri = uri;
    await expect(jwtVerify(token, discoverKeys(issuer, { maxAgeSeconds: 3 }))).rejects.toThrow('jwks_uri');
  }
});
