import { randomBytes } from 'node:crypto';
import { get } from 'node:http';
import { expect, test } from '@jest/globals';
import { NetworkError } from 'graphql-sse';
import { WebSocket } from 'ws';
import { ask, post, standing, tokenOf } from '../helpers/ask.ts';
import { partsOf } from '../helpers/multipart.ts';
import { firstOf, RawSocket, socketUrl, sseClient, wsClient } from '../helpers/streams.ts';

const picture = 'exercise:trial-2026';
const analyst = { as: 'cert-eu-analyst', picture, purpose: 'incident-response' };
const auditor = { as: 'policy-auditor', picture };
const page = `query Page($first: Int!) { advisories(first: $first) { nodes { id title { value } } } }`;

const clients = [
  ['graphql-ws', wsClient],
  ['graphql-sse', sseClient],
] as const;

test.each(clients)('answers a query of %s as it answers a POST', async (_name, connect) => {
  const client = await connect(standing(), analyst);
  const { data, extensions } = await firstOf(client, page, { first: 3 });
  const { body } = await ask(standing(), analyst, page, { first: 3 });
  expect(data).toEqual(body.data);
  expect(extensions).toEqual({ ...body.extensions, correlationId: expect.any(String) });
  await client.dispose();
});

test.each(clients)('removes refused fields from a query of %s', async (_name, connect) => {
  const client = await connect(standing(), auditor);
  const { data, errors } = await firstOf(client, page, { first: 1 });
  expect([data, errors[0].extensions]).toEqual([
    { advisories: null },
    { code: 'REFUSED', coordinates: ['Query.advisories'] },
  ]);
  await client.dispose();
});

test('records a query of graphql-ws and one of graphql-sse in the audit log', async () => {
  for (const [, connect] of clients) {
    const client = await connect(standing(), analyst);
    const { extensions } = await firstOf(client, page, { first: 1 });
    const decision = `query D($id: String!) { decision(correlationId: $id) { organisation } }`;
    const asked = async () => await ask(standing(), auditor, decision, { id: extensions.correlationId });
    // An answer without data above CLEAR can arrive before its audit entry.
    const until = Date.now() + 10_000;
    let answer = await asked();
    while (answer.body.data.decision === null && Date.now() < until) answer = await asked();
    expect(answer.body.data).toEqual({ decision: { organisation: 'cert-eu' } });
    await client.dispose();
  }
});

async function connected(): Promise<RawSocket> {
  const socket = await new RawSocket(socketUrl(standing())).open();
  socket.send({
    type: 'connection_init',
    payload: { authorization: `Bearer ${await tokenOf(standing(), analyst)}` },
  });
  expect(await socket.next()).toEqual({ type: 'connection_ack' });
  return socket;
}

/** Sends one operation on a connection, and returns the message that it gets. */
async function over(socket: RawSocket, payload: object, id = '1') {
  socket.send({ type: 'subscribe', id, payload });
  return await socket.next();
}

test('accepts the token of the upgrade request', async () => {
  const headers = { authorization: `Bearer ${await tokenOf(standing(), analyst)}` };
  await using socket = await new RawSocket(socketUrl(standing()), { headers }).open();
  socket.send({ type: 'connection_init' });
  expect(await socket.next()).toEqual({ type: 'connection_ack' });
  expect(await over(socket, { query: '{ __typename }' })).toMatchObject({
    type: 'next',
    payload: { data: { __typename: 'Query' } },
  });
});

test.each([
  ['no token', undefined],
  ['a malformed token', { authorization: 'Bearer a.b.c' }],
])('closes a connection with %s with 4403', async (_name, payload) => {
  await using socket = await new RawSocket(socketUrl(standing())).open();
  socket.send({ type: 'connection_init', payload });
  expect(await socket.closed()).toBe(4403);
});

test.each([
  ['an operation before connection_init', 4401, [{ type: 'subscribe', id: '1', payload: { query: '{a}' } }]],
  ['a message that is no JSON', 4400, ['{']],
  ['a message of an unknown type', 4400, [{ type: 'start' }]],
  ['no connection_init in five seconds', 4408, []],
  ['a message above 256 KB', 1009, [{ type: 'ping', payload: { x: 'x'.repeat(256 * 1024) } }]],
])('closes a connection after %s with %i', async (_name, code, messages) => {
  await using socket = await new RawSocket(socketUrl(standing())).open();
  for (const message of messages) socket.send(message);
  expect(await socket.closed()).toBe(code);
});

