import { beforeAll, expect, test } from '@jest/globals';
import { createLocalJWKSet, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { RememberedTokens } from '../../../gateway/identity/remembered-tokens.ts';
import { type TokenRules, verifyToken } from '../../../gateway/identity/verify-token.ts';

const now = new Date('2026-03-04T12:00:00Z');
const seconds = now.getTime() / 1000;
const claims: JWTPayload = {
  iss: 'https://login.example',
  aud: 'https://hub.example/graphql',
  sub: 'u-1',
  client_id: 'workbench',
  organisation: 'enisa',
  picture: 'real',
  jti: 't-0',
  iat: seconds - 10,
  exp: seconds + 300,
};

type SigningKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];
let key: SigningKey;
let otherKey: SigningKey;
let rules: TokenRules;

beforeAll(async () => {
  const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  key = pair.privateKey;
  otherKey = (await generateKeyPair('EdDSA', { crv: 'Ed25519' })).privateKey;
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k-1', alg: 'EdDSA' };
  const keys = createLocalJWKSet({ keys: [jwk] });
  rules = {
    issuer: 'https://login.example',
    audience: 'https://hub.example/graphql',
    keys,
    maxTokenSeconds: 3600,
  };
});

/** Signs the claims with what a test changes of them; `undefined` removes a claim. */
async function sign(changes: Readonly<Record<string, unknown>> = {}, header = {}, by = key): Promise<string> {
  const given = Object.entries({ ...claims, ...changes }).filter(([, value]) => value !== undefined);
  return await new SignJWT(Object.fromEntries(given))
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: 'k-1', ...header })
    .sign(by);
}

test('reads the claims of a minimal token', async () => {
  expect(await verifyToken(await sign(), rules, now)).toEqual({
    subject: 'u-1',
    clientId: 'workbench',
    id: 't-0',
    organisation: 'enisa',
    purpose: null,
    picture: 'real',
    acr: null,
    interactive: false,
    expiresAt: new Date((seconds + 300) * 1000),
  });
});

test('reads the optional claims', async () => {
  const given = { jti: 't-1', purpose: 'incident-response', picture: 'exercise:blue-1', acr: 'strong' };
  expect(await verifyToken(await sign({ ...given, interactive: true }), rules, now)).toMatchObject({
    id: 't-1',
    purpose: 'incident-response',
    picture: 'exercise:blue-1',
    acr: 'strong',
    interactive: true,
  });
});

test('counts only the boolean true as interactive, and only a string as acr', async () => {
  const token = await sign({ interactive: 'true', acr: ['strong'] });
  expect(await verifyToken(token, rules, now)).toMatchObject({ interactive: false, acr: null });
});

test('accepts a clock difference of up to five seconds', async () => {
  expect(await verifyToken(await sign({ exp: seconds - 4 }), rules, now)).toMatchObject({ subject: 'u-1' });
});

test('accepts a token of the maximum lifetime, and one that was issued up to five seconds ahead', async () => {
  for (const times of [
    { iat: seconds - 10, exp: seconds + 3590 },
    { iat: seconds + 5, exp: seconds + 300 },
  ])
    expect(await verifyToken(await sign(times), rules, now)).toMatchObject({ subject: 'u-1' });
});

const unauthenticated = expect.objectContaining({ code: 'UNAUTHENTICATED' });

test.each<[string, Readonly<Record<string, unknown>>]>([
  ['another issuer', { iss: 'https://other.example' }],
  ['another audience', { aud: 'https://other.example' }],
  ['no audience', { aud: undefined }],
  ['no expiry', { exp: undefined }],
  ['an expiry in the past', { exp: seconds - 6 }],
  ['a start in the future', { nbf: seconds + 60 }],
  ['no time of issue', { iat: undefined }],
  ['no subject', { sub: undefined }],
  ['an empty subject', { sub: '' }],
  ['a subject of 201 characters', { sub: 'x'.repeat(201) }],
  ['no client', { client_id: undefined }],
  ['no organisation', { organisation: undefined }],
  ['a list of organisations', { organisation: ['enisa'] }],
  ['an unknown purpose', { purpose: 'curiosity' }],
  ['several purposes', { purpose: ['incident-response'] }],
  ['no picture', { picture: undefined }],
  ['an unknown picture', { picture: 'both' }],
  ['an exercise without an id', { picture: 'exercise:' }],
  ['a line break after the picture', { picture: 'real\n' }],
  ['an empty token id', { jti: '' }],
  ['no token id', { jti: undefined }],
  ['a time of issue in the future', { iat: seconds + 6 }],
  ['a time of issue that is no number', { iat: 'yesterday' }],
  ['a lifetime above the maximum', { iat: seconds - 10, exp: seconds + 3591 }],
  ['an endless lifetime', { exp: Number.MAX_SAFE_INTEGER }],
  ['an expiry before its time of issue', { iat: seconds + 4, exp: seconds + 3 }],
])('rejects a token with %s', async (_case, changes) => {
  await expect(verifyToken(await sign(changes), rules, now)).rejects.toEqual(unauthenticated);
});

test('rejects a token of another type, key or algorithm', async () => {
  const hmac = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .sign(new Uint8Array(32));
  const tokens = [await sign({}, { typ: 'JWT' }), await sign({}, {}, otherKey), hmac, 'a.b.c', ''];
  for (const token of tokens) await expect(verifyToken(token, rules, now)).rejects.toEqual(unauthenticated);
});

test('rejects a token whose payload was changed', async () => {
  const [header, , signature] = (await sign()).split('.');
  const payload = Buffer.from(JSON.stringify({ ...claims, sub: 'u-2' })).toString('base64url');
  await expect(verifyToken(`${header}.${payload}.${signature}`, rules, now)).rejects.toEqual(unauthenticated);
});

test('verifies the signature of a token once, and its times and its key at each request', async () => {
  const token = await sign();
  const { keys } = rules;
  let lookups = 0;
  const counted: TokenRules = {
    ...rules,
    remembered: new RememberedTokens(),
    keys: async (header, jws) => {
      lookups += 1;
      return await keys(header, jws);
    },
  };
  const first = await verifyToken(token, counted, now);
  expect(await verifyToken(token, counted, now)).toEqual(first);
  expect(lookups).toBe(2);
  const later = (more: number) => new Date(now.getTime() + more * 1000);
  await expect(verifyToken(token, counted, later(300 + 6))).rejects.toMatchObject({
    code: 'UNAUTHENTICATED',
  });
  await expect(verifyToken(token, counted, later(-30))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});

test('refuses a remembered token once the issuer no longer has its key', async () => {
  const token = await sign();
  const remembered = new RememberedTokens();
  await verifyToken(token, { ...rules, remembered }, now);
  const other = createLocalJWKSet({
    keys: [{ ...(await exportJWK((await generateKeyPair('EdDSA')).publicKey)), kid: 'k-1', alg: 'EdDSA' }],
  });
  const none = createLocalJWKSet({ keys: [] });
  for (const keys of [other, none])
    await expect(verifyToken(token, { ...rules, keys, remembered }, now)).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  expect(await verifyToken(token, { ...rules, remembered }, now)).toMatchObject({ subject: 'u-1' });
});

test('remembers no token that differs in one byte from a verified one', async () => {
  const token = await sign();
  const remembered = new RememberedTokens();
  await verifyToken(token, { ...rules, remembered }, now);
  const at = token.length - 2;
  const flipped = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
  await expect(verifyToken(flipped, { ...rules, remembered }, now)).rejects.toMatchObject({
    code: 'UNAUTHENTICATED',
  });
});
