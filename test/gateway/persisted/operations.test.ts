import { afterAll, afterEach, expect, test } from '@jest/globals';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { buildSchema, parse, print } from 'graphql';
import { replaceId } from '../../../gateway/http/persisted-request.ts';
import { chooseDocument, type OperationsMode } from '../../../gateway/persisted/operations.ts';
import { sha256Of } from '../../../gateway/persisted/read-operations.ts';
import { watchOperations, type WatchedOperations } from '../../../gateway/persisted/watch-operations.ts';
import { errorTable } from '../../../schema/errors.ts';
import { post } from '../../helpers/ask.ts';
import { serve } from '../http/served.ts';
import { until } from '../../helpers/until.ts';

const root = mkdtempSync(join(tmpdir(), 'jcu-operations-'));
const schema = buildSchema('type Query { text(length: Int = 1): String }');
const logged: string[] = [];
const log = { info: () => undefined, error: (message: string) => void logged.push(message) };
const open: { stop(): void }[] = [];
const headers = { 'apollo-require-preflight': '1' };

afterEach(() => {
  logged.length = 0;
  for (const one of open.splice(0)) one.stop();
});
afterAll(() => rmSync(root, { recursive: true }));

async function watchIn(files: Readonly<Record<string, string>>, of = schema) {
  const folder = mkdtempSync(join(root, 'case-'));
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, `.${name}`), text);
    renameSync(join(folder, `.${name}`), join(folder, name));
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  const operations = await watchOperations(folder, of, log);
  open.push(operations);
  return { operations, folder, write };
}

async function serveWith(mode: OperationsMode, operations: WatchedOperations) {
  return await serve(
    undefined,
    replaceId(mode === 'off' ? null : (asked) => chooseDocument(asked, mode, operations)),
  );
}

const two =
  'query Two { text(length: 2) }\n\nquery Three { ...all }\nfragment all on Query { text(length: 3) }\n';
const apollo = JSON.stringify({
  format: 'apollo-persisted-query-manifest',
  version: 1,
  operations: [{ id: 'apollo-4', name: 'Four', type: 'query', body: 'query Four { text(length: 4) }' }],
});
const files = {
  'two.graphql': two,
  'apollo.json': apollo,
  'relay.json': JSON.stringify({ '5d41402abc4b2a76b9719d911017c592': '{ text(length: 5) }' }),
};
const persisted = (sha256Hash: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } });
const printedTwo = print(parse('query Two { text(length: 2) }'));

test('answers each form of an id, by POST and by GET', async () => {
  const { operations } = await watchIn(files);
  await using served = await serveWith('only', operations);
  const asked = [
    [persisted(sha256Of(printedTwo)), 2],
    [{ documentId: `sha256:${sha256Of(printedTwo)}` }, 2],
    [{ documentId: 'apollo-4' }, 4],
    [persisted('apollo-4'), 4],
    [{ doc_id: '5d41402abc4b2a76b9719d911017c592' }, 5],
    [{ id: '5d41402abc4b2a76b9719d911017c592' }, 5],
    [{ documentId: sha256Of(two), operationName: 'Three' }, 3],
  ] as const;
  for (const [request, length] of asked) {
    const expected = [request, 200, { data: { text: 'x'.repeat(length) } }];
    const posted = await post(served.url, request);
    expect([request, posted.status, posted.body]).toEqual(expected);
    const parameters = Object.entries(request).map(
      ([name, value]) =>
        [name, typeof value === 'string' ? value : JSON.stringify(value)] as [string, string],
    );
    const got = await fetch(`${served.url}?${new URLSearchParams(parameters).toString()}`, { headers });
    expect([request, got.status, await got.json()]).toEqual(expected);
  }
});

test('the safelist refuses a text that is not registered, in every form', async () => {
  const { operations } = await watchIn(files);
  await using served = await serveWith('only', operations);
  const refused = {
    errors: [
      {
        message: errorTable.OPERATION_NOT_REGISTERED.message,
        extensions: { code: 'OPERATION_NOT_REGISTERED' },
      },
    ],
  };
  for (const query of ['{ text }', '{ __schema { types { name } } }', `${printedTwo} `, '{'])
    for (const request of [
      { query },
      { query, ...persisted(sha256Of(query)) },
      { query, documentId: 'apollo-4' },
    ]) {
      const { status, body } = await post(served.url, request);
      expect([request, status, body]).toEqual([request, 400, refused]);
      const url = `${served.url}?query=${encodeURIComponent(query)}&documentId=apollo-4`;
      const got = await fetch(url, { headers });
      expect([got.status, await got.json()]).toEqual([400, refused]);
    }
  expect((await post(served.url, { query: printedTwo })).body).toEqual({ data: { text: 'xx' } });
});