test('closes a connection after a second connection_init with 4429, and after a used id with 4409', async () => {
  await using one = await connected();
  one.send({ type: 'connection_init' });
  expect(await one.closed()).toBe(4429);
  await using other = await connected();
  for (let sent = 0; sent < 2; sent += 1)
    other.send({ type: 'subscribe', id: '1', payload: { query: '{ advisories { nodes { id } } }' } });
  expect(await other.closed()).toBe(4409);
});

test('answers a ping without its payload', async () => {
  await using socket = await connected();
  socket.send({ type: 'ping', payload: { x: 'x'.repeat(1000) } });
  expect(await socket.next()).toEqual({ type: 'pong' });
});

/** Asks for an upgrade, and returns the status of the answer. */
async function upgrade(headers: Readonly<Record<string, string>>, path = '/graphql'): Promise<number> {
  const request = get(new URL(path, standing().url), {
    headers: {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
      'sec-websocket-protocol': 'graphql-transport-ws',
      ...headers,
    },
  });
  return await new Promise((resolve) => {
    request.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve(response.statusCode ?? 0);
    });
    request.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
  });
}

test('refuses a WebSocket of a page whose origin is not listed, and one at another path', async () => {
  expect(await upgrade({})).toBe(101);
  expect(await upgrade({ origin: 'https://evil.example' })).toBe(403);
  expect(await upgrade({ origin: 'null' })).toBe(403);
  expect(await upgrade({}, '/other')).toBe(404);
});

test('closes a connection without the subprotocol with 4406', async () => {
  const socket = new WebSocket(socketUrl(standing()));
  const code = await new Promise((resolve) => {
    socket.once('close', resolve);
  });
  expect(code).toBe(4406);
});

const big = `{ ${Array.from({ length: 101 }, (_, at) => `a${at}: __typename`).join(' ')} }`;
const deep = (depth: number) => `{ organisation(id: "cert-eu") ${'{ x '.repeat(depth)}${'}'.repeat(depth)} }`;
/** Fragments that double the selections of each other, and fragments that add up their levels. */
const doubling = `{ ...F0 } ${Array.from({ length: 11 }, (_, at) => `fragment F${at} on Query { ...F${at + 1} ...F${at + 1} }`).join(' ')} fragment F11 on Query { a }`;
const chained = `{ ...F0 } fragment F0 on Query ${'{ x '.repeat(15)}{ ...F1 }${'}'.repeat(15)} fragment F1 on X ${'{ x '.repeat(15)}${'}'.repeat(15)}`;
const counting =
  'advisories(first: 100) { nodes { vulnerabilities { mispEvents(first: 100) { total(max: 10000) } } } }';
const nested = JSON.parse(`${'['.repeat(80)}${']'.repeat(80)}`);

/**
 * One operation above each limit of the document or the variables, with the code that a POST gets. All but the first fit
 * into a URL.
 */
const above = [
  ['tokens', { query: `{ ${'a '.repeat(20_001)} }` }, 'GRAPHQL_PARSE_FAILED'],
  ['definitions', { query: 'query A{a} '.repeat(201), operationName: 'A' }, 'OPERATION_TOO_LARGE'],
  ['selections as written', { query: `{ ${'a '.repeat(2001)} }` }, 'OPERATION_TOO_LARGE'],
  ['depth as written', { query: deep(101) }, 'OPERATION_TOO_LARGE'],
  ['root fields', { query: big }, 'OPERATION_TOO_LARGE'],
  ['levels of the variables', { query: '{ __typename }', variables: { x: nested } }, 'BAD_REQUEST'],
  [
    'rows of all lists',
    {
      query:
        '{ advisories(first: 100) { nodes { vulnerabilities(first: 100) { nodes { advisories(first: 100) { nodes { id } } } } } } }',
    },
    'OPERATION_TOO_LARGE',
  ],
  ['selections, fragments expanded', { query: doubling }, 'OPERATION_TOO_LARGE'],
  ['depth, fragments expanded', { query: chained }, 'OPERATION_TOO_LARGE'],
  ['records that totals count', { query: `{ a: ${counting} b: ${counting} }` }, 'OPERATION_TOO_LARGE'],
  [
    'size of introspection',
    {
      query: `{ __schema { types { fields { type { fields { ${Array.from({ length: 600 }, (_, at) => `a${at}: name`).join(' ')} } } } } } }`,
    },
    'OPERATION_TOO_LARGE',
  ],
  [
    'times of a directive',
    { query: '{ __typename @skip(if: false) @skip(if: false) }' },
    'GRAPHQL_VALIDATION_FAILED',
  ],
] as const;

