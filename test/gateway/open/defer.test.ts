import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { Defer20220824Handler } from '@apollo/client/incremental';
import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { graphql, parse } from 'graphql';
import { request } from 'undici';
import { type Part, startPart } from '../../../docker/trial/process.ts';
import { partsOf } from '../../helpers/multipart.ts';

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])';
const typeDefs = {
  books: parse(`${link} type Query { books: [Book] } type Book @key(fields: "id") { id: ID! title: String }`),
  reviews: parse(`${link} type Book @key(fields: "id") { id: ID! stars: Int broken: Int }`),
};
const resolvers = {
  books: { Query: { books: () => [1, 2].map((id) => ({ id, title: `EXERCISE ${id}` })) } },
  reviews: {
    Book: {
      __resolveReference: (book: object) => book,
      stars: async ({ id }: { id: string }) => {
        await mayAnswer;
        return Number(id) + 2;
      },
      broken: () => {
        throw new Error('EXERCISE');
      },
    },
  },
};

const folder = mkdtempSync(join(tmpdir(), 'jcu-defer-'));
const servers: Server[] = [];
let gateway: Part;
/** The reviews are answered when this is resolved. */
let mayAnswer: Promise<void> = Promise.resolve();

async function serve(name: keyof typeof typeDefs): Promise<string> {
  const schema = buildSubgraphSchema([{ typeDefs: typeDefs[name], resolvers: resolvers[name] as never }]);
  const server = createServer((incoming, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
      const { query, variables } = JSON.parse(Buffer.concat(chunks).toString());
      const answer = await graphql({ schema, source: query, variableValues: variables });
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    })();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

beforeAll(async () => {
  const services = await Promise.all(
    (['books', 'reviews'] as const).map(async (name) => ({
      name,
      url: await serve(name),
      typeDefs: typeDefs[name],
    })),
  );
  const file = join(folder, 'supergraph.graphql');
  writeFileSync(file, composeServices(services).supergraphSdl ?? '');
  gateway = await startPart(
    'open',
    ['gateway/main.ts', '--open', '--supergraph', file, '--port', '0'],
    {},
    folder,
  );
});

afterAll(async () => {
  await gateway.stop();
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

const parts = 'multipart/mixed;deferSpec=20220824, application/json';
const query = '{ books { title ... @defer(label: "r") { stars } } }';

async function ask(text: string, accept: string) {
  return await request(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify({ query: text }),
  });
}

test('answers the other fields before a deferred fragment is known', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  mayAnswer = promise;
  const { headers, body } = await ask(query, parts);
  expect(headers['content-type']).toBe('multipart/mixed; boundary="-"; deferSpec=20220824');
  let text = '';
  for await (const chunk of body as AsyncIterable<Buffer>) {
    text += chunk.toString();
    if (partsOf(text).length === 1) resolve();
  }
  expect(partsOf(text)).toEqual([
    { data: { books: [{ title: 'EXERCISE 1' }, { title: 'EXERCISE 2' }] }, hasNext: true },
    {
      incremental: [
        { data: { stars: 3 }, path: ['books', 0], label: 'r' },
        { data: { stars: 4 }, path: ['books', 1], label: 'r' },
      ],
      hasNext: false,
    },
  ]);
  expect(text.endsWith('\r\n-----\r\n')).toBe(true);
});

test('answers at once to a client that takes no parts, and where nothing is deferred', async () => {
  mayAnswer = Promise.resolve();
  const whole = {
    data: {
      books: [
        { title: 'EXERCISE 1', stars: 3 },
        { title: 'EXERCISE 2', stars: 4 },
      ],
    },
  };
  for (const [text, accept] of [
    [query, 'application/json'],
    [query.replace('label: "r"', 'if: false'), parts],
    ['{ books { title stars } }', parts],
    [query, 'multipart/mixed;deferSpec=20991231, application/json'],
  ] as const) {
    const { headers, body } = await ask(text, accept);
    expect(headers['content-type']).toContain('application/json');
    expect(await body.json()).toEqual(whole);
  }
});

test('answers an error of a deferred fragment with its part', async () => {
  const { body } = await ask('{ books { title ... @defer { broken } } }', parts);
  const [first, last] = partsOf(await body.text());
  expect(first).not.toHaveProperty('errors');
  expect(last).toMatchObject({
    incremental: [
      {
        data: { broken: null },
        path: ['books', 0],
        errors: [
          { message: 'EXERCISE', path: ['books', 0, 'broken'], extensions: { serviceName: 'reviews' } },
        ],
      },
      { path: ['books', 1], errors: [{ message: 'EXERCISE', path: ['books', 1, 'broken'] }] },
    ],
    hasNext: false,
  });
});

test('rejects @defer where the graph does not allow it', async () => {
  const { statusCode, body } = await ask('{ books @defer { title } }', parts);
  expect(statusCode).toBe(400);
  expect(await body.text()).toContain('@defer');
});

test('lets Apollo Client show the first part, then the whole', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  mayAnswer = promise;
  const client = new ApolloClient({
    link: new HttpLink({ uri: gateway.url, fetch }),
    cache: new InMemoryCache(),
    incrementalHandler: new Defer20220824Handler(),
  });
  const seen: unknown[] = [];
  await new Promise<void>((done, fail) => {
    client.watchQuery({ query: gql(query.replace('title', 'id title')) }).subscribe({
      next: ({ data, dataState }) => {
        if (dataState === 'empty') return;
        seen.push(
          JSON.parse(
            JSON.stringify(data, (key, value: unknown) => (key === '__typename' ? undefined : value)),
          ),
        );
        if (dataState === 'complete') done();
        resolve();
      },
      error: fail,
    });
  });
  client.stop();
  expect(seen.at(0)).toEqual({
    books: [
      { id: '1', title: 'EXERCISE 1' },
      { id: '2', title: 'EXERCISE 2' },
    ],
  });
  expect(seen.at(-1)).toEqual({
    books: [
      { id: '1', title: 'EXERCISE 1', stars: 3 },
      { id: '2', title: 'EXERCISE 2', stars: 4 },
    ],
  });
});
