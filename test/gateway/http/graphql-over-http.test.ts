import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expressMiddleware } from '@as-integrations/express5';
import express from 'express';
import { buildSchema, execute, GraphQLError, validate } from 'graphql';
import { pino } from 'pino';
import { createApollo } from '../../../gateway/http/apollo.ts';
import { contextOf } from '../../../gateway/http/context-middleware.ts';
import { countFailures, noteFailure } from '../../../gateway/http/failures.ts';
import { readBody, withoutEmptyName } from '../../../gateway/http/request-body.ts';
import { correlationIdOf, failSafely, setCommonHeaders } from '../../../gateway/http/responses.ts';
import type { Planner } from '../../../gateway/plan/planner.ts';
import type { RequestContext } from '../../../gateway/request/context.ts';
import { onlyOperation } from '../../../gateway/request/operation.ts';
import { errorTable } from '../../../schema/errors.ts';

let server: Server;
let url = '';
let stop: () => Promise<void>;
const counted: unknown[] = [];

/** Serves the HTTP stage of the hub over a schema of one field. */
beforeAll(async () => {
  const log = pino({ level: 'silent' });
  const schema = buildSchema('type Query { text: String } type Mutation { change: String }');
  const planner = { schema, supergraph: '' } as Planner;
  const apollo = createApollo(
    planner,
    async ({ document, request }) => {
      const [fault] = validate(schema, document);
      const extensions = { code: 'GRAPHQL_VALIDATION_FAILED' };
      if (fault !== undefined) return { errors: [new GraphQLError(fault.message, { extensions })] };
      const only = onlyOperation(document, request.operationName ?? null, schema);
      return await execute({ schema, document: only, rootValue: { text: 'x', change: 'x' } });
    },
    [noteFailure],
    log,
  );
  await apollo.start();
  const graphql = expressMiddleware(apollo, { context: ({ res }) => Promise.resolve(contextOf(res)) });
  const app = express().use(setCommonHeaders, countFailures({ count: (...row) => void counted.push(row) }));
  app.use((_request, response, next) => {
    const reader = { organisation: 'enisa' };
    response.locals['context'] = { correlationId: correlationIdOf(response), reader } as RequestContext;
    next();
  });
  app.use('/graphql', readBody, withoutEmptyName, graphql);
  server = createServer(app.use(failSafely(log)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
  stop = async () => await apollo.stop();
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await stop();
});

async function send(body: string | Uint8Array<ArrayBuffer>, type = 'application/json') {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as never as Answer,
  };
}

type Answer = {
  readonly data?: unknown;
  readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[];
};

const query = '{ text }';
const asJson = JSON.stringify({ query });

test.each([
  ['utf-7', new TextEncoder().encode(asJson.replaceAll('{', '+AHs-'))],
  ['utf-16', new Uint8Array(Buffer.from(`\ufeff${asJson}`, 'utf16le'))],
  ['utf-16le', new Uint8Array(Buffer.from(asJson, 'utf16le'))],
  ['utf-16be', new Uint8Array(Buffer.from(asJson, 'utf16le').swap16())],
  ['utf-32', new Uint8Array(Buffer.from(Array.from(asJson).flatMap((one) => [one.charCodeAt(0), 0, 0, 0])))],
  [
    'utf-32be',
    new Uint8Array(Buffer.from(Array.from(asJson).flatMap((one) => [0, 0, 0, one.charCodeAt(0)]))),
  ],
  ['latin1', new TextEncoder().encode(asJson)],
  ['utf-9', new TextEncoder().encode(asJson)],
  ['utf-8', new Uint8Array([...Buffer.from('{"query":"{ text } #'), 0xff, ...Buffer.from('"}')])],
])('refuses a body that is not UTF-8: %s', async (charset, body) => {
  const answer = await send(body, `application/json; charset=${charset}`);
  expect(answer.status).toBe(415);
  const { message } = errorTable.UNSUPPORTED_MEDIA_TYPE;
  expect(answer.body).toEqual({ errors: [{ message, extensions: { code: 'UNSUPPORTED_MEDIA_TYPE' } }] });
  expect(message).toContain('UTF-8');
});

test('takes a body in UTF-8, with and without a charset', async () => {
  for (const type of [
    'application/json',
    'application/json; charset=utf-8',
    'application/json; charset="UTF-8"',
  ])
    expect((await send(asJson, type)).body).toEqual({ data: { text: 'x' } });
});

test('names the fault if no operation is selected', async () => {
  const { message } = errorTable.OPERATION_RESOLUTION_FAILURE;
  for (const sent of [
    { query: 'query A { text }', operationName: 'B' },
    { query: 'query A { text } query B { text }' },
    { query: 'query A { text } query B { text }', operationName: '' },
  ]) {
    const answer = await send(JSON.stringify(sent));
    expect([sent, answer.status, answer.body.errors]).toEqual([
      sent,
      400,
      [{ message, extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } }],
    ]);
  }
  expect(message).toMatch(/operationName/);
});

test('treats an empty operation name as none, in a body and in a URL', async () => {
  const posted = await send(JSON.stringify({ query: 'query A { text }', operationName: '' }));
  expect([posted.status, posted.body]).toEqual([200, { data: { text: 'x' } }]);
  const headers = { 'apollo-require-preflight': '1' };
  const got = await fetch(`${url}?query=${encodeURIComponent('query A { text }')}&operationName=`, {
    headers,
  });
  expect([got.status, await got.json()]).toEqual([200, { data: { text: 'x' } }]);
  const change = await fetch(`${url}?query=${encodeURIComponent('mutation A { change }')}&operationName=`, {
    headers,
  });
  expect(change.status).toBeGreaterThanOrEqual(400);
  expect(((await change.json()) as Answer).data).toBeUndefined();
});

test('answers a persisted query with the status of its code', async () => {
  const extensions = { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } };
  for (const sent of [{ extensions }, { query, extensions }]) {
    const answer = await send(JSON.stringify(sent));
    expect([answer.status, answer.body.errors?.[0]?.extensions.code]).toEqual([400, 'BAD_REQUEST']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  }
});

test('serves no page to a browser', async () => {
  for (const accept of ['text/html', 'text/html,application/xhtml+xml,*/*;q=0.8']) {
    const response = await fetch(url, { headers: { accept } });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.headers.get('content-type')).toContain('json');
    expect(await response.text()).not.toMatch(/<html|apollo/i);
  }
});

test('counts what fails in the GraphQL server by its code, and nothing that has data', async () => {
  counted.length = 0;
  for (const sent of [
    { query: '{' },
    { query: '{ other }' },
    { query: 'query A { text }', operationName: 'B' },
    { query },
    {},
  ])
    await send(JSON.stringify(sent));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(counted).toEqual([
    ['GRAPHQL_PARSE_FAILED', 'enisa'],
    ['GRAPHQL_VALIDATION_FAILED', 'enisa'],
    ['OPERATION_RESOLUTION_FAILURE', 'enisa'],
    ['BAD_REQUEST', 'enisa'],
  ]);
});
