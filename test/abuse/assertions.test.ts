import { expect, test } from '@jest/globals';
import { createSecretKey } from 'node:crypto';
import { connect } from 'node:net';
import { generateKeyPair, SignJWT } from 'jose';
import { signAssertion } from '../../schema/protocol/assertion.ts';
import { offerSession } from '../../schema/protocol/session.ts';
import { agreeWith, assertionOf, ends, hubKeyOf, offer } from '../helpers/as-hub.ts';
import { post, standing } from '../helpers/ask.ts';
import { readerOf } from '../helpers/records.ts';

const body = JSON.stringify({ query: '{ advisories(first: 1) { nodes { id } } }' });

function subgraph(name: string): string {
  return standing().parts[name] ?? '';
}

async function agree(name = 'cert-eu') {
  const key = await hubKeyOf(standing().home);
  return await agreeWith(subgraph(name), key, { ...ends, community: name });
}

async function send(token: string | null, sent = body, name = 'cert-eu') {
  return await post(subgraph(name), sent, token === null ? {} : { authorization: `Bearer ${token}` });
}

/** Expects a 401 without a body, and without a header that reveals the reason. */
function expectNothing({ status, text, headers }: Omit<Awaited<ReturnType<typeof send>>, 'body'>): void {
  expect([status, text]).toEqual([401, '']);
  expect([...headers.keys()].sort()).toEqual(['connection', 'content-length', 'date', 'keep-alive']);
  // Longer than the hub keeps an idle connection (30 s): the subgraph never closes one that the hub is about to use.
  expect(headers.get('keep-alive')).toBe('timeout=65');
}

async function expectShut(token: string | null, sent = body, name = 'cert-eu'): Promise<void> {
  expectNothing(await send(token, sent, name));
}

test('accepts an assertion only at the subgraph of its session, for its body, and once', async () => {
  const session = await agree();
  const token = session.sign(body);
  const { status, body: answer } = await send(token);
  expect(status).toBe(200);
  expect(answer.data.advisories.nodes).toBeDefined();
  await expectShut(token);
  expect((await send(session.sign(body))).status).toBe(200);
});

test('accepts one of many simultaneous requests with the same assertion', async () => {
  const token = (await agree()).sign(body);
  const answers = await Promise.all(Array.from({ length: 20 }, async () => await send(token)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 401)).toHaveLength(19);
});

test('answers a caller without an assertion 401 and nothing more', async () => {
  await expectShut(null);
  await expectShut('a.b.c');
  await expectShut(null, '{"query":"{ __schema { types { name } } }"}');
  await expectShut(null, 'no json at all');
  await expectShut(null, 'x'.repeat(5_000_000));
});

test('reveals nothing more at another address, by another method, or in another encoding', async () => {
  const base = subgraph('cert-eu').replace(/graphql$/, '');
  for (const [path, init] of [
    ['graphql', { method: 'GET' }],
    ['graphql?query={__typename}', { method: 'GET' }],
    ['session', { method: 'GET' }],
    ['', { method: 'GET' }],
    ['nothing', { method: 'POST', body: '{}' }],
    ['graphql', { method: 'OPTIONS', headers: { origin: 'https://elsewhere.invalid' } }],
    ['graphql', { method: 'POST', body, headers: { 'content-encoding': 'gzip' } }],
    ['session', { method: 'POST', body, headers: { 'content-encoding': 'br' } }],
    ['session', { method: 'POST', body: 'x'.repeat(5000) }],
    ['%c0%ae', { method: 'POST', body: '{}' }],
  ] as const) {
    const response = await fetch(`${base}${path}`, init);
    expectNothing({ status: response.status, headers: response.headers, text: await response.text() });
  }
});

test('answers a stranger before the request’s body has arrived', async () => {
  const { port, hostname } = new URL(subgraph('cert-eu'));
  const socket = connect(Number(port), hostname);
  socket.write(
    'POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer a.b.c\r\ncontent-length: 4000000\r\n\r\n{',
  );
  const [first] = (await new Promise<Buffer>((resolve) => socket.once('data', resolve)))
    .toString()
    .split('\r\n');
  expect(first).toBe('HTTP/1.1 401 Unauthorized');
  socket.destroy();
});

test('rejects an assertion for another subgraph, another body or another second', async () => {
  const session = await agree();
  const now = Date.now();
  await expectShut((await agree('enisa')).sign(body));
  await expectShut(session.sign(body), body, 'enisa');
  await expectShut(session.sign(body.replace('1', '2')));
  await expectShut(session.sign(body, {}, new Date(now - 60_000)));
  await expectShut(session.sign(body, {}, new Date(now + 60_000)));
  expect((await send(session.sign(body))).status).toBe(200);
});

test('rejects an assertion under a key that the subgraph did not agree on, whatever session it names', async () => {
  const { session } = await agree();
  const request = { body, number: 1 };
  const guesses = [Buffer.alloc(32), Buffer.from(session.id), Buffer.from('trial'), Buffer.alloc(0)];
  for (const guess of guesses) {
    const forged = { ...session, key: createSecretKey(guess) };
    await expectShut(signAssertion(assertionOf(), request, forged, new Date()));
  }
  const unknown = { ...session, id: '00000000-0000-4000-8000-000000000000' };
  await expectShut(signAssertion(assertionOf(), request, unknown, new Date()));
  for (const id of ['__proto__', 'constructor', '']) {
    await expectShut(signAssertion(assertionOf(), request, { ...session, id }, new Date()));
  }
  expect((await send(signAssertion(assertionOf(), request, session, new Date()))).status).toBe(200);
});

