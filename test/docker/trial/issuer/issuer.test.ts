import { expect, test } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { openBrowser } from '../../../../docker/trial/issuer/browser.ts';
import type { Answer, Browser } from '../../../../docker/trial/issuer/browser.ts';
import { startIssuer } from '../../../../docker/trial/issuer/issuer.ts';
import { secretsPath } from '../../../../docker/trial/issuer/secrets.ts';
import { hubUrl, makeHome, start } from './started.ts';
import type { Started } from './started.ts';

const redirect = 'http://127.0.0.1:51234/callback';
const verifier = randomBytes(32).toString('base64url');

function authorize(issuer: Started, change: Record<string, string> = {}): URL {
  const url = new URL(`${issuer.url}/auth`);
  url.search = new URLSearchParams({
    client_id: 'jcu-dashboard',
    redirect_uri: redirect,
    response_type: 'code',
    scope: 'openid',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...change,
  }).toString();
  return url;
}

function credentials(issuer: Started, user: string): Record<string, string> {
  return { user, password: issuer.secrets.people[user]?.password ?? '' };
}

/** Where the authorization ends: the parameters that the client is given. */
async function callback(browser: Browser, answer: Answer): Promise<Record<string, string>> {
  let next = answer.location;
  while (next !== undefined && !next.href.startsWith(redirect)) next = (await browser.get(next)).location;
  return Object.fromEntries(next?.searchParams ?? []);
}

async function askToken(
  issuer: Started,
  form: Record<string, string>,
): Promise<{ status: number; body: unknown }> {
  const basic = Buffer.from(`jcu-connector:${issuer.secrets.clients['jcu-connector']}`).toString('base64');
  const answer = await openBrowser(issuer.url).post(
    new URL(`${issuer.url}/token`),
    { grant_type: 'client_credentials', ...form },
    { authorization: `Basic ${basic}` },
  );
  return { status: answer.status, body: answer.json() };
}

test.each([
  ['two purposes', 'purpose:incident-response purpose:threat-analysis', 'one purpose at most'],
  ['both pictures', 'picture:real picture:exercise:trial-2026', 'the real picture or for one exercise'],
])('refuses %s in one token, in both flows', async (_what, scope, reason) => {
  await using issuer = await start();
  const machine = await askToken(issuer, { scope });
  expect(machine).toMatchObject({ status: 400, body: { error: 'invalid_scope' } });
  const browser = openBrowser(issuer.url);
  const person = await callback(browser, await browser.get(authorize(issuer, { scope: `openid ${scope}` })));
  expect(person).toMatchObject({
    error: 'invalid_scope',
    error_description: expect.stringContaining(reason),
  });
});

test('refuses every audience but the hub, in both flows', async () => {
  await using issuer = await start();
  const resource = 'http://127.0.0.1:4001/graphql';
  expect(await askToken(issuer, { resource })).toMatchObject({
    status: 400,
    body: { error: 'invalid_target' },
  });
  const browser = openBrowser(issuer.url);
  const person = await callback(browser, await browser.get(authorize(issuer, { resource })));
  expect(person).toMatchObject({ error: 'invalid_target' });
});

test('refuses a code request without PKCE, with a foreign redirect, or from an unknown client', async () => {
  await using issuer = await start();
  const browser = openBrowser(issuer.url);
  const open = authorize(issuer);
  open.searchParams.delete('code_challenge');
  open.searchParams.delete('code_challenge_method');
  expect(await callback(browser, await browser.get(open))).toMatchObject({ error: 'invalid_request' });
  for (const change of [{ redirect_uri: 'http://example.org/callback' }, { client_id: 'nobody' }]) {
    const answer = await browser.get(authorize(issuer, change));
    expect({ status: answer.status, location: answer.location }).toEqual({
      status: 400,
      location: undefined,
    });
  }
});

test('refuses client credentials of a public client, and dynamic registration', async () => {
  await using issuer = await start();
  const browser = openBrowser(issuer.url);
  const form = { grant_type: 'client_credentials', client_id: 'jcu-trial-cli' };
  expect((await browser.post(new URL(`${issuer.url}/token`), form)).json()).toMatchObject({
    error: 'invalid_request',
    error_description: expect.stringContaining('grant type is not allowed'),
  });
  expect((await browser.post(new URL(`${issuer.url}/reg`), {})).status).toBe(404);
});

test('shows a login form that works without scripts, under a strict content security policy', async () => {
  await using issuer = await start();
  const begun = await fetch(authorize(issuer, { scope: 'openid purpose:audit' }).href, {
    redirect: 'manual',
  });
  const cookie = begun.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  const page = await fetch(new URL(begun.headers.get('location') ?? '', issuer.url).href, {
    headers: { cookie },
  });
  const html = await page.text();
  expect(page.status).toBe(200);
  expect(html).toContain('<form method="post"');
  expect(html).toContain('purpose audit');
  expect(html).toContain(secretsPath(issuer.home));
  expect(html).not.toContain('<script');
  expect(html).not.toContain(issuer.secrets.people['policy-auditor']?.password);
  expect(page.headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self' http:\/\/127\.0\.0\.1:51234;/,
  );
});

