import { expect, test } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import type { JWTPayload } from 'jose';
import { writeFile } from 'node:fs/promises';
import { startIssuer } from '../../../../docker/trial/issuer/issuer.ts';
import { readers } from '../../../../docker/trial/issuer/readers.ts';
import { secretsPath } from '../../../../docker/trial/issuer/secrets.ts';
import { fetchToken } from '../../../../docker/trial/issuer/token.ts';
import { hubUrl, makeHome, start } from './started.ts';

async function verify(issuer: string, token: string): Promise<JWTPayload> {
  const discovery = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as {
    jwks_uri: string;
  };
  const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(discovery.jwks_uri)), {
    algorithms: ['EdDSA'],
    issuer,
    audience: hubUrl,
    typ: 'at+jwt',
    requiredClaims: ['sub', 'exp', 'iat', 'jti', 'client_id', 'scope', 'acr', 'organisation', 'picture'],
  });
  return payload;
}

test("a person's token verifies against the published keys and states reader, purpose and picture", async () => {
  await using issuer = await start();
  const { accessToken, expiresAt } = await fetchToken({
    issuer: issuer.url,
    home: issuer.home,
    as: 'cert-eu-analyst',
    purpose: 'incident-response',
    picture: 'real',
  });
  const claims = await verify(issuer.url, accessToken);
  expect(claims).toEqual({
    iss: issuer.url,
    sub: 'u-19bd40e6a75c',
    aud: hubUrl,
    iat: expect.any(Number),
    exp: (claims.iat ?? 0) + 900,
    jti: expect.any(String),
    client_id: 'jcu-trial-cli',
    scope: 'purpose:incident-response picture:real',
    acr: 'urn:jcu:acr:basic',
    auth_time: expect.any(Number),
    organisation: 'cert-eu',
    purpose: 'incident-response',
    picture: 'real',
    interactive: true,
  });
  expect(expiresAt.getTime()).toBe((claims.exp ?? 0) * 1000);
  expect(issuer.faults).toEqual([]);
});

test('a token without scopes states no purpose and is for the exercise', async () => {
  await using issuer = await start();
  const { accessToken } = await fetchToken({
    issuer: issuer.url,
    home: issuer.home,
    as: 'hub-administrator',
  });
  const claims = await verify(issuer.url, accessToken);
  expect(claims).not.toHaveProperty('purpose');
  expect(claims).toMatchObject({ picture: 'exercise:trial-2026', scope: 'picture:exercise:trial-2026' });
});

test('acr states the second factor only if it was given', async () => {
  await using issuer = await start();
  const ask = { issuer: issuer.url, home: issuer.home, as: 'europol-analyst' };
  const strong = await verify(issuer.url, (await fetchToken({ ...ask, strong: true })).accessToken);
  const basic = await verify(issuer.url, (await fetchToken(ask)).accessToken);
  expect([strong['acr'], basic['acr']]).toEqual(['urn:jcu:acr:strong', 'urn:jcu:acr:basic']);
});

test("a machine's token is never interactive, never strong, and has no login time", async () => {
  await using issuer = await start();
  const ask = { issuer: issuer.url, home: issuer.home, as: 'connector', purpose: 'threat-analysis' };
  const claims = await verify(issuer.url, (await fetchToken(ask)).accessToken);
  expect(claims).toMatchObject({
    sub: 'm-41d8a7c05be2',
    client_id: 'jcu-connector',
    organisation: 'cert-eu',
  });
  expect(claims).toMatchObject({ purpose: 'threat-analysis', acr: 'urn:jcu:acr:basic' });
  expect(claims).not.toHaveProperty('interactive');
  expect(claims).not.toHaveProperty('auth_time');
  await expect(fetchToken({ ...ask, strong: true })).rejects.toThrow('connector is a machine');
});

test('every reader gets a token for each granted purpose, with its own organisation', async () => {
  await using issuer = await start();
  for (const { as, purposes, organisation, subject } of readers) {
    for (const purpose of purposes.length === 0 ? [undefined] : purposes) {
      const { accessToken } = await fetchToken({ issuer: issuer.url, home: issuer.home, as, purpose });
      const claims = await verify(issuer.url, accessToken);
      expect({ sub: claims.sub, organisation: claims['organisation'], purpose: claims['purpose'] }).toEqual({
        sub: subject,
        organisation,
        purpose,
      });
    }
  }
  expect(issuer.faults).toEqual([]);
});

test.each(['policy-auditor', 'connector'])(
  'refuses a purpose that %s was not granted, and lists the granted ones',
  async (as) => {
    await using issuer = await start();
    const granted = readers.find((reader) => reader.as === as)?.purposes.join(', ');
    await expect(
      fetchToken({ issuer: issuer.url, home: issuer.home, as, purpose: 'criminal-investigation' }),
    ).rejects.toMatchObject({
      code: 'SCOPE_REFUSED',
      message: expect.stringContaining(`granted: ${granted}`),
    });
  },
);

test("refuses an unknown purpose, and an exercise that is not the trial's", async () => {
  await using issuer = await start();
  const ask = { issuer: issuer.url, home: issuer.home, as: 'enisa-analyst' };
  await expect(fetchToken({ ...ask, purpose: 'curiosity' })).rejects.toThrow(
    'there is no scope purpose:curiosity',
  );
  await expect(fetchToken({ ...ask, picture: 'exercise:other' })).rejects.toMatchObject({
    code: 'SCOPE_REFUSED',
  });
});

test('lists the readers when one is unknown', async () => {
  const ask = { issuer: 'http://127.0.0.1:1', home: '/nowhere', as: 'constructor' };
  await expect(fetchToken(ask)).rejects.toMatchObject({
    code: 'UNKNOWN_READER',
    message: expect.stringContaining('cert-eu-analyst, cert-eu-head, europol-analyst'),
  });
});

test('says what to do when no issuer runs, or when the home has no secrets', async () => {
  const as = 'enisa-analyst';
  await expect(fetchToken({ issuer: 'http://127.0.0.1:1', home: '/nowhere', as })).rejects.toMatchObject({
    code: 'ISSUER_NOT_RUNNING',
    message: expect.stringContaining('run `npm start` first'),
  });
  await using issuer = await start();
  await expect(fetchToken({ issuer: issuer.url, home: '/nowhere', as })).rejects.toMatchObject({
    code: 'NO_SECRETS',
  });
});

test('refuses a wrong password, and a machine with a wrong secret', async () => {
  await using issuer = await start();
  await using other = await makeHome();
  const people = { ...issuer.secrets.people, 'enisa-analyst': { password: 'wrong', secondFactor: '000000' } };
  const clients = { 'jcu-connector': 'wrong' };
  await writeFile(secretsPath(other.home), JSON.stringify({ ...issuer.secrets, people, clients }));
  const ask = { issuer: issuer.url, home: other.home };
  await expect(fetchToken({ ...ask, as: 'enisa-analyst' })).rejects.toMatchObject({ code: 'LOGIN_REFUSED' });
  await expect(fetchToken({ ...ask, as: 'connector' })).rejects.toThrow('invalid_client');
});

test('a restarted issuer keeps its key, so that older tokens still verify', async () => {
  await using place = await makeHome();
  const first = await startIssuer({ port: 0, home: place.home, hubUrl });
  const { accessToken } = await fetchToken({ issuer: first.url, home: place.home, as: 'connector' });
  await first.stop();
  const port = Number(new URL(first.url).port);
  const second = await startIssuer({ port, home: place.home, hubUrl });
  try {
    await expect(verify(second.url, accessToken)).resolves.toMatchObject({ iss: first.url });
  } finally {
    await second.stop();
  }
});
