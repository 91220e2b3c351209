import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Part, startPart } from '../../../docker/trial/process.ts';
import { until } from '../../helpers/until.ts';
import { serveGraph, type ServedGraph } from './served-graph.ts';

const flags = ['--max-selections', '12', '--max-depth', '4', '--max-root-fields', '3'];
let graph: ServedGraph;
/** A server with the standard limits, and one with the limits of `flags`. */
let standard: Part;
let limited: Part;
/** The status of the subgraph's answers. */
let status = 200;

beforeAll(async () => {
  graph = await serveGraph({
    books: {
      typeDefs: 'type Query { book: Book } type Book @key(fields: "id") { id: ID! title: String next: Book }',
      answer: (_request, response) => {
        response.writeHead(status).end('{"data":{"book":{"id":"1","title":"Blueprint","next":null}}}');
      },
      // Nothing listens there, and nothing is called that is not on loopback.
      stated: 'http://192.0.2.1/',
    },
  });
  const args = [
    'gateway/main.ts',
    '--open',
    '--supergraph',
    graph.file,
    '--port',
    '0',
    '--subgraph',
    `books=${graph.urls['books']}`,
  ];
  standard = await startPart('standard', args, {}, graph.folder);
  limited = await startPart('limited', [...args, ...flags], {}, graph.folder);
});

afterAll(async () => {
  await standard.stop();
  await limited.stop();
  await graph[Symbol.asyncDispose]();
});

async function send(url: string, body: string) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

async function ask(url: string, query: string, operationName?: string) {
  return await send(url, JSON.stringify({ query, operationName }));
}

test('asks a subgraph at the address that --subgraph gives', async () => {
  expect(await ask(standard.url, '{ book { title } }')).toEqual({
    status: 200,
    body: { data: { book: { title: 'Blueprint' } } },
  });
});

test('prints the URL and the status of a subgraph that fails, and names it in the error', async () => {
  status = 503;
  try {
    const { body } = await ask(standard.url, '{ book { title } }');
    expect(body).toEqual({
      data: { book: null },
      errors: [
        {
          message: 'the subgraph books failed: expected status 200, got 503',
          path: expect.any(Array),
          extensions: { code: 'SUBREQUEST_HTTP_ERROR', serviceName: 'books' },
        },
      ],
    });
  } finally {
    status = 200;
  }
  const line = `books: ${graph.urls['books']} failed: expected status 200, got 503\n`;
  await until(`a line on stderr: ${line}`, () =>
    readFileSync(join(graph.folder, 'standard.log'), 'utf8').includes(line),
  );
});

const mebibyte = 1024 * 1024;

/** Returns a body of this many bytes. */
function bodyOf(bytes: number): string {
  const [start, end] = ['{"query":"{ __typename }","extensions":{"x":"', '"}}'];
  return start + 'x'.repeat(bytes - start.length - end.length) + end;
}

test('takes a body of 1 MiB, and rejects a larger one with 413', async () => {
  expect((await send(standard.url, bodyOf(mebibyte))).status).toBe(200);
  const { status: got, body } = await send(standard.url, bodyOf(mebibyte + 1));
  expect([got, body.errors[0].extensions.code]).toEqual([413, 'TOO_LARGE']);
});

const nested = (levels: number) => `{ ${'a { '.repeat(levels - 1)}a ${'}'.repeat(levels)}`;
const books = (levels: number) => `{ book { ${'next { '.repeat(levels - 2)}id ${'}'.repeat(levels - 1)} }`;
const aliases = (count: number) =>
  `{ ${Array.from({ length: count }, (_, at) => `a${at}: __typename`).join(' ')} }`;

test.each([
  ['tokens', `{ ${'a '.repeat(20_001)} }`, 'GRAPHQL_PARSE_FAILED'],
  ['definitions', 'query A{a} '.repeat(201), 'OPERATION_TOO_LARGE'],
  ['selections as written', `{ ${'a '.repeat(2001)} }`, 'OPERATION_TOO_LARGE'],
  ['levels as written', nested(101), 'OPERATION_TOO_LARGE'],
  ['levels, fragments expanded', books(25), 'OPERATION_TOO_LARGE'],
  ['root fields', aliases(101), 'OPERATION_TOO_LARGE'],
  ['times of a directive', '{ book @skip(if: false) @skip(if: false) { id } }', 'GRAPHQL_VALIDATION_FAILED'],
])('answers 400 to a document with too many %s', async (_name, query, code) => {
  const { status: got, body } = await ask(standard.url, query, query.startsWith('query A') ? 'A' : undefined);
  expect([got, body.errors[0].extensions.code, 'data' in body]).toEqual([400, code, false]);
});

/** Fragments that double the selections of each other. */
const doubling = (times: number) =>
  `{ ...F0 } ${Array.from({ length: times }, (_, at) => `fragment F${at} on Query { ...F${at + 1} ...F${at + 1} }`).join(' ')} fragment F${times} on Query { __typename }`;

test.each([
  [
    '--max-selections',
    'selections',
    `{ book { ${'id '.repeat(11)} } }`,
    `{ book { ${'id '.repeat(12)} } }`,
    12,
  ],
  ['--max-selections', 'selections', doubling(1), doubling(3), 12],
  ['--max-depth', 'depth', books(4), books(5), 4],
  ['--max-root-fields', 'rootFields', aliases(3), aliases(4), 3],
])(
  'takes an operation at %s, and answers 400 with the number of %s above it',
  async (_flag, name, at, above, most) => {
    expect((await ask(limited.url, at)).status).toBe(200);
    const { status: got, body } = await ask(limited.url, above);
    expect([got, body.errors[0].extensions.code]).toEqual([400, 'OPERATION_TOO_LARGE']);
    expect(body.errors[0].message).toContain(`expected at most ${most} ${name}, got `);
  },
);

test.each([
  ['deferred fragments', Array.from({ length: 21 }, () => '... @defer { book { id } }').join(' ')],
  ['characters in the name of one', `... @defer(label: "${'x'.repeat(101)}") { book { id } }`],
])('answers in one part to too many %s', async (_name, fragments) => {
  const response = await fetch(standard.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'multipart/mixed;deferSpec=20220824' },
    body: JSON.stringify({ query: `{ ${fragments} }` }),
  });
  expect(response.headers.get('content-type')).toContain('application/json');
  expect(await response.json()).toEqual({ data: { book: { id: '1' } } });
});
