import { expect, test } from '@jest/globals';
import { errorTable } from '../../schema/errors.ts';
import { post, standing, tokenOf } from '../helpers/ask.ts';

async function send(body: unknown, headers: Record<string, string> = {}) {
  const authorization = `Bearer ${await tokenOf(standing(), { as: 'cert-eu-analyst' })}`;
  return await post(standing().url, body, { authorization, ...headers });
}

function codes(answer: { body: { errors?: { extensions: { code: string } }[] } }): readonly string[] {
  return (answer.body.errors ?? []).map((error) => error.extensions.code);
}

test('refuses a body that is not JSON, too large or of another type with a constant', async () => {
  const broken = await send('{"query": "{');
  expect([broken.status, codes(broken)]).toEqual([400, ['BAD_REQUEST']]);
  const large = await send({ query: `{ __typename } # ${'x'.repeat(300_000)}` });
  expect([large.status, codes(large)]).toEqual([413, ['TOO_LARGE']]);
  const form = await send('query={__typename}', { 'content-type': 'application/x-www-form-urlencoded' });
  expect(form.status).toBeGreaterThanOrEqual(400);
  expect(form.body?.data).toBeUndefined();
});

test('reports where a document does not parse or fit the schema, from the schema alone', async () => {
  const broken = await send({ query: '{ advisories {' });
  expect([broken.status, codes(broken)]).toEqual([400, ['GRAPHQL_PARSE_FAILED']]);
  const unknown = await send({ query: '{ advisories { nodes { secretTitle } } }' });
  expect([unknown.status, codes(unknown)]).toEqual([400, ['GRAPHQL_VALIDATION_FAILED']]);
  expect(unknown.body.errors[0].locations).toEqual([{ line: 1, column: 24 }]);
});

test('reports an operation that is not in the document or the schema as the client’s error', async () => {
  for (const operationName of ['B', '__proto__', 'constructor']) {
    const answer = await send({ query: 'query A { __typename }', operationName });
    expect([operationName, answer.status, codes(answer)]).toEqual([
      operationName,
      400,
      ['OPERATION_RESOLUTION_FAILURE'],
    ]);
  }
  const empty = await send({ query: 'query A { __typename }', operationName: '' });
  expect([empty.status, codes(empty)]).toEqual([200, []]);
  const unnamed = await send({ query: 'query A { __typename } query B { __typename }' });
  expect([unnamed.status, codes(unnamed)]).toEqual([400, ['OPERATION_RESOLUTION_FAILURE']]);
  for (const kind of ['subscription', 'mutation']) {
    const answer = await send({ query: `${kind} { anything }` });
    expect([kind, answer.status, codes(answer)]).toEqual([kind, 400, ['GRAPHQL_VALIDATION_FAILED']]);
  }
});

test('refuses extreme nesting with a constant, in variables and in documents', async () => {
  const nested = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
  const variables = await send(`{"query": "{ __typename }", "variables": ${nested}}`);
  expect([variables.status, codes(variables)]).toEqual([400, ['BAD_REQUEST']]);
  const list = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  const value = await send({ query: `{ vulnerabilities(ids: ${list}) { id } }` });
  expect([value.status, value.body.errors]).toEqual([
    400,
    [
      {
        message: 'The document has a GraphQL syntax error. Correct the document.',
        extensions: { code: 'GRAPHQL_PARSE_FAILED' },
      },
    ],
  ]);
});

test('refuses a variable of the wrong type before any subgraph is called', async () => {
  const query = 'query ($first: Int) { advisories(first: $first) { nodes { id } } }';
  const wrong = await send({ query, variables: { first: 'many' } });
  expect([wrong.status, codes(wrong)]).toEqual([400, ['BAD_USER_INPUT']]);
  const operator = await send({
    query: 'query ($id: ID!) { advisory(id: $id) { id } }',
    variables: { id: { $ne: null } },
  });
  expect([operator.status, codes(operator)]).toEqual([400, ['BAD_USER_INPUT']]);
});

