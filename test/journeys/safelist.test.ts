import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { parse, print } from 'graphql';
import { signTrialSupergraph } from '../../docker/trial/policy-office.ts';
import type { Trial } from '../../docker/trial/trial.ts';
import { sha256Of } from '../../gateway/persisted/read-operations.ts';
import { read as readContract } from '../../schema/sources.ts';
import { type Asked, post, tokenOf } from '../helpers/ask.ts';
import { startExercise } from '../helpers/standing.ts';
import { RawSocket, socketUrl } from '../helpers/streams.ts';
import { until } from '../helpers/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'jcu-safelist-'));
const accessLog = join(folder, 'access.log');
const as = { as: 'cert-eu-analyst', picture: 'exercise:trial-2026', purpose: 'incident-response' };
const printed = (text: string) => print(parse(text));
const registered = {
  query: printed('query Page { advisories(first: 1) { nodes { id } } }'),
  defer: printed('query Later { advisories(first: 1) { nodes { id ... @defer { title { value } } } } }'),
  node: printed('query Again($id: ID!) { node(id: $id) { ... on Organisation { id } } }'),
  live: printed('subscription Live($after: ID) { advisoryEvents(resumeAfter: $after) { eventId change } }'),
};
const others = {
  query: 'query Page { advisories(first: 2) { nodes { id } } }',
  defer: 'query Later { advisories(first: 2) { nodes { id ... @defer { title { value } } } } }',
  live: 'subscription Live { advisoryEvents { eventId recordId } }',
  introspection: '{ __schema { queryType { name } } }',
  name: '{ __typename }',
};
const accepts = {
  JSON: 'application/json',
  'server-sent events': 'text/event-stream',
  'a multipart subscription': 'multipart/mixed;subscriptionSpec="1.0", application/json',
  'a multipart answer': 'multipart/mixed;deferSpec=20220824, application/json',
};

let trial: Trial;
let asked: Asked;

beforeAll(async () => {
  const operations = mkdtempSync(join(folder, 'operations-'));
  for (const [name, text] of Object.entries(registered))
    writeFileSync(join(operations, `${name}.graphql`), text);
  const env = { JCU_OPERATIONS: 'only', JCU_OPERATIONS_FOLDER: operations, JCU_ACCESS_LOG: accessLog };
  trial = await startExercise({ env });
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
});

afterAll(async () => {
  await trial.stop();
  rmSync(folder, { recursive: true });
});

async function send(body: object, accept: string): Promise<string> {
  const authorization = `Bearer ${await tokenOf(asked, as)}`;
  return (await post(trial.url, body, { authorization, accept })).text;
}

async function connect(): Promise<RawSocket> {
  const socket = await new RawSocket(socketUrl(asked)).open();
  const authorization = `Bearer ${await tokenOf(asked, as)}`;
  socket.send({ type: 'connection_init', payload: { authorization } });
  expect(await socket.next()).toEqual({ type: 'connection_ack' });
  return socket;
}

/** Sends one operation on a separate connection, and returns the first message about it. */
async function over(payload: object) {
  await using socket = await connect();
  socket.send({ type: 'subscribe', id: '1', payload });
  return await socket.next();
}

const byHash = (text: string) => ({
  extensions: { persistedQuery: { version: 1, sha256Hash: sha256Of(text) } },
});

test.each(Object.entries(accepts))(
  'refuses every text that is not registered, and every unknown id, for %s',
  async (_name, accept) => {
    for (const [name, query] of Object.entries(others)) {
      for (const body of [
        { query },
        { query, ...byHash(query) },
        { query, documentId: sha256Of(registered.query) },
      ])
        expect([name, await send(body, accept)]).toEqual([
          name,
          expect.stringContaining('"code":"OPERATION_NOT_REGISTERED"'),
        ]);
      for (const body of [byHash(query), { documentId: sha256Of(query) }, { id: sha256Of(query) }])
        expect(await send(body, accept)).toContain('"code":"PERSISTED_QUERY_NOT_FOUND"');
    }
  },
);

test('refuses every text that is not registered, and every unknown id, over a WebSocket', async () => {
  for (const [name, query] of Object.entries(others)) {
    for (const payload of [
      { query },
      { query, ...byHash(query) },
      { query, documentId: sha256Of(registered.query) },
    ]) {
      const { type, payload: errors } = await over(payload);
      expect([name, type, errors[0].extensions.code]).toEqual([name, 'error', 'OPERATION_NOT_REGISTERED']);
    }
    for (const payload of [byHash(query), { documentId: sha256Of(query) }, { id: sha256Of(query) }]) {
      const { type, payload: errors } = await over({ query: '', ...payload });
      expect([name, type, errors[0].extensions.code]).toEqual([name, 'error', 'PERSISTED_QUERY_NOT_FOUND']);
    }
  }
});

