import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { graphql, GraphQLError, parse } from 'graphql';
import { request } from 'undici';
import { type Part, startPart } from '../../../docker/trial/process.ts';

const folder = mkdtempSync(join(tmpdir(), 'jcu-open-'));
const supergraph = join(folder, 'supergraph.graphql');
let books: Server;
let gateway: Part;
let asked = 0;

const typeDefs = parse(`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  scalar DateTime
  type Query { book: Book broken: String at(time: DateTime): String slow(of: Int): Int }
  type Mutation { count: Int }
  type Subscription { told: Book }
  type Book @key(fields: "id") { id: ID! title: String }`);

beforeAll(async () => {
  books = createServer((incoming, response) => {
    void answerBook(incoming).then((answer) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => books.listen(0, '127.0.0.1', resolve));
  const { port } = books.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  const elsewhere = parse(`
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
    type Book @key(fields: "id") { id: ID! reviews: [String] }`);
  const composed = composeServices([
    { name: 'books', url, typeDefs },
    { name: 'reviews', url: 'http://192.0.2.1/', typeDefs: elsewhere },
  ]);
  writeFileSync(supergraph, composed.supergraphSdl ?? '');
  gateway = await startPart(
    'open',
    ['gateway/main.ts', '--open', '--supergraph', supergraph, '--port', '0'],
    {},
    folder,
  );
});

afterAll(async () => {
  await gateway.stop();
  await new Promise((resolve) => books.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const wait = async () => await new Promise((resolve) => setTimeout(resolve, 300));
const slow = async (_: unknown, { of }: { of: number }) => {
  await wait();
  return of;
};

async function answerBook(incoming: AsyncIterable<Buffer>): Promise<unknown> {
  asked += 1;
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const { query, variables } = JSON.parse(Buffer.concat(chunks).toString());
  const Query = {
    book: () => ({ id: '1', title: 'Blueprint' }),
    broken: () => {
      throw new GraphQLError('the shelf fell', { extensions: { code: 'SHELF' } });
    },
    at: (_: unknown, { time }: { time: string }) => time,
  };
  const count = async () => {
    await wait();
    return asked;
  };
  const resolvers = { Query: { ...Query, slow }, Mutation: { count } };
  const schema = buildSubgraphSchema([{ typeDefs, resolvers }]);
  return await graphql({ schema, source: query, variableValues: variables });
}

async function ask(
  headers: Record<string, string>,
  query = '{ book { title } }',
  { variables = {}, url = gateway.url }: { readonly variables?: object; readonly url?: string } = {},
) {
  const { statusCode, body } = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  return { statusCode, body: (await body.json()) as { data?: unknown; errors?: unknown[] } };
}

/** Runs the open server with these environment variables until it exits. */
async function tryToStart(
  args: readonly string[],
  env: Record<string, string>,
): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, ['--no-warnings', 'gateway/main.ts', '--open', ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { code, said };
}

test('serves any supergraph on loopback without a token', async () => {
  expect(await ask({})).toEqual({ statusCode: 200, body: { data: { book: { title: 'Blueprint' } } } });
});

test('never calls a subgraph that is not on loopback', async () => {
  const { body } = await ask({}, '{ book { title reviews } }');
  expect(body.data).toEqual({ book: { title: 'Blueprint', reviews: null } });
  expect(body.errors).toHaveLength(1);
});

test('rejects another origin and a rebound host name', async () => {
  expect((await ask({ origin: 'https://elsewhere.invalid' })).statusCode).toBe(403);
  expect((await ask({ host: 'rebound.invalid' })).statusCode).toBe(403);
  expect((await ask({ origin: 'http://localhost:3000' })).statusCode).toBe(200);
});

test('refuses to start with settings of the hub, in production, and without a supergraph', async () => {
  const named = ['--supergraph', supergraph, '--port', '0'];
  for (const name of ['JCU_SIGNING_KEY_FILE', 'JCU_ISSUER', 'JCU_STORE_URI', 'JCU_SUBGRAPH_ENISA_URL']) {
    const { code, said } = await tryToStart(named, { [name]: 'x' });
    expect(code).toBe(1);
    expect(said).toContain(name);
  }
  expect((await tryToStart(named, { NODE_ENV: 'production' })).said).toContain('production');
  expect((await tryToStart([], {})).said).toContain('--supergraph');
  expect((await tryToStart(['--supergraph', join(folder, 'none')], {})).said).toContain('readable file');
});

test('answers 400 with the limit to an operation that is too large', async () => {
  const { statusCode, body } = await ask({}, `{ ${'a: __typename '.repeat(2001)} }`);
  expect(statusCode).toBe(400);
  expect(body).toEqual({
    errors: [
      {
        message: expect.stringContaining('2001'),
        extensions: { code: 'OPERATION_TOO_LARGE' },
      },
    ],
  });
});

test('passes on the errors of a subgraph with its name, and their path in the operation', async () => {
  const { body } = await ask({}, '{ mine: broken }');
  expect(body).toEqual({
    data: { mine: null },
    errors: [
      { message: 'the shelf fell', path: ['mine'], extensions: { code: 'SHELF', serviceName: 'books' } },
    ],
  });
});

test('names the subgraph that cannot be asked', async () => {
  const { body } = await ask({}, '{ book { reviews } }');
  expect(body.data).toEqual({ book: { reviews: null } });
  expect(body.errors).toMatchObject([{ extensions: { serviceName: 'reviews' } }]);
});

test('answers 400 and a sentence to a subscription, and asks no subgraph', async () => {
  const before = asked;
  const { statusCode, body } = await ask({}, 'subscription { told { title } }');
  expect([statusCode, body]).toEqual([
    400,
    {
      errors: [
        {
          message: 'The open server answers queries and mutations only, got a subscription: send a query.',
          extensions: { code: 'BAD_REQUEST' },
        },
      ],
    },
  ]);
  expect(asked).toBe(before);
});

test('does not check the values of a foreign DateTime', async () => {
  expect((await ask({}, '{ at(time: "tomorrow") }')).body).toEqual({ data: { at: 'tomorrow' } });
});

test('rejects an address of an unknown subgraph, and a supergraph with a fault, with its place', async () => {
  const named = ['--supergraph', supergraph, '--port', '0'];
  const unknown = await tryToStart([...named, '--subgraph', 'films=http://127.0.0.1:1/'], {});
  expect(unknown.said).toContain('--subgraph: expected one of books, reviews, got films');
  expect((await tryToStart([...named, '--subgraph', 'films'], {})).said).toContain('NAME=URL');
  expect((await tryToStart([...named, '--max-depth', '0'], {})).said).toContain('--max-depth');
  const broken = join(folder, 'broken.graphql');
  writeFileSync(broken, 'type Query {\n  book: }\n');
  const { code, said } = await tryToStart(['--supergraph', broken, '--port', '0'], {});
  expect(code).toBe(1);
  expect(said).toContain(`${broken}:2:9`);
});

test('with --share executes identical queries together once, but neither other variables nor mutations', async () => {
  const args = ['gateway/main.ts', '--open', '--share', '--supergraph', supergraph, '--port', '0'];
  const sharing = await startPart('share', args, {}, folder);
  try {
    const query = 'query Q($of: Int) { slow(of: $of) }';
    const together = async (bodies: readonly { readonly query: string; readonly variables?: object }[]) => {
      const before = asked;
      const answers = await Promise.all(
        bodies.map(async (one) => await ask({}, one.query, { ...one, url: sharing.url })),
      );
      return { data: answers.map(({ body }) => body.data), asked: asked - before };
    };
    const of = (value: number) => ({ query, variables: { of: value } });
    // Planned before, so that the requests arrive together at the execution.
    await together([of(0), { query: 'mutation { count }' }]);
    expect(await together([of(1), of(1), of(1)])).toEqual({
      data: [{ slow: 1 }, { slow: 1 }, { slow: 1 }],
      asked: 1,
    });
    expect(await together([of(1), of(2)])).toEqual({ data: [{ slow: 1 }, { slow: 2 }], asked: 2 });
    const change = { query: 'mutation { count }' };
    expect((await together([change, change])).asked).toBe(2);
  } finally {
    await sharing.stop();
  }
});

test('reports a port that is in use', async () => {
  const { port } = new URL(gateway.url);
  const { code, said } = await tryToStart(['--supergraph', supergraph, '--port', port], {});
  expect(code).toBe(1);
  expect(said).toContain(`port ${port} on 127.0.0.1 is in use`);
});
