import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { Defer20220824Handler } from '@apollo/client/incremental';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { parseAccess } from '../../gateway/audit/parse-entry.ts';
import { readEntries } from '../../gateway/audit/store.ts';
import { type As, ask, post, standing, tokenOf } from '../helpers/ask.ts';
import { partsOf } from '../helpers/multipart.ts';

const picture = 'exercise:trial-2026';
const analyst = { as: 'cert-eu-analyst', picture, purpose: 'incident-response' };
const auditor = { as: 'policy-auditor', picture };
const parts = 'multipart/mixed;deferSpec=20220824, application/json';
const deferring = (directive: string) => `{
  vulnerability(id: "CVE-2099-10002") {
    name
    exploitation { nodes { id catalogue } }
    ... ${directive} { mispEvents { nodes { id info { value } } } }
  }
}`;

let client: MongoClient;

beforeAll(async () => {
  client = await new MongoClient(standing().uris['hub'] ?? '').connect();
});

afterAll(async () => await client.close());

/** Sends a query and returns the parts of its answer. */
async function askInParts(who: As, query: string) {
  const authorization = `Bearer ${await tokenOf(standing(), who)}`;
  const { headers, text } = await post(standing().url, { query }, { authorization, accept: parts });
  const bodies = partsOf(text);
  return { type: headers.get('content-type'), cacheControl: headers.get('cache-control'), bodies };
}

/** The records of the audit entries of a request: one list for each entry, in the order of the log. */
async function recordsOf(correlationId: string, entries: number) {
  const until = Date.now() + 30_000;
  for (;;) {
    const found: (readonly string[])[] = [];
    for await (const stored of readEntries(client.db(), 'trial')) {
      const entry = parseAccess(stored.bytes);
      if (entry?.correlationId === correlationId) found.push(entry.disclosed.map(({ id }) => id ?? ''));
    }
    if (found.length >= entries || Date.now() > until) return found;
  }
}

test('answers a deferred fragment in a second part, and both together as at once', async () => {
  const { body } = await ask(standing(), analyst, deferring(''));
  const { type, cacheControl, bodies } = await askInParts(analyst, deferring('@defer(label: "events")'));
  expect(type).toBe('multipart/mixed; boundary="-"; deferSpec=20220824');
  expect(cacheControl).toContain('no-store');
  const { name, exploitation, mispEvents } = body.data.vulnerability;
  expect(mispEvents.nodes.length).toBeGreaterThan(0);
  const { correlationId } = bodies[0].extensions;
  expect(bodies).toEqual([
    {
      data: { vulnerability: { name, exploitation } },
      extensions: { picture, holds: expect.objectContaining({ tlp: 'CLEAR' }), correlationId },
      hasNext: true,
    },
    {
      incremental: [
        {
          data: { mispEvents },
          path: ['vulnerability'],
          label: 'events',
          extensions: { ...body.extensions, correlationId },
        },
      ],
      hasNext: false,
    },
  ]);
});

test('records each part in the audit log with the records that it discloses', async () => {
  const { bodies } = await askInParts(analyst, deferring('@defer'));
  const ofPart = [
    bodies[0].data.vulnerability.exploitation.nodes,
    bodies[1].incremental[0].data.mispEvents.nodes,
  ].map((nodes: readonly { readonly id: string }[]) => nodes.map(({ id }) => id).toSorted());
  const recorded = await recordsOf(bodies[0].extensions.correlationId, 2);
  expect(recorded.map((ids) => [...ids].toSorted())).toEqual(ofPart);
});

test('answers everything in one part if the policy refuses some of it, or the query is invalid', async () => {
  const refused = await askInParts(auditor, deferring('@defer'));
  expect(refused.bodies).toEqual([
    expect.objectContaining({
      data: { vulnerability: { name: 'CVE-2099-10002', exploitation: null, mispEvents: null } },
      hasNext: false,
    }),
  ]);
  expect(refused.bodies[0].errors[0].extensions.code).toBe('REFUSED');
  const invalid = await askInParts(analyst, '{ vulnerability(id: "x") { ... @defer { nothing } } }');
  expect(invalid.bodies).toEqual([
    {
      errors: [expect.objectContaining({ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } })],
      hasNext: false,
    },
  ]);
  const wrong = await askInParts(analyst, '{ vulnerability(id: "x") { ... @defer { name } } }');
  expect(wrong.bodies.at(-1)).toMatchObject({ hasNext: false });
  expect(JSON.stringify(wrong.bodies)).toContain('BAD_USER_INPUT');
});

test('answers at once over JSON, and if the fragment is not deferred', async () => {
  const atOnce = await ask(standing(), analyst, deferring(''));
  const { body } = await ask(standing(), analyst, deferring('@defer'));
  expect(body.data).toEqual(atOnce.body.data);
  const { bodies } = await askInParts(analyst, deferring('@defer(if: false)'));
  expect(bodies).toHaveLength(1);
  expect(bodies[0]).toMatchObject({ data: atOnce.body.data, hasNext: false });
});

test('answers at once if parts would repeat long keys, with one audit entry for both phases', async () => {
  const key = 'k'.repeat(60_000);
  const query = `{ ${key}: memberStates { code ... @defer { unionIncidents { nodes { id } } } } }`;
  const { bodies } = await askInParts(analyst, query);
  expect(bodies).toHaveLength(1);
  expect(bodies[0]).toMatchObject({ hasNext: false });
  expect(bodies[0].data[key].length).toBeGreaterThan(20);
  expect(bodies[0].data[key][0]).toHaveProperty('unionIncidents');
  expect(await recordsOf(bodies[0].extensions.correlationId, 1)).toHaveLength(1);
});

test('lets Apollo Client read an answer in parts', async () => {
  const { body } = await ask(standing(), analyst, deferring(''));
  const authorization = `Bearer ${await tokenOf(standing(), analyst)}`;
  const apollo = new ApolloClient({
    link: new HttpLink({ uri: standing().url, fetch, headers: { authorization } }),
    cache: new InMemoryCache(),
    incrementalHandler: new Defer20220824Handler(),
  });
  const { data } = await apollo.query({ query: gql(deferring('@defer')) });
  apollo.stop();
  const plain = JSON.parse(
    JSON.stringify(data, (key, value: unknown) => (key === '__typename' ? undefined : value)),
  );
  expect(plain).toEqual(body.data);
});
