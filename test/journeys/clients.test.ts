import { expect, test } from '@jest/globals';
import {
  ApolloClient,
  ApolloLink,
  CombinedGraphQLErrors,
  gql,
  HttpLink,
  InMemoryCache,
} from '@apollo/client';
import { codegen } from '@graphql-codegen/core';
import * as typescript from '@graphql-codegen/typescript';
import * as operations from '@graphql-codegen/typescript-operations';
import { Client, fetchExchange } from '@urql/core';
import { buildClientSchema, getIntrospectionQuery, parse, printSchema } from 'graphql';
import { serverAudits } from 'graphql-http';
import { ask, standing, tokenOf } from '../helpers/ask.ts';

const picture = 'exercise:trial-2026';
const analyst = { as: 'cert-eu-analyst', picture, purpose: 'incident-response' };
const auditor = { as: 'policy-auditor', picture };

const page = `query Page($first: Int!, $after: String) {
  advisories(first: $first, after: $after) { nodes { id serial } pageInfo { hasNextPage endCursor } } }`;
const again = `query Again($id: ID!) { node(id: $id) { id ... on Advisory { serial } } }`;
const mixed = `query Mixed { organisation(id: "cert-eu") { id name } advisories { nodes { id } } }`;

async function headersOf(who: typeof auditor): Promise<{ readonly authorization: string }> {
  return { authorization: `Bearer ${await tokenOf(standing(), who)}` };
}

/** Returns a `fetch` for a client that notes the methods of its requests. */
function noting(methods: (string | undefined)[]): typeof fetch {
  return async (url, init) => {
    methods.push(init?.method);
    return await fetch(url, init);
  };
}

test('answers urql, which sends queries by GET', async () => {
  const methods: string[] = [];
  const headers = await headersOf(analyst);
  const client = new Client({
    url: standing().url,
    exchanges: [fetchExchange],
    fetch: noting(methods),
    fetchOptions: { headers },
  });
  const first = await client.query(page, { first: 1 }).toPromise();
  expect([first.error, first.data.advisories.nodes.length]).toEqual([undefined, 1]);
  const after = first.data.advisories.pageInfo.endCursor;
  const second = await client.query(page, { first: 1, after }).toPromise();
  expect(second.error).toBeUndefined();
  expect(second.data.advisories.nodes[0].id).not.toBe(first.data.advisories.nodes[0].id);
  expect(methods).toEqual(['GET', 'GET']);
});

test('lets urql refetch an object by its id', async () => {
  const headers = await headersOf(analyst);
  const client = new Client({ url: standing().url, exchanges: [fetchExchange], fetchOptions: { headers } });
  const { data } = await client.query(page, { first: 1 }).toPromise();
  const [advisory] = data.advisories.nodes;
  const refetched = await client.query(again, { id: advisory.id }).toPromise();
  expect([refetched.error, refetched.data.node]).toEqual([undefined, advisory]);
  const gone = await client.query(again, { id: `${advisory.id}0` }).toPromise();
  expect([gone.error, gone.data.node]).toEqual([undefined, null]);
});

test('tells urql the path and the coordinates of a refused field, together with the data', async () => {
  const headers = await headersOf(auditor);
  const client = new Client({ url: standing().url, exchanges: [fetchExchange], fetchOptions: { headers } });
  const { data, error } = await client.query(mixed, {}).toPromise();
  expect(data).toMatchObject({ organisation: { id: 'Organisation:cert-eu' }, advisories: null });
  expect(error?.graphQLErrors.map(({ path, extensions }) => [path, extensions['coordinates']])).toEqual([
    [['advisories'], ['Query.advisories']],
  ]);
});

test('answers Apollo Client by POST and by GET, and normalizes entities by id', async () => {
  for (const useGETForQueries of [false, true]) {
    const cache = new InMemoryCache();
    const link = new HttpLink({ uri: standing().url, headers: await headersOf(analyst), useGETForQueries });
    const client = new ApolloClient({ link, cache });
    const { data } = await client.query({ query: gql(page), variables: { first: 2 } });
    expect((data as { advisories: { nodes: unknown[] } }).advisories.nodes).toHaveLength(2);
    expect(Object.keys(cache.extract()).filter((key) => key.startsWith('Advisory:'))).toHaveLength(2);
    client.stop();
  }
});

test('lets Apollo Client refetch an object of its cache by its id', async () => {
  const cache = new InMemoryCache({ possibleTypes: { Node: ['Advisory'] } });
  const link = new HttpLink({ uri: standing().url, headers: await headersOf(analyst) });
  const client = new ApolloClient({ link, cache });
  const listed = await client.query({ query: gql(page), variables: { first: 1 } });
  const [advisory] = (listed.data as { advisories: { nodes: { id: string; serial: string }[] } }).advisories
    .nodes;
  const id = `Advisory:${advisory?.id ?? ''}`;
  cache.modify({ id, fields: { serial: () => 'an old one' } });
  expect(cache.extract()[id]?.['serial']).toBe('an old one');
  await client.query({ query: gql(again), variables: { id: advisory?.id }, fetchPolicy: 'network-only' });
  expect(cache.extract()[id]?.['serial']).toBe(advisory?.serial);
  client.stop();
});

test('lets Apollo Client keep the data of an answer with a refused field', async () => {
  const link = ApolloLink.from([new HttpLink({ uri: standing().url, headers: await headersOf(auditor) })]);
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const { data, error } = await client.query({ query: gql(mixed), errorPolicy: 'all' });
  expect(data).toMatchObject({ organisation: { id: 'Organisation:cert-eu' }, advisories: null });
  expect(CombinedGraphQLErrors.is(error) && error.errors.map(({ path }) => path)).toEqual([['advisories']]);
  client.stop();
});

test('gives GraphQL Code Generator a schema by introspection, from which it makes types of operations', async () => {
  const { body } = await ask(standing(), analyst, getIntrospectionQuery());
  expect(body.errors).toBeUndefined();
  const schema = buildClientSchema(body.data);
  const output = await codegen({
    filename: 'types.ts',
    schema: parse(printSchema(schema)),
    schemaAst: schema,
    documents: [{ location: 'page.graphql', document: parse(page) }],
    config: { strictScalars: true, scalars: { DateTime: 'string' } },
    plugins: [{ typescript: {} }, { operations: {} }],
    pluginMap: { typescript, operations },
  });
  expect(output).toContain('export type PageQuery = ');
  expect(output).toContain('export type PageQueryVariables = ');
});

const audits = serverAudits({
  url: () => standing().url,
  fetchFn: async (url: string, init: RequestInit = {}) => {
    const headers = { ...(init.headers as Record<string, string>), ...(await headersOf(analyst)) };
    return await fetch(url, { ...init, headers });
  },
});

/**
 * Three recommendations (SHOULD) that the hub does not follow: status 200 for an invalid document or variable, to a client
 * that accepts `application/json` only. The hub's errors have the same status for every client (schema/errors.ts).
 */
const notFollowed = ['572B', 'FDE2', '7B9B'];

test.each(audits.map((audit) => [audit.id, audit.name, audit] as const))(
  'passes the audit %s of GraphQL over HTTP: %s',
  async (_id, _name, audit) => {
    const result = await audit.fn();
    const expected = notFollowed.includes(audit.id) ? 'warn: Response status code is not 200' : 'ok';
    expect(result.status === 'ok' ? 'ok' : `${result.status}: ${result.reason}`).toBe(expected);
  },
);
