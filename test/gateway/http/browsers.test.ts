import { get } from 'node:http';
import { expect, test } from '@jest/globals';
import { redCacheControl } from '../../../gateway/http/compress.ts';
import { challengeOf } from '../../../gateway/http/responses.ts';
import { HubError } from '../../../schema/errors.ts';
import { dashboard, serve } from './served.ts';

const authorization = 'Bearer a.b.c';
const query = `?query=${encodeURIComponent('{ text }')}`;

test('answers a GET with a bearer token, and rejects a GET that a foreign page could cause', async () => {
  await using hub = await serve();
  const byToken = await fetch(hub.url + query, { headers: { authorization } });
  expect([byToken.status, await byToken.json()]).toEqual([200, { data: { text: 'x' } }]);
  const bare = await fetch(hub.url + query);
  expect([bare.status, ((await bare.json()) as { data?: unknown }).data]).toEqual([400, undefined]);
  const form = { method: 'POST', body: 'query={text}', headers: { 'content-type': 'text/plain' } };
  expect((await fetch(hub.url, form)).status).toBe(400);
});

test('answers a preflight request, and names a listed origin only', async () => {
  await using hub = await serve(() => {
    throw new HubError('UNAUTHENTICATED');
  });
  const preflight = async (origin: string) => {
    const headers = {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    };
    return await fetch(hub.url, { method: 'OPTIONS', headers });
  };
  const listed = await preflight(dashboard);
  expect([listed.status, listed.headers.get('access-control-allow-origin')]).toEqual([204, dashboard]);
  expect(listed.headers.get('access-control-allow-methods')).toBe('GET,POST');
  expect(listed.headers.get('access-control-allow-headers')).toContain('authorization');
  expect(listed.headers.get('access-control-allow-credentials')).toBeNull();
  const other = await preflight('https://dashboard.example.evil.example');
  expect([other.status, other.headers.get('access-control-allow-origin')]).toEqual([204, null]);
  const plain = await fetch(hub.url, { method: 'OPTIONS' });
  expect([plain.status, plain.headers.get('allow')]).toEqual([204, 'GET, POST, OPTIONS']);
});

test('lets a listed page read errors too, and varies by origin', async () => {
  await using hub = await serve(() => {
    throw new HubError('UNAUTHENTICATED');
  });
  const refused = await fetch(hub.url, { headers: { origin: dashboard } });
  expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, dashboard]);
  expect(refused.headers.get('vary')).toContain('Origin');
  expect(refused.headers.get('access-control-expose-headers')).toContain('www-authenticate');
});

test.each(['br', 'gzip'])('compresses a large response with %s, and keeps no-store', async (encoding) => {
  await using hub = await serve();
  const { headers, size } = await sizeOf(hub.url, encoding);
  expect(headers['content-encoding']).toBe(encoding);
  expect(headers['cache-control']).toBe('no-store');
  expect(headers['vary']).toContain('Accept-Encoding');
  expect(size).toBeLessThan(2000);
});

test('sends a small response as it is, and a large one to a client that accepts no encoding', async () => {
  await using hub = await serve();
  expect((await sizeOf(hub.url, 'gzip', 10)).headers['content-encoding']).toBeUndefined();
  expect((await sizeOf(hub.url, 'identity')).size).toBeGreaterThan(100_000);
});

test('does not compress a response that holds TLP:RED', async () => {
  await using hub = await serve((_request, response, next) => {
    response.set('cache-control', redCacheControl);
    next();
  });
  const { headers, size } = await sizeOf(hub.url, 'br');
  expect([headers['content-encoding'], headers['cache-control']]).toEqual([
    undefined,
    'no-store, no-transform',
  ]);
  expect(size).toBeGreaterThan(100_000);
});

test('says invalid_token only to a client that sent a bearer token', async () => {
  for (const none of [undefined, '', 'Basic YTpi', 'Bearer', 'Bearer  '])
    expect(challengeOf(none)).toBe('Bearer');
  for (const sent of ['Bearer a.b.c', 'bearer x'])
    expect(challengeOf(sent)).toMatch(/^Bearer error="invalid_token", /);
  await using hub = await serve(() => {
    throw new HubError('UNAUTHENTICATED', 'a secret reason');
  });
  const refused = await fetch(hub.url, { headers: { authorization } });
  expect(refused.status).toBe(401);
  expect(refused.headers.get('www-authenticate')).toBe(challengeOf(authorization));
});

/** Asks for a long text, and returns the headers and the size of the body as sent. `fetch` would decompress it. */
async function sizeOf(url: string, encoding: string, length = 200_000) {
  const asked = `${url}?query=${encodeURIComponent(`{ text(length: ${length}) }`)}`;
  return await new Promise<{ headers: Record<string, unknown>; size: number }>((resolve, reject) => {
    get(asked, { headers: { authorization, 'accept-encoding': encoding } }, (response) => {
      let size = 0;
      response.on('data', (part: Buffer) => (size += part.length));
      response.on('end', () => resolve({ headers: response.headers, size }));
    }).on('error', reject);
  });
}
