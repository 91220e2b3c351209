import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import type { Trial } from '../../docker/trial/trial.ts';
import { type Asked, post, tokenOf } from '../helpers/ask.ts';
import { Interceptor } from '../helpers/interceptor.ts';
import { startExercise } from '../helpers/standing.ts';

/** An attacker between the hub and CERT-EU's subgraph, without TLS. */
const interceptor = new Interceptor();
let trial: Trial;
let asked: Asked;
let certEu: string;

beforeAll(async () => {
  const url = await interceptor.listen();
  trial = await startExercise({ env: { JCU_SUBGRAPH_CERT_EU_URL: url } });
  certEu = trial.parts.get('cert-eu')?.url ?? '';
  interceptor.to = certEu;
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
}, 600_000);

afterAll(async () => {
  await trial.stop();
  await interceptor.close();
});

beforeEach(async () => {
  interceptor.intercept = () => false;
  // Longer than the hub waits before it agrees on another session after a refusal.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  if ((await ask()).body.errors !== undefined) throw new Error('the hub is not whole before the test');
  interceptor.passed.length = 0;
});

const query = '{ advisories(first: 2) { nodes { serial } } }';

async function ask(headers: Readonly<Record<string, string>> = {}) {
  const who = { as: 'cert-eu-analyst', picture: 'exercise:trial-2026', purpose: 'incident-response' };
  const authorization = `Bearer ${await tokenOf(asked, who)}`;
  return await post(asked.url, { query }, { authorization, ...headers });
}

function expectLost({ status, body }: Awaited<ReturnType<typeof ask>>): void {
  expect([status, body.data, body.errors.map((error: { extensions: unknown }) => error.extensions)]).toEqual([
    200,
    { advisories: null },
    [{ code: 'PART_UNAVAILABLE', part: 'cert-eu' }],
  ]);
}

test('forwards no header of a client to a subgraph: no x-headers, no cookies, no token', async () => {
  const mine = {
    'x-reader': 'auditor',
    'x-forwarded-for': '192.0.2.1',
    'x-correlation-id': 'mine',
    'x-jcu-roles': 'all',
    forwarded: 'for=192.0.2.1',
    cookie: 'session=mine',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    'apollo-federation-include-trace': 'ftv1',
    'apollographql-client-name': 'mine',
    'user-agent': 'mine',
  };
  expect((await ask(mine)).body.errors).toBeUndefined();
  const [{ headers, path }] = interceptor.passed as [(typeof interceptor.passed)[number]];
  expect([path, interceptor.passed.length]).toEqual(['/graphql', 1]);
  expect(Object.keys(headers).sort()).toEqual([
    'accept',
    'authorization',
    'connection',
    'content-length',
    'content-type',
    'host',
  ]);
  expect(JSON.stringify(interceptor.passed)).not.toContain('mine');
  const who = { as: 'cert-eu-analyst', picture: 'exercise:trial-2026', purpose: 'incident-response' };
  expect(headers.authorization).not.toContain(await tokenOf(asked, who));
});

test('rejects an observed request that is replayed, changed, or sent to another subgraph', async () => {
  await ask();
  const [seen] = interceptor.passed as [(typeof interceptor.passed)[number]];
  const { authorization = '' } = seen.headers;
  const wider = seen.body.replace('first:2', 'first:100').replace('serial', 'serial id');
  expect(wider).not.toBe(seen.body);
  for (const [url, body] of [
    [certEu, seen.body],
    [certEu, wider],
    [trial.parts.get('enisa')?.url ?? '', seen.body],
  ] as const) {
    const { status, text } = await post(url, body, { authorization });
    expect([status, text]).toEqual([401, '']);
  }
});

test('rejects a request that was changed on the way; the subgraph’s response is missing', async () => {
  interceptor.intercept = async (passed, response) => {
    if (passed.path !== '/graphql') return false;
    const { status, text } = await interceptor.pass({ ...passed, body: passed.body.replace('2', '3') });
    response.writeHead(status).end(text);
    return true;
  };
  expectLost(await ask());
});