test('rejects an offer as an assertion, and an assertion as an offer', async () => {
  const key = await hubKeyOf(standing().home);
  const { token } = await offerSession(ends, key, new Date());
  await expectShut(token);
  const { session } = await agree();
  const asBefore = await new SignJWT({ reader: readerOf(), policy: 'p', correlationId: 'c', body: 'x' })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'jcu-assertion+jwt', kid: session.id })
    .setIssuer('trial')
    .setAudience('cert-eu')
    .setIssuedAt()
    .setExpirationTime('10s')
    .setJti('j')
    .sign(key.privateKey);
  await expectShut(asBefore);
  expectNothing(await offer(subgraph('cert-eu'), asBefore));
  expectNothing(
    await offer(subgraph('cert-eu'), signAssertion(assertionOf(), { body, number: 1 }, session, new Date())),
  );
});

test('accepts an offer once, at the subgraph that it names, under the hub’s key, before it expires', async () => {
  const key = await hubKeyOf(standing().home);
  const now = Date.now();
  const { token, conclude } = await offerSession(ends, key, new Date());
  const [first, again] = [await offer(subgraph('cert-eu'), token), await offer(subgraph('cert-eu'), token)];
  expect(conclude(first.body).community).toBe('cert-eu');
  expect(first.headers.get('cache-control')).toBe('no-store');
  expectNothing(again);
  const { privateKey } = await generateKeyPair('EdDSA');
  for (const [to, by, at] of [
    [{ ...ends, community: 'enisa' }, key, now],
    [{ ...ends, deployment: 'another' }, key, now],
    [ends, { ...key, privateKey }, now],
    [ends, { ...key, id: 'another' }, now],
    [ends, key, now - 60_000],
    [ends, key, now + 60_000],
  ] as const) {
    const wrong = await offerSession(to, by, new Date(at));
    expectNothing(await offer(subgraph('cert-eu'), wrong.token));
  }
  for (const text of ['', 'a.b.c', '{}', token.split('.').slice(0, 2).join('.') + '.']) {
    expectNothing(await offer(subgraph('cert-eu'), text));
  }
});

test('hides a record from a reader at the subgraph, even if the hub requests it', async () => {
  const session = await agreeWith(subgraph('cert-eu'), await hubKeyOf(standing().home));
  const ask = async (changes: Parameters<typeof readerOf>[0], query: string) => {
    const sent = JSON.stringify({ query });
    const reader = readerOf({ picture: 'exercise:trial-2026', ...changes });
    return (await send(session.sign(sent, { reader }), sent)).body;
  };
  const events = '{ mispEvents { nodes { id } } }';
  expect((await ask({ organisation: 'cert-eu' }, events)).data.mispEvents.nodes).toHaveLength(3);
  expect(
    (await ask({ organisation: 'nordsee-energy', communities: [] }, events)).data.mispEvents.nodes,
  ).toEqual([]);
  const auditor = await ask({ organisation: 'cert-eu', roles: ['policy-auditor'] }, events);
  expect(auditor.data.mispEvents).toBeNull();
  expect(auditor.extensions.disclosed).toEqual([]);
  expect((await ask({}, '{ _service { sdl } }')).data?._service ?? null).toBeNull();
  expect((await ask({}, '{ __schema { types { name } } }')).errors[0].extensions.code).toBe(
    'GRAPHQL_VALIDATION_FAILED',
  );
});

test('returns nothing for forged references: foreign ids, operator objects, other types, hidden records', async () => {
  const session = await agreeWith(subgraph('cert-eu'), await hubKeyOf(standing().home));
  const query =
    'query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on MispEvent { info { value } } ... on Vulnerability { advisories { nodes { id } } } } }';
  const ask = async (representations: unknown) => {
    const sent = JSON.stringify({ query, variables: { r: representations } });
    const reader = readerOf({ organisation: 'nordsee-energy', communities: [] });
    return (await send(session.sign(sent, { reader }), sent)).body;
  };
  for (const id of [
    'MispEvent:x',
    'Advisory:x',
    { $ne: null },
    ['MispEvent:x'],
    null,
    7,
    'MispEvent:' + 'x'.repeat(9000),
  ]) {
    const answer = await ask([{ __typename: 'MispEvent', id }]);
    expect(answer.data?._entities ?? [null]).toEqual([null]);
  }
  const operator = await ask([{ __typename: 'Vulnerability', id: { $gt: '' } }]);
  expect(operator.data._entities[0]?.advisories ?? null).toBeNull();
  expect(JSON.stringify(operator)).not.toContain('Advisory:');
});

test('streams the changes of the store only for the hub itself, and once for each assertion', async () => {
  const session = await agree();
  const url = subgraph('cert-eu').replace(/graphql$/, 'changes');
  const follow = async (token: string, sent = '{}') =>
    await fetch(url, { method: 'POST', body: sent, headers: { authorization: `Bearer ${token}` } });
  const token = session.sign('{}', { delivery: 'changes' });
  const opened = await follow(token);
  const [first] = [await opened.body?.getReader().read()];
  expect([opened.status, Buffer.from(first?.value ?? []).toString()]).toEqual([
    200,
    expect.stringMatching(/^{"ready":"[\w-]+"}\n$/),
  ]);
  const other = session.sign('{}', { delivery: 'changes' });
  const statuses = [token, 'a.b.c', `${other}x`].map(async (one) => (await follow(one)).status);
  expect(await Promise.all(statuses)).toEqual([401, 401, 401]);
  expect((await follow(other, '{"after":"A"}')).status).toBe(401);
  expect((await follow(session.sign('{}'))).status).toBe(400);
  expect((await send(session.sign(body, { delivery: 'changes' }))).status).toBe(400);
});