test('the safelist lets no second request, parameter or form of the body pass unseen', async () => {
  const { operations } = await watchIn(files);
  await using served = await serveWith('only', operations);
  const bodies = [
    [{ query: '{ text }' }],
    [{ documentId: 'apollo-4' }, { query: '{ text }' }],
    {},
    { query: ['{ text }'] },
  ];
  for (const body of bodies) {
    const { status, body: answer } = await post(served.url, body);
    expect([body, status, answer.data]).toEqual([body, 400, undefined]);
  }
  const text = encodeURIComponent('{ text }');
  const registered = encodeURIComponent(printedTwo);
  for (const search of [
    `query=${registered}&query=${text}`,
    `documentId=apollo-4&documentId=x&query=${text}`,
  ]) {
    const got = await fetch(`${served.url}?${search}`, { headers });
    expect([search, got.status]).toEqual([search, 400]);
  }
  // The body of a POST counts, never its URL.
  const both = await post(`${served.url}?query=${text}`, { documentId: 'apollo-4' });
  expect(both.body).toEqual({ data: { text: 'xxxx' } });
  const form = await fetch(served.url, {
    method: 'POST',
    headers: { 'content-type': 'application/graphql' },
    body: '{ text }',
  });
  expect(form.status).toBeGreaterThanOrEqual(400);
});

test('never stores what a client sends', async () => {
  const { operations } = await watchIn(files);
  await using served = await serveWith('allowed', operations);
  const query = '{ text(length: 9) }';
  const hash = persisted(sha256Of(query));
  for (const request of [hash, { query, ...hash }, hash]) {
    const { status, body } = await post(served.url, request);
    const code = body.errors?.[0]?.extensions.code;
    expect([status, code]).toEqual(
      'query' in request ? [200, undefined] : [404, 'PERSISTED_QUERY_NOT_FOUND'],
    );
  }
});

test('refuses a hash of another text, two ids, and other versions of the extension', async () => {
  const { operations } = await watchIn(files);
  await using served = await serveWith('allowed', operations);
  for (const request of [
    { query: '{ text }', ...persisted(sha256Of(printedTwo)) },
    { documentId: 'apollo-4', doc_id: '5d41402abc4b2a76b9719d911017c592' },
    { documentId: ['apollo-4'] },
    { extensions: { persistedQuery: { version: 2, sha256Hash: 'apollo-4' } } },
    { extensions: { persistedQuery: { version: 1 } } },
    { extensions: { persistedQuery: 'apollo-4' } },
  ]) {
    const { status, body } = await post(served.url, request);
    expect([request, status, body.errors?.[0]?.extensions.code]).toEqual([request, 400, 'BAD_REQUEST']);
  }
  for (const id of ['__proto__', 'constructor', 'toString', '']) {
    const { status } = await post(served.url, { documentId: id });
    expect([id, status]).toEqual([id, 404]);
  }
});

test('without the mode an id stays a faulty request', async () => {
  const { operations } = await watchIn(files);
  await using served = await serveWith('off', operations);
  for (const request of [{ documentId: 'apollo-4' }, persisted('apollo-4')]) {
    const { status, body } = await post(served.url, request);
    expect([status, body.errors?.[0]?.extensions.code]).toEqual([400, 'BAD_REQUEST']);
  }
});

test('Apollo Client sends the text after an unknown hash, and the hash alone for a registered one', async () => {
  const { operations } = await watchIn({ 'two.graphql': two });
  await using served = await serveWith('allowed', operations);
  const sent: string[] = [];
  const http = new HttpLink({
    uri: served.url,
    fetch: async (url, options) => {
      sent.push(JSON.stringify(options?.body ?? ''));
      return await fetch(url, options);
    },
  });
  const client = new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.from([new PersistedQueryLink({ sha256: sha256Of }), http]),
  });
  const known = gql`
    query Two {
      text(length: 2)
    }
  `;
  expect((await client.query({ query: known })).data).toEqual({ text: 'xx' });
  expect(sent.map((one) => one.includes('query Two') || one.includes('query Seven'))).toEqual([false]);
  const unknown = gql`
    query Seven {
      text(length: 7)
    }
  `;
  expect((await client.query({ query: unknown })).data).toEqual({ text: 'xxxxxxx' });
  expect(sent.map((one) => one.includes('query Two') || one.includes('query Seven'))).toEqual([
    false,
    false,
    true,
  ]);
});

