import { expect, test } from '@jest/globals';
import { parts } from '../../../../docker/trial/parts.ts';
import { createLog } from '../../../../schema/runtime/log.ts';
import type { Context } from '../../../../subgraphs/serve/graph/context.ts';
import { Executors } from '../../../../subgraphs/serve/graph/executors.ts';
import { policy } from '../../../helpers/policy.ts';
import { readerOf } from '../../../helpers/records.ts';

const disclosed = [{ type: 'Advisory', id: 'Advisory:1' }];
const context = {
  assertion: {},
  reader: readerOf(),
  readerAccess: policy.accessOf(readerOf(), new Date()),
  loaders: {
    disclosed: () => disclosed,
    isShareable: () => true,
    one: () => Promise.reject(new Error('secret detail')),
  },
} as unknown as Context;
const executors = new Executors(parts['cert-eu'], () => context, createLog('test', 'silent'));

/** Runs the body of a request, and returns status and answer. */
async function run(body: unknown): Promise<{ status: number; answer: Record<string, unknown> }> {
  let text = '';
  const response = { statusCode: 0, setHeader: () => undefined, end: (sent: string) => void (text = sent) };
  await executors.under(policy)({ body } as never, response as never, () => undefined);
  return { status: response.statusCode, answer: JSON.parse(text) };
}

const errorOf = (code: string) => [expect.objectContaining({ extensions: { code } })];

test('answers with the disclosures for the audit log of the hub, and whether the hub may share the answer', async () => {
  const { status, answer } = await run({ query: '{ __typename }' });
  expect([status, answer]).toEqual([
    200,
    { data: { __typename: 'Query' }, extensions: { disclosed, shareable: true } },
  ]);
});

test.each<[string, unknown, string]>([
  ['a batch', [{ query: '{ __typename }' }], 'BAD_REQUEST'],
  ['no query', {}, 'BAD_REQUEST'],
  ['variables that are a list', { query: '{ __typename }', variables: [] }, 'BAD_REQUEST'],
  ['a syntax error', { query: '{' }, 'GRAPHQL_PARSE_FAILED'],
  ['an unknown field', { query: '{ nothing }' }, 'GRAPHQL_VALIDATION_FAILED'],
  ['introspection', { query: '{ __type(name: "Query") { name } }' }, 'GRAPHQL_VALIDATION_FAILED'],
  [
    'a variable of another type',
    { query: 'query ($id: ID!) { advisory(id: $id) { id } }', variables: { id: {} } },
    'BAD_USER_INPUT',
  ],
])('does not start an operation of %s, also when it is sent again', async (_case, body, code) => {
  for (const turn of [1, 2]) {
    const { status, answer } = await run(body);
    expect([turn, status, answer['data'], answer['errors']]).toEqual([turn, 400, undefined, errorOf(code)]);
  }
});

test('hides the message of an internal error', async () => {
  const { status, answer } = await run({ query: '{ advisory(id: "Advisory:1") { id } }' });
  expect([status, answer['data'], answer['errors']]).toEqual([200, { advisory: null }, errorOf('INTERNAL')]);
  expect(JSON.stringify(answer)).not.toContain('secret');
});
