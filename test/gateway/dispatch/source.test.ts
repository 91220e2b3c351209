import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { createAgent, fetchSubgraph } from '../../../gateway/dispatch/fetch-subgraph.ts';
import { createSource } from '../../../gateway/dispatch/source.ts';
import { createCollected } from '../../../gateway/dispatch/collected.ts';
import type { RequestContext } from '../../../gateway/request/context.ts';
import { policy } from '../../helpers/policy.ts';
import { readerOf } from '../../helpers/records.ts';

/** The response of the subgraph. A compromised subgraph can send anything. */
let response: unknown = {};
const server = createServer((request, outgoing) => {
  request.resume().on('end', () => {
    outgoing.setHeader('content-type', 'application/json').end(JSON.stringify(response));
  });
});
const agent = createAgent();

beforeAll(async () => await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(async () => {
  await agent.close();
  server.close();
});

async function askOf(answer: unknown) {
  response = answer;
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
  const source = createSource(
    'europol',
    async (body) => await fetchSubgraph(url, body, {}, 2000, agent),
    pino({ level: 'silent' }),
  );
  const request: RequestContext = {
    reader: readerOf(),
    token: { clientId: 'test', id: null },
    correlationId: 'test',
    at: new Date(),
    policy,
    deadline: Date.now() + 2000,
    budget: undefined,
    setHeaders: () => undefined,
  };
  const fetch = { query: '{ ransomwareFamilies { nodes { name } } }', variables: {} };
  const collected = createCollected();
  const { data } = await source.process({ request: fetch, context: { request, collected } } as never);
  return { data, collected };
}

const disclosure = {
  type: 'RansomwareFamily',
  id: 'RansomwareFamily:1',
  version: 1,
  tlp: 'GREEN',
  pap: 'CLEAR',
  handlingCodes: [],
  extraRestrictions: [],
  audience: null,
  portions: [],
};

test('returns the requested data, and records disclosures under the subgraph’s own name', async () => {
  const data = { ransomwareFamilies: { nodes: [{ name: 'EXERCISE' }] } };
  const answer = await askOf({ data, extensions: { disclosed: [{ ...disclosure, community: 'enisa' }] } });
  expect(answer.data).toEqual(data);
  expect(answer.collected.disclosed).toEqual([{ ...disclosure, community: 'europol' }]);
  expect([...answer.collected.failedSubgraphs]).toEqual([]);
});

test('removes data that a compromised subgraph adds', async () => {
  const data = {
    ransomwareFamilies: { nodes: [{ name: 'EXERCISE', serial: 'forged' }] },
    advisories: { nodes: [{ serial: 'forged' }] },
  };
  const answer = await askOf({ data, extensions: { disclosed: [] } });
  expect(answer.data).toEqual({ ransomwareFamilies: { nodes: [{ name: 'EXERCISE' }] } });
});

test.each([
  ['reports no disclosures', { data: { ransomwareFamilies: null } }],
  [
    'reports malformed disclosures',
    { data: { ransomwareFamilies: null }, extensions: { disclosed: [{ id: 7 }] } },
  ],
  [
    'returns a leaf in place of an object',
    { data: { ransomwareFamilies: 'x' }, extensions: { disclosed: [] } },
  ],
  ['returns no GraphQL response', 'words'],
])('discards the response of a subgraph that %s', async (_what, answer) => {
  const { data, collected } = await askOf(answer);
  expect(data).toBeNull();
  expect([...collected.failedSubgraphs]).toEqual(['europol']);
  expect([...collected.places]).toEqual([['europol', [['ransomwareFamilies']]]]);
});

test('passes only the permitted error codes of a subgraph to the reader', async () => {
  const errors = [
    { message: 'secret', path: ['ransomwareFamilies'], extensions: { code: 'BAD_CURSOR', secret: 1 } },
    { message: 'secret', extensions: { code: 'INTERNAL' } },
  ];
  const { collected } = await askOf({
    data: { ransomwareFamilies: null },
    errors,
    extensions: { disclosed: [] },
  });
  expect([...collected.errorCodes]).toEqual(['BAD_CURSOR']);
  expect([...collected.failedSubgraphs]).toEqual(['europol']);
  expect([...collected.places]).toEqual([['BAD_CURSOR', [['ransomwareFamilies']]]]);
});
