import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJwt, exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';
import { post, standing, tokenOf } from '../helpers/ask.ts';
import { runHub } from '../helpers/command-line.ts';

const query = { query: '{ advisories { nodes { id } } }' };
const analyst = { as: 'cert-eu-analyst', purpose: 'incident-response' };

async function expectRefused(token: string | null): Promise<void> {
  const headers: Record<string, string> = token === null ? {} : { authorization: token };
  const { status, body, headers: answered } = await post(standing().url, query, headers);
  expect(status).toBe(401);
  expect(body).toEqual({
    errors: [
      {
        message:
          'A valid access token is required. Get one from the OpenID provider and send it as a bearer token.',
        extensions: { code: 'UNAUTHENTICATED' },
      },
    ],
  });
  // The same for every fault of a token (RFC 6750, section 3.1); without one there is no error to name.
  const challenge =
    'Bearer error="invalid_token", error_description="The access token is expired, malformed, withdrawn, or not one for this hub"';
  const isToken = token !== null && /^Bearer +\S/.test(token);
  expect(answered.get('www-authenticate')).toBe(isToken ? challenge : 'Bearer');
}

/** The issuer's own key, to make tokens with a single fault. */
async function issuerKey() {
  const { keys } = (await (await fetch(`${standing().issuer}/jwks`)).json().catch(() => ({ keys: [] }))) as {
    keys: { kid: string; alg: string }[];
  };
  const secrets = JSON.parse(readFileSync(join(standing().home, 'issuer.json'), 'utf8'));
  const jwk = findPrivateKey(secrets);
  return {
    key: await importJWK(jwk as never, 'EdDSA'),
    kid: keys[0]?.kid ?? String((jwk as { kid?: string }).kid),
  };
}

function findPrivateKey(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if ('d' in value && 'kty' in value) return value;
  for (const inner of Object.values(value)) {
    const found = findPrivateKey(inner);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function forge(changes: Record<string, unknown>, header: Record<string, string> = {}): Promise<string> {
  const { key, kid } = await issuerKey();
  const claims = decodeJwt(await tokenOf(standing(), analyst));
  const payload = Object.fromEntries(
    Object.entries({ ...claims, ...changes }).filter(([, value]) => value !== undefined),
  );
  return await new SignJWT(payload)
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid, ...header })
    .sign(key);
}

test('accepts a token with the right claims under the issuer’s key: the forgeries below have a single fault', async () => {
  const { status } = await post(standing().url, query, { authorization: `Bearer ${await forge({})}` });
  expect(status).toBe(200);
});

test('refuses a missing token, an empty one, another scheme and a malformed JWT alike', async () => {
  for (const token of [
    null,
    'Bearer',
    'Bearer ',
    'Basic dTpw',
    'Bearer a.b',
    'Bearer a.b.c',
    `Bearer ${'x'.repeat(5000)}`,
  ]) {
    await expectRefused(token);
  }
});

test('rejects a token from the future, one with a longer lifetime than the maximum, and one without an id', async () => {
  const now = Math.floor(Date.now() / 1000);
  await expectRefused(`Bearer ${await forge({ iat: now + 60, exp: now + 120 })}`);
  await expectRefused(`Bearer ${await forge({ iat: now - 60, exp: now + 3600 })}`);
  await expectRefused(`Bearer ${await forge({ exp: 9_999_999_999 })}`);
  await expectRefused(`Bearer ${await forge({ jti: undefined })}`);
});

const statusOf = async (one: string) =>
  (await post(standing().url, query, { authorization: `Bearer ${one}` })).status;

test('rejects a token soon after it was revoked by its id, and accepts the other tokens of its reader', async () => {
  const id = `exercise-${Date.now()}`;
  const [token, other] = [await forge({ jti: id }), await forge({ jti: `${id}-other` })];
  expect(await statusOf(token)).toBe(200);
  const until = new Date(Date.now() + 3_600_000).toISOString();
  const args = ['--token-id', id, '--until', until, '--because', 'EXERCISE'];
  const done = await runHub(standing().home, 'revoke', ...args);
  expect(done).toMatchObject({ code: 0, out: `revoked the token ${id} until ${until}\n` });
  const deadline = Date.now() + 3000;
  while ((await statusOf(token)) === 200 && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 100));
  await expectRefused(`Bearer ${token}`);
  expect(await statusOf(other)).toBe(200);
});

test('refuses an expired token and one of another audience, issuer or type alike', async () => {
  const past = Math.floor(Date.now() / 1000) - 60;
  await expectRefused(`Bearer ${await forge({ exp: past })}`);
  await expectRefused(`Bearer ${await forge({ exp: undefined })}`);
  await expectRefused(`Bearer ${await forge({ nbf: Math.floor(Date.now() / 1000) + 600 })}`);
  await expectRefused(`Bearer ${await forge({ aud: 'https://elsewhere.invalid' })}`);
  await expectRefused(`Bearer ${await forge({ aud: undefined })}`);
  await expectRefused(`Bearer ${await forge({ iss: 'https://elsewhere.invalid' })}`);
  await expectRefused(`Bearer ${await forge({}, { typ: 'JWT' })}`);
});

test('refuses a token whose organisation, picture or subject the registry does not confirm', async () => {
  await expectRefused(`Bearer ${await forge({ organisation: 'europol' })}`);
  await expectRefused(`Bearer ${await forge({ organisation: undefined })}`);
  await expectRefused(`Bearer ${await forge({ picture: 'all' })}`);
  await expectRefused(`Bearer ${await forge({ picture: ['real', 'exercise:trial-2026'] })}`);
  await expectRefused(`Bearer ${await forge({ purpose: ['audit', 'incident-response'] })}`);
  await expectRefused(`Bearer ${await forge({ sub: 'u-nobody' })}`);
  await expectRefused(`Bearer ${await forge({ sub: undefined })}`);
});

test('refuses a forged token: a foreign key, no algorithm, a changed payload, the public key as a secret', async () => {
  const own = await tokenOf(standing(), analyst);
  const [header = '', payload = '', signature = ''] = own.split('.');
  const foreign = await generateKeyPair('EdDSA');
  const claims = decodeJwt(own);
  const { kid } = await issuerKey();
  await expectRefused(
    `Bearer ${await new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid }).sign(foreign.privateKey)}`,
  );
  const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url');
  await expectRefused(`Bearer ${none}.${payload}.`);
  const changed = Buffer.from(JSON.stringify({ ...claims, sub: 'u-c2085fe91b37' })).toString('base64url');
  await expectRefused(`Bearer ${header}.${changed}.${signature}`);
  const secret = new TextEncoder().encode(JSON.stringify(await exportJWK(foreign.publicKey)));
  await expectRefused(
    `Bearer ${await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid }).sign(secret)}`,
  );
});

test('ignores claims in headers', async () => {
  const authorization = `Bearer ${await tokenOf(standing(), { as: 'private-partner' })}`;
  const events = { query: '{ mispEvents { nodes { id } } }' };
  const plain = await post(standing().url, events, { authorization });
  const dressed = await post(standing().url, events, {
    authorization,
    'x-organisation': 'cert-eu',
    'x-roles': 'community-operator',
    'x-purpose': 'incident-response',
    'x-forwarded-user': 'u-19bd40e6a75c',
  });
  expect(dressed.body.data).toEqual(plain.body.data);
});