test('answers registered texts and their ids on every entry point', async () => {
  const { query, defer } = registered;
  for (const body of [{ query }, { documentId: `sha256:${sha256Of(query)}` }, byHash(query)]) {
    for (const accept of [accepts.JSON, accepts['server-sent events']])
      expect(await send(body, accept)).toContain('"data":{"advisories":{"nodes":[{"id":');
    const message = await over({ query: '', ...body });
    expect(message).toMatchObject({
      type: 'next',
      payload: { data: { advisories: { nodes: [{ id: expect.any(String) }] } } },
    });
  }
  for (const body of [{ query: defer }, { documentId: sha256Of(defer) }, byHash(defer)]) {
    expect(await send(body, accepts['a multipart answer'])).toContain('"incremental":');
    expect(await send(body, accepts['server-sent events'])).toContain('"title":{"value":');
    const { payload } = await over({ query: '', ...body });
    expect(payload.data.advisories.nodes[0].title.value).toEqual(expect.any(String));
  }
});

test('answers a registered operation on the interface Node on every entry point', async () => {
  const variables = { id: 'Organisation:cert-eu' };
  const body = { documentId: sha256Of(registered.node), variables };
  for (const accept of [accepts.JSON, accepts['server-sent events']])
    expect(await send(body, accept)).toContain('"data":{"node":{"id":"Organisation:cert-eu"}}');
  const { payload } = await over({ query: '', ...body });
  expect(payload.data).toEqual({ node: { id: 'Organisation:cert-eu' } });
});

test('starts a registered subscription by its text and by its id', async () => {
  const variables = { after: 'x'.repeat(60) };
  for (const body of [
    { query: registered.live },
    { documentId: sha256Of(registered.live) },
    byHash(registered.live),
  ]) {
    const { payload } = await over({ query: '', ...body, variables });
    expect(payload[0].extensions.code).toBe('RESUME_EXPIRED');
    for (const accept of [accepts['server-sent events'], accepts['a multipart subscription']])
      expect(await send({ ...body, variables }, accept)).toContain('"code":"RESUME_EXPIRED"');
  }
});

function linesNow() {
  return readFileSync(accessLog, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function namesOf(entry: string): ReadonlySet<string> {
  const named = linesNow().filter((line) => line.entry === entry && line.operation !== null);
  return new Set(named.map(({ operation }) => operation));
}

test('writes a line of each entry point to the access log, with the name of the operation', async () => {
  const all = new Set(['Page', 'Later', 'Live', 'Again']);
  await until('a line of each entry point and operation', () =>
    ['ws', 'sse', 'http'].every((entry) => isDeepStrictEqual(namesOf(entry), all)),
  );
  const lines = linesNow();
  // A refusal is no stream.
  const refused = lines.filter(({ codes }) => codes[0] === 'OPERATION_NOT_REGISTERED');
  expect(new Set(refused.map(({ entry }) => entry))).toEqual(new Set(['http', 'ws']));
  const ended = lines.filter(({ entry, operation }) => entry === 'ws' && operation === 'Page');
  expect(new Set(ended.map(({ status }) => status))).toEqual(new Set([200]));
});

test('ends open subscriptions with RESUME_EXPIRED when a new supergraph comes into force', async () => {
  await using socket = await connect();
  socket.send({ type: 'subscribe', id: 'live', payload: { query: registered.live } });
  // No message says that a subscription is open.
  await pause(5000);
  const sdl = readContract('supergraph.graphql').replace(
    /^(type Advisory\b[^{]*\{)/m,
    '$1\n  addedLater: String',
  );
  await signTrialSupergraph(trial.home, sdl);
  expect(await socket.next()).toMatchObject({
    id: 'live',
    type: 'next',
    payload: { errors: [{ extensions: { code: 'RESUME_EXPIRED' } }] },
  });
  expect(await socket.next()).toEqual({ id: 'live', type: 'complete' });
  socket.send({ type: 'subscribe', id: 'page', payload: { query: registered.query } });
  expect(await socket.next()).toMatchObject({
    id: 'page',
    payload: { data: { advisories: { nodes: [{}] } } },
  });
  expect(await socket.next()).toEqual({ id: 'page', type: 'complete' });
  socket.send({ type: 'subscribe', id: 'again', payload: { query: registered.live } });
  expect(await Promise.race([socket.next(), pause(2000, 'open')])).toBe('open');
}, 600_000);