test('refuses a form from another origin, from another browser, of more than 4 KB, or of another type', async () => {
  await using issuer = await start();
  const browser = openBrowser(issuer.url);
  const login = (await browser.get(authorize(issuer))).location ?? new URL(issuer.url);
  const form = credentials(issuer, 'enisa-analyst');
  expect((await browser.post(login, form, { origin: 'http://127.0.0.1:9' })).status).toBe(400);
  expect((await browser.post(login, { ...form, more: 'x'.repeat(5000) })).status).toBe(400);
  expect((await browser.post(login, form, { 'content-type': 'text/plain' })).status).toBe(400);
  expect((await openBrowser(issuer.url).post(login, form)).status).toBe(400);
  expect((await browser.post(new URL('/interaction/other', issuer.url), form)).status).toBe(400);
  expect(await callback(browser, await browser.post(login, form))).toHaveProperty('code');
  expect(issuer.faults).toEqual([]);
});

test('refuses a login with a wrong password or second factor, as a machine, or as `__proto__`', async () => {
  await using issuer = await start();
  const browser = openBrowser(issuer.url);
  const login = (await browser.get(authorize(issuer))).location ?? new URL(issuer.url);
  const good = credentials(issuer, 'enisa-analyst');
  const wrong = [
    { ...good, password: '' },
    { ...good, code: '12' },
    { ...good, user: 'connector' },
    { ...good, user: '__proto__' },
  ];
  for (const form of wrong) expect((await browser.post(login, form)).status).toBe(403);
});

test('redirects back without a code when the login is cancelled', async () => {
  await using issuer = await start();
  const browser = openBrowser(issuer.url);
  const login = (await browser.get(authorize(issuer))).location ?? new URL(issuer.url);
  expect(await callback(browser, await browser.post(login, { leave: 'yes' }))).toMatchObject({
    error: 'access_denied',
  });
});

test('a logged-in browser gets the next code at once, but not for a second factor that it did not give', async () => {
  await using issuer = await start();
  const browser = openBrowser(issuer.url);
  const login = (await browser.get(authorize(issuer))).location ?? new URL(issuer.url);
  await callback(browser, await browser.post(login, credentials(issuer, 'enisa-analyst')));
  const silent = { prompt: 'none', scope: 'openid purpose:threat-analysis' };
  expect(await callback(browser, await browser.get(authorize(issuer, silent)))).toHaveProperty('code');
  const strong = { ...silent, acr_values: 'urn:jcu:acr:strong' };
  expect(await callback(browser, await browser.get(authorize(issuer, strong)))).toMatchObject({
    error: 'login_required',
  });
  const ungranted = { ...silent, scope: 'openid purpose:audit' };
  expect(await callback(browser, await browser.get(authorize(issuer, ungranted)))).toMatchObject({
    error: 'invalid_scope',
  });
});

test('a browser that is logged in with one factor must log in again for two', async () => {
  await using issuer = await start();
  const browser = openBrowser(issuer.url);
  const good = credentials(issuer, 'enisa-analyst');
  const login = (await browser.get(authorize(issuer))).location ?? new URL(issuer.url);
  await callback(browser, await browser.post(login, good));
  const strong = authorize(issuer, { acr_values: 'urn:jcu:acr:strong' });
  const again = (await browser.get(strong)).location ?? new URL(issuer.url);
  expect((await browser.post(again, good)).status).toBe(403);
  const code = issuer.secrets.people['enisa-analyst']?.secondFactor ?? '';
  expect(await callback(browser, await browser.post(again, { ...good, code }))).toHaveProperty('code');
});

test('refuses a code that is replayed, or used with another client or verifier', async () => {
  await using issuer = await start();
  const browser = openBrowser(issuer.url);
  const login = (await browser.get(authorize(issuer))).location ?? new URL(issuer.url);
  const { code = '' } = await callback(
    browser,
    await browser.post(login, credentials(issuer, 'enisa-analyst')),
  );
  const token = new URL(`${issuer.url}/token`);
  const form = { grant_type: 'authorization_code', client_id: 'jcu-dashboard', redirect_uri: redirect, code };
  const tries = [
    { ...form, code_verifier: 'x'.repeat(43) },
    { ...form, code_verifier: verifier, client_id: 'jcu-trial-cli' },
    { ...form, code_verifier: verifier },
    { ...form, code_verifier: verifier },
  ];
  const statuses: number[] = [];
  for (const one of tries) statuses.push((await browser.post(token, one)).status);
  expect(statuses).toEqual([400, 400, 200, 400]);
});

test('refuses requests for another host name', async () => {
  await using issuer = await start();
  const status = await new Promise<number | undefined>((settle, reject) => {
    const headers = { host: `rebound.example:${new URL(issuer.url).port}` };
    request(`${issuer.url}/jwks`, { headers }, (response) => {
      response.resume();
      settle(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
  expect(status).toBe(421);
});

test('stores its key and the passwords readable by their owner only', async () => {
  await using issuer = await start();
  expect((await stat(secretsPath(issuer.home))).mode & 0o777).toBe(0o600);
});

test('refuses to start in production, on a port in use, and on a file that it did not write', async () => {
  await using issuer = await start();
  const { home } = issuer;
  const port = Number(new URL(issuer.url).port);
  await expect(startIssuer({ port: 0, home, hubUrl, environment: 'production' })).rejects.toThrow(
    'NODE_ENV=production',
  );
  await expect(startIssuer({ port, home, hubUrl })).rejects.toThrow(`port ${port} on 127.0.0.1 is in use`);
  await using broken = await makeHome();
  await writeFile(secretsPath(broken.home), '{"schemaVersion":1,"signingKey":"half');
  await expect(startIssuer({ port: 0, home: broken.home, hubUrl })).rejects.toThrow(
    'is not the file that the issuer wrote',
  );
});