test('gives an attacker no session for an observed offer', async () => {
  let offered = '';
  interceptor.intercept = (passed, response) => {
    if (passed.path === '/session') {
      offered = passed.body;
      return false;
    }
    if (offered !== '') return false;
    response.writeHead(401).end();
    return true;
  };
  expect((await ask()).body.errors).toBeUndefined();
  expect(offered).not.toBe('');
  const again = await post(certEu.replace(/graphql$/, 'session'), offered);
  expect([again.status, again.text]).toEqual([401, '']);
});

test('makes no session from an attacker’s key share without the proof', async () => {
  let tries = 0;
  interceptor.intercept = async (passed, response) => {
    if (passed.path !== '/session') {
      response.writeHead(401).end();
      return true;
    }
    tries += 1;
    const { text } = await interceptor.pass(passed);
    const key = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' }).x;
    response.end(JSON.stringify({ ...JSON.parse(text), key }));
    return true;
  };
  expectLost(await ask());
  expect(tries).toBe(1);
});

test('agrees on a session again and repeats the request once if the subgraph does not know the session', async () => {
  const refused: string[] = [];
  interceptor.intercept = (passed, response) => {
    if (passed.path !== '/graphql' || refused.length > 0) return false;
    refused.push(passed.path);
    response.writeHead(401).end();
    return true;
  };
  const { body } = await ask();
  expect([body.errors, body.data.advisories.nodes.length]).toEqual([undefined, 2]);
  expect(interceptor.passed.map(({ path }) => path)).toEqual(['/graphql', '/session', '/graphql']);
});

test('retries once, without a loop, if the subgraph rejects everything', async () => {
  interceptor.intercept = (passed, response) => {
    if (passed.path === '/session') return false;
    response.writeHead(401).end();
    return true;
  };
  expectLost(await ask());
  expect(interceptor.passed.map(({ path }) => path)).toEqual(['/graphql', '/session', '/graphql']);
  interceptor.passed.length = 0;
  const answers = await Promise.all(Array.from({ length: 20 }, async () => await ask()));
  answers.forEach(expectLost);
  expect(interceptor.passed.filter(({ path }) => path === '/graphql').length).toBeLessThanOrEqual(40);
  expect(interceptor.passed.filter(({ path }) => path === '/session').length).toBeLessThanOrEqual(2);
});

for (const [what, answer] of [
  ['no JSON', 'x'],
  ['no keys', '{}'],
  ['null', 'null'],
] as const) {
  test(`loses only the subgraph’s response if the session offer is answered with ${what}`, async () => {
    interceptor.intercept = (passed, response) => {
      if (passed.path === '/session') response.end(answer);
      else response.writeHead(401).end();
      return true;
    };
    expectLost(await ask());
  });
}

test('does not read an answer to an offer that is too large, even if it is valid', async () => {
  interceptor.intercept = async (passed, response) => {
    if (passed.path === '/session') {
      const { text } = await interceptor.pass(passed);
      response.end(text.replace('{', `{"more":"${'x'.repeat(5000)}",`));
    } else if (interceptor.passed.some(({ path }) => path === '/session')) return false;
    else response.writeHead(401).end();
    return true;
  };
  expectLost(await ask());
});

test('does not retry a subgraph that fails for another reason', async () => {
  interceptor.intercept = (_passed, response) => {
    response.writeHead(500).end();
    return true;
  };
  expectLost(await ask());
  expect(interceptor.passed.map(({ path }) => path)).toEqual(['/graphql']);
});

test('abandons an unanswered session offer at the deadline of the request', async () => {
  interceptor.intercept = (passed, response) => {
    if (passed.path !== '/session') response.writeHead(401).end();
    return true;
  };
  expectLost(await ask());
});