test('takes in a changed, a new and a removed file', async () => {
  const { operations, folder, write } = await watchIn(files);
  write('relay.json', JSON.stringify({ new: '{ text(length: 6) }' }));
  write('other.graphql', 'query Other { text(length: 8) }');
  rmSync(join(folder, 'apollo.json'));
  await until('the three changes', () => {
    const found = ['new', '5d41402abc4b2a76b9719d911017c592', 'apollo-4'].map(
      (id) => operations.find(id)?.text,
    );
    const isAdded = operations.findText('query Other { text(length: 8) }')?.name === 'Other';
    return isAdded && isDeepStrictEqual(found, ['{ text(length: 6) }', undefined, undefined]);
  });
  expect(logged).toEqual([]);
});

test('keeps the last valid content of a malformed file, and logs place and remedy once', async () => {
  const { operations, write } = await watchIn(files);
  write('two.graphql', 'query Two {\n  text(\n}');
  write('apollo.json', '{"format": "apollo-persisted-query-manifest", "version": 2}');
  write('fragment.graphql', 'fragment all on Query { text }');
  await until('a line about each file', () => logged.length >= 3);
  // Two more looks at the folder.
  await pause(1100);
  expect(operations.find('apollo-4')?.name).toBe('Four');
  expect(operations.find(sha256Of(printedTwo))?.name).toBe('Two');
  expect(logged.map((one) => one.replace(/^\S*\//, '')).toSorted()).toEqual([
    'apollo.json: expected the format apollo-persisted-query-manifest, version 1, with a list of operations; its last valid content is served until the file is corrected',
    'fragment.graphql: it has no operation; give each fragment in the file of the operation that uses it; none of its operations is served until the file is corrected',
    'two.graphql: the text, line 3, column 1: Syntax Error: Expected Name, found "}".; its last valid content is served until the file is corrected',
  ]);
});

test('serves no operation that the schema does not have or the limits do not allow, and names each', async () => {
  const deep = `query Deep { text ${'x: text '.repeat(2100)}}`;
  const { operations } = await watchIn({
    'good.graphql': 'query Good { text }',
    'mixed.graphql': 'query Bad { nothing }\nquery Fine { text(length: 2) }',
    'relay.json': JSON.stringify({ deep, bad: '{ text(length: "x") }' }),
    'same.json': JSON.stringify({
      bad: '{ text(length: 3) }',
      [sha256Of('query Good { text }')]: '{ text }',
    }),
  });
  expect(operations.find('bad')?.text).toBe('{ text(length: 3) }');
  expect(operations.find('deep')).toBeUndefined();
  expect(operations.find(sha256Of('query Good { text }'))?.name).toBe('Good');
  expect(operations.find(sha256Of(print(parse('query Fine { text(length: 2) }'))))?.name).toBe('Fine');
  const messages = logged.map((one) => one.replace(/^\S*\//, '')).join('\n');
  expect(messages).toMatch(
    /mixed\.graphql: operation Bad is not served: Cannot query field "nothing" on type "Query"\. \(line 1, column 13\); correct it by schema\/published\.graphql/,
  );
  expect(messages).toMatch(/relay\.json: operation Deep is not served: expected at most .*; split it/);
  expect(messages).toMatch(/relay\.json: operation bad is not served: Int cannot represent/);
  expect(messages).toMatch(
    /same\.json: operation [0-9a-f]{64} is not served: its id is that of another text in good\.graphql/,
  );
});

test('checks the operations again under a new schema', async () => {
  const { operations } = await watchIn({ 'all.graphql': 'query A { text }\nquery B { added }' });
  expect(operations.findText(print(parse('query B { added }')))).toBeUndefined();
  await operations.use(buildSchema('type Query { added: String }'));
  expect(operations.findText(print(parse('query B { added }')))?.name).toBe('B');
  expect(operations.findText(print(parse('query A { text }')))).toBeUndefined();
});