test.each(above)('limits the %s over POST, WebSocket and SSE alike', async (_name, payload, code) => {
  const authorization = `Bearer ${await tokenOf(standing(), analyst)}`;
  const { body } = await post(standing().url, payload, { authorization });
  expect(body.errors[0].extensions.code).toBe(code);
  await using socket = await connected();
  const message = await over(socket, payload);
  expect([message.type, message.payload]).toEqual(['error', body.errors]);
  const accept = 'text/event-stream';
  const sent = await post(standing().url, payload, { authorization, accept });
  const json = JSON.stringify({ errors: body.errors });
  // The depth of the body is checked before a stream can begin.
  const [type, text] =
    code === 'BAD_REQUEST'
      ? ['application/json', json]
      : ['text/event-stream', `:\n\nevent: next\ndata: ${json}\n\nevent: complete\ndata:\n\n`];
  expect([sent.headers.get('content-type')?.split(';')[0], sent.text]).toEqual([type, text]);
});

/** Sends an operation by GET. */
async function getOf(payload: object) {
  const authorization = `Bearer ${await tokenOf(standing(), analyst)}`;
  const url = new URL(standing().url);
  for (const [name, value] of Object.entries(payload))
    url.searchParams.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  const response = await fetch(url, { headers: { authorization, accept: 'application/json' } });
  return { status: response.status, text: await response.text() };
}

test.each(above.filter(([name]) => name !== 'tokens'))(
  'limits the %s over GET as over POST',
  async (_name, payload, _code) => {
    const authorization = `Bearer ${await tokenOf(standing(), analyst)}`;
    const { status, body } = await post(standing().url, payload, { authorization });
    const got = await getOf(payload);
    expect([got.status, JSON.parse(got.text).errors]).toEqual([status, body.errors]);
  },
);

test('rejects a URL of 16 KB with 431', async () => {
  expect((await getOf({ query: `{ ${'a '.repeat(8200)} }` })).status).toBe(431);
});

test.each(above)(
  'limits the %s of a query with a deferred fragment over multipart',
  async (name, payload, code) => {
    const authorization = `Bearer ${await tokenOf(standing(), analyst)}`;
    const query = payload.query.replace('{', '{ ... @defer { __typename } ');
    const accept = 'multipart/mixed;deferSpec=20220824, application/json';
    const { headers, text } = await post(standing().url, { ...payload, query }, { authorization, accept });
    // A document that cannot be parsed has no parts, and the depth of the body is checked before.
    const isPlain = ['tokens', 'levels of the variables'].includes(name);
    expect(headers.get('content-type')?.split(';')[0]).toBe(isPlain ? 'application/json' : 'multipart/mixed');
    const parts = isPlain ? [JSON.parse(text)] : partsOf(text);
    expect(parts).toHaveLength(1);
    expect([parts[0].errors[0].extensions.code, parts[0].data]).toEqual([code, undefined]);
  },
);

test('has at most 100 operations in progress on a connection', async () => {
  await using socket = await connected();
  // A query may end before the 101st operation arrives; a subscription stays in progress.
  const query = 'subscription { advisoryEvents { eventId } }';
  for (let at = 0; at < 101; at += 1) socket.send({ type: 'subscribe', id: `${at}`, payload: { query } });
  const { type, id, payload } = await socket.next();
  expect([type, id, payload[0].extensions.code]).toEqual(['error', '100', 'TOO_MANY_SUBSCRIPTIONS']);
});

test('has at most 50 connections of a reader', async () => {
  const sockets: RawSocket[] = [];
  for (let at = 0; at < 50; at += 1) sockets.push(await connected());
  await using more = await new RawSocket(socketUrl(standing())).open();
  more.send({
    type: 'connection_init',
    payload: { authorization: `Bearer ${await tokenOf(standing(), analyst)}` },
  });
  expect(await more.closed()).toBe(4429);
  for (const socket of sockets) await socket[Symbol.asyncDispose]();
});

test('answers a client of SSE without a token with 401', async () => {
  const { createClient } = await import('graphql-sse');
  const client = createClient({ url: standing().url, retryAttempts: 0 });
  await expect(firstOf(client, '{ __typename }')).rejects.toThrow(NetworkError);
});
