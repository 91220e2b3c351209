import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { startOpen } from '../../../gateway/open/open.ts';
import type { Listening } from '../../../gateway/http/listen.ts';
import { serveGraph, type ServedGraph } from './served-graph.ts';

/** A request that the subgraph of the books holds. */
type Held = {
  answer(): void;
  /** Resolves when its connection has ended. */
  readonly closed: Promise<unknown>;
};

let graph: ServedGraph;
let gateway: Listening;
let sharing: Listening;
/** The requests to the subgraph of the books. Each waits until the test answers it. */
let held: Held[] = [];
let arrived = Promise.withResolvers<Held>();
let reviewsAsked = 0;

function hold(response: ServerResponse): void {
  const closed = new Promise((resolve) => response.once('close', resolve));
  const answer = () => void response.end('{"data":{"book":{"__typename":"Book","id":"1"},"count":1}}');
  const one = { answer, closed };
  held.push(one);
  arrived.resolve(one);
}

beforeAll(async () => {
  graph = await serveGraph({
    books: {
      typeDefs:
        'type Query { book: Book } type Mutation { count: Int } type Book @key(fields: "id") { id: ID! }',
      answer: (_request, response) => hold(response),
    },
    reviews: {
      typeDefs: 'type Book @key(fields: "id") { id: ID! stars: Int }',
      answer: (_request, response) => {
        reviewsAsked += 1;
        response.end('{"data":{"_entities":[{"stars":5}]}}');
      },
    },
  });
  const options = {
    supergraph: graph.file,
    port: 0,
    env: {},
    addresses: new Map<string, string>(),
    limits: { selections: 100, depth: 10, rootFields: 10 },
  };
  gateway = await startOpen({ ...options, shares: false });
  sharing = await startOpen({ ...options, shares: true });
});

afterAll(async () => {
  await gateway.stop();
  await sharing.stop();
  await graph[Symbol.asyncDispose]();
});

beforeEach(() => {
  held = [];
  arrived = Promise.withResolvers();
  reviewsAsked = 0;
});

const query = '{ book { stars } }';

function ask(text: string, { url = gateway.url, signal }: { url?: string; signal?: AbortSignal } = {}) {
  const accept = 'multipart/mixed;deferSpec=20220824, application/json';
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify({ query: text }),
    ...(signal !== undefined && { signal }),
  });
}

/** Asks as a client that leaves when its query has reached the subgraph, and returns that query. */
async function askAndLeave(text: string, url = gateway.url): Promise<Held> {
  const client = new AbortController();
  const asking = ask(text, { url, signal: client.signal });
  const one = await arrived.promise;
  client.abort();
  await expect(asking).rejects.toThrow('abort');
  arrived = Promise.withResolvers();
  return one;
}

test.each([
  ['a query', query, () => gateway.url],
  ['a query with a deferred fragment', '{ book { id ... @defer { stars } } }', () => gateway.url],
  ['a query that others could share', query, () => sharing.url],
])(
  'ends the request to a subgraph when the client of %s leaves, and sends no further one',
  async (_name, text, url) => {
    const left = await askAndLeave(text, url());
    await left.closed;
    left.answer();
    // The query of a client that stays is the only one that the other subgraph gets.
    const staying = ask(query);
    (await arrived.promise).answer();
    expect(await (await staying).json()).toEqual({ data: { book: { stars: 5 } } });
    expect([held.length, reviewsAsked]).toEqual([2, 1]);
  },
);

test('lets a mutation run to its end when the client leaves', async () => {
  const left = await askAndLeave('mutation { count }');
  const staying = ask(query);
  const other = await arrived.promise;
  let isClosed = false;
  void left.closed.then(() => (isClosed = true));
  other.answer();
  await (await staying).json();
  expect(isClosed).toBe(false);
  left.answer();
  await left.closed;
});
