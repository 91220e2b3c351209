import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import type { Trial } from '../../docker/trial/trial.ts';
import { type Asked, post, tokenOf } from '../helpers/ask.ts';
import { Between } from '../helpers/between.ts';
import { startExercise } from '../helpers/standing.ts';

/** Somebody on the way between the hub and CERT-EU's subgraph, without TLS: what they can do, and what not. */
const between = new Between();
let trial: Trial;
let asked: Asked;
let certEu: string;

beforeAll(async () => {
  const url = await between.listen();
  trial = await startExercise({ env: { JCU_SUBGRAPH_CERT_EU_URL: url } });
  certEu = trial.parts.get('cert-eu')?.url ?? '';
  between.to = certEu;
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
}, 240_000);

afterAll(async () => {
  await trial.stop();
  await between.close();
});

beforeEach(async () => {
  between.meddle = () => false;
  // Longer than the hub waits before it agrees anew for being refused.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  if ((await ask()).body.errors !== undefined) throw new Error('the hub is not whole before the test');
  between.passed.length = 0;
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

test('nothing of a client’s headers reaches a subgraph: neither x-headers, nor cookies, nor their token', async () => {
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
  const [{ headers, path }] = between.passed as [(typeof between.passed)[number]];
  expect([path, between.passed.length]).toEqual(['/graphql', 1]);
  expect(Object.keys(headers).sort()).toEqual([
    'accept',
    'authorization',
    'connection',
    'content-length',
    'content-type',
    'host',
  ]);
  expect(JSON.stringify(between.passed)).not.toContain('mine');
  const who = { as: 'cert-eu-analyst', picture: 'exercise:trial-2026', purpose: 'incident-response' };
  expect(headers.authorization).not.toContain(await tokenOf(asked, who));
});

test('what is seen on the way cannot be sent again, with a changed question, or to another subgraph', async () => {
  await ask();
  const [seen] = between.passed as [(typeof between.passed)[number]];
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

test('a question that is changed on the way is refused by the subgraph, and the part is lost', async () => {
  between.meddle = async (passed, response) => {
    if (passed.path !== '/graphql') return false;
    const { status, text } = await between.pass({ ...passed, body: passed.body.replace('2', '3') });
    response.writeHead(status).end(text);
    return true;
  };
  expectLost(await ask());
});

test('an offer that is seen on the way is good for nothing to whoever saw it', async () => {
  let offered = '';
  between.meddle = (passed, response) => {
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

test('a half that somebody puts in place of the subgraph’s, without its proof, makes no session', async () => {
  let tries = 0;
  between.meddle = async (passed, response) => {
    if (passed.path !== '/session') {
      response.writeHead(401).end();
      return true;
    }
    tries += 1;
    const { text } = await between.pass(passed);
    const key = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' }).x;
    response.end(JSON.stringify({ ...JSON.parse(text), key }));
    return true;
  };
  expectLost(await ask());
  expect(tries).toBe(1);
});

test('a session that is unknown is agreed anew once, and the question is asked once again: nobody notices', async () => {
  const refused: string[] = [];
  between.meddle = (passed, response) => {
    if (passed.path !== '/graphql' || refused.length > 0) return false;
    refused.push(passed.path);
    response.writeHead(401).end();
    return true;
  };
  const { body } = await ask();
  expect([body.errors, body.data.advisories.nodes.length]).toEqual([undefined, 2]);
  expect(between.passed.map(({ path }) => path)).toEqual(['/graphql', '/session', '/graphql']);
});

test('who refuses everything gets one more try, and no loop', async () => {
  between.meddle = (passed, response) => {
    if (passed.path === '/session') return false;
    response.writeHead(401).end();
    return true;
  };
  expectLost(await ask());
  expect(between.passed.map(({ path }) => path)).toEqual(['/graphql', '/session', '/graphql']);
  between.passed.length = 0;
  const answers = await Promise.all(Array.from({ length: 20 }, async () => await ask()));
  answers.forEach(expectLost);
  expect(between.passed.filter(({ path }) => path === '/graphql').length).toBeLessThanOrEqual(40);
  expect(between.passed.filter(({ path }) => path === '/session').length).toBeLessThanOrEqual(2);
});

for (const [what, answer] of [
  ['no JSON', 'x'],
  ['no keys', '{}'],
  ['null', 'null'],
] as const) {
  test(`an agreement that is answered with ${what} costs the part, and heals by itself`, async () => {
    between.meddle = (passed, response) => {
      if (passed.path === '/session') response.end(answer);
      else response.writeHead(401).end();
      return true;
    };
    expectLost(await ask());
  });
}

test('an answer to an offer that is larger than one ever is, is not read, though it be right', async () => {
  between.meddle = async (passed, response) => {
    if (passed.path === '/session') {
      const { text } = await between.pass(passed);
      response.end(text.replace('{', `{"more":"${'x'.repeat(5000)}",`));
    } else if (between.passed.some(({ path }) => path === '/session')) return false;
    else response.writeHead(401).end();
    return true;
  };
  expectLost(await ask());
});

test('a part that fails in another way is not asked twice', async () => {
  between.meddle = (_passed, response) => {
    response.writeHead(500).end();
    return true;
  };
  expectLost(await ask());
  expect(between.passed.map(({ path }) => path)).toEqual(['/graphql']);
});

test('an agreement that is never answered is given up at the deadline of the question', async () => {
  between.meddle = (passed, response) => {
    if (passed.path !== '/session') response.writeHead(401).end();
    return true;
  };
  expectLost(await ask());
});