test('refuses arguments out of bounds and invalid cursors with a constant', async () => {
  const many = await send({ query: '{ advisories(first: 101) { nodes { id } } }' });
  expect([many.body.data, codes(many)]).toEqual([{ advisories: null }, ['BAD_USER_INPUT']]);
  for (const after of ['x', 'AAAA', Buffer.from('[0,"x"]').toString('base64url'), 'x'.repeat(5000)]) {
    const cursor = await send({
      query: 'query ($after: String) { advisories(after: $after) { nodes { id } } }',
      variables: { after },
    });
    expect([cursor.status, cursor.body.data, codes(cursor)]).toEqual([
      errorTable.BAD_CURSOR.status,
      { advisories: null },
      ['BAD_CURSOR'],
    ]);
  }
  const key = await send({ query: '{ vulnerability(id: "CVE-2025-53770; drop") { id } }' });
  expect([key.body.data, codes(key)]).toEqual([{ vulnerability: null }, ['BAD_USER_INPUT']]);
  const day = await send({
    query: '{ advisories(filter: { since: "2025-02-30T00:00:00Z" }) { nodes { id } } }',
  });
  expect(codes(day).every((code) => code === 'BAD_USER_INPUT' || code === 'GRAPHQL_VALIDATION_FAILED')).toBe(
    true,
  );
  expect(day.body.data?.advisories ?? null).toBeNull();
});

test('refuses an operation with too many selections at once, however few its bytes', async () => {
  const fragments = Array.from(
    { length: 24 },
    (_, n) =>
      `fragment F${n} on Vulnerability { ${n === 23 ? 'name' : `a: advisories { nodes { vulnerabilities { ...F${n + 1} } } } b: mispEvents { nodes { vulnerabilities { ...F${n + 1} } } }`} }`,
  );
  const query = `{ vulnerability(id: "CVE-2025-1") { ...F0 } } ${fragments.join(' ')}`;
  const began = performance.now();
  const answer = await send({ query });
  expect([answer.status, codes(answer)]).toEqual([400, ['OPERATION_TOO_LARGE']]);
  expect(performance.now() - began).toBeLessThan(9000);
  const aliases = Array.from({ length: 120 }, (_, n) => `a${n}: memberState(code: "FR") { name }`).join(' ');
  expect(codes(await send({ query: `{ ${aliases} }` }))).toEqual(['OPERATION_TOO_LARGE']);
});

test('refuses nested lists that may return too many rows, whatever their bytes', async () => {
  const nested = `{ advisories(first: 100) { nodes { vulnerabilities { mispEvents(first: 100) { nodes {
    sightings(first: 100) { nodes { event { sightings(first: 100) { nodes { id } } } } } } } } } } }`;
  expect(codes(await send({ query: nested }))).toEqual(['OPERATION_TOO_LARGE']);
  const byVariable =
    'query ($n: Int) { advisories(first: $n) { nodes { vulnerabilities { advisories(first: $n) { nodes { vulnerabilities { advisories(first: $n) { nodes { id } } } } } } } } }';
  expect(codes(await send({ query: byVariable, variables: { n: 100 } }))).toEqual(['OPERATION_TOO_LARGE']);
  expect(codes(await send({ query: byVariable, variables: { n: 2 } }))).toEqual([]);
});

test('decides, plans and answers only the chosen operation of a document', async () => {
  const query = 'query A { mispEvents { nodes { id } } } query B { organisation(id: "enisa") { name } }';
  const authorization = `Bearer ${await tokenOf(standing(), { as: 'policy-auditor' })}`;
  const chosen = await post(standing().url, { query, operationName: 'B' }, { authorization });
  expect(codes(chosen)).toEqual([]);
  expect(chosen.body.data.organisation.name).toContain('ENISA');
  const other = await post(standing().url, { query, operationName: 'A' }, { authorization });
  expect([other.body.data, codes(other)]).toEqual([{ mispEvents: null }, ['REFUSED']]);
});

test('refuses a hash in place of a document: no reader runs another reader’s document', async () => {
  const extensions = { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } };
  const answer = await send({ extensions });
  expect([answer.status, answer.body.data, codes(answer)]).toEqual([400, undefined, ['BAD_REQUEST']]);
});

test('refuses several operations in one body', async () => {
  const batch = await send([{ query: '{ __typename }' }, { query: '{ __typename }' }]);
  expect(batch.status).toBe(400);
  expect(JSON.stringify(batch.body)).not.toContain('"data"');
});

test('answers other addresses, methods and paths with constants', async () => {
  const base = standing().url.replace('/graphql', '');
  const path = await fetch(`${base}/nothing`);
  expect([path.status, await path.json()]).toEqual([
    404,
    {
      errors: [
        {
          message: 'Nothing exists at this path. Send GraphQL requests to /graphql.',
          extensions: { code: 'NOT_FOUND' },
        },
      ],
    },
  ]);
  const authorization = `Bearer ${await tokenOf(standing(), { as: 'cert-eu-analyst' })}`;
  const put = await fetch(standing().url, { method: 'PUT', headers: { authorization } });
  expect(put.status).toBe(405);
});

test('sends `no-store` and a correlation id with every answer', async () => {
  const answer = await send({ query: '{ __typename }' });
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('x-correlation-id')).toBe(answer.body.extensions.correlationId);
});
