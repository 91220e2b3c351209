import { beforeAll, describe, expect, test } from '@jest/globals';
import { buildSchema, getNamedType, isLeafType, isObjectType } from 'graphql';
import { nodeLookupsOf } from '../../schema/node-interface/node-lookups.ts';
import { read } from '../../schema/sources.ts';
import { type As, ask, standing } from '../helpers/ask.ts';

const picture = 'exercise:trial-2026';
/** Readers of five kinds, of whom each may see other records and use other fields. */
const readers: readonly As[] = [
  { as: 'cert-eu-analyst', picture, purpose: 'incident-response' },
  { as: 'enisa-analyst', picture, purpose: 'incident-response' },
  { as: 'europol-analyst', picture, purpose: 'crime-prevention' },
  { as: 'private-partner', picture, purpose: 'incident-response' },
  { as: 'policy-auditor', picture },
];

const schema = buildSchema(read('published.graphql'));
const lookups = nodeLookupsOf(schema);
const queryFields = Object.values(schema.getQueryType()?.getFields() ?? {});

/** Returns the list of the records of a type; undefined if it has none. */
function listOf(type: string): string | undefined {
  return queryFields.find((field) => getNamedType(field.type).name === `${type}Connection`)?.name;
}

/** Selects all plain fields of a type. */
function plainFieldsOf(type: string): string {
  const object = schema.getType(type);
  if (!isObjectType(object)) throw new Error(`expected an object type, got ${type}`);
  const plain = Object.values(object.getFields()).filter(
    ({ type: given, args }) => isLeafType(getNamedType(given)) && args.length === 0,
  );
  return plain.map(({ name }) => name).join(' ');
}

const entities: readonly string[] = [
  'Vulnerability:CVE-2025-53770',
  'ThreatActor:name:nobody',
  'Indicator:DOMAIN_NAME:evil.example',
  'Indicator:URL:https://evil.example/x?a=b:c',
  'Organisation:cert-eu',
  'Organisation:unknown',
  'MemberState:FR',
  'JointCase:JC-2026-0007',
];
let ids: readonly string[] = [];

type Page = { readonly nodes: readonly { readonly id: string }[] };

/** Collects two records of each kind that one of the readers may see, and one of each kind that does not exist. */
beforeAll(async () => {
  const types = [...lookups.keys()].filter((type) => listOf(type) !== undefined);
  const seen: string[] = [];
  for (const who of readers) {
    const lists = types.map((type) => `${type}: ${listOf(type)}(first: 2) { nodes { id } }`);
    const { body } = await ask(standing(), who, `{ ${lists.join(' ')} }`);
    const pages = Object.values(body.data as Readonly<Record<string, Page | null>>);
    seen.push(...pages.flatMap((page) => page?.nodes ?? []).map(({ id }) => id));
  }
  const missing = types.map((type) => `${type}:00000000-0000-4000-8000-000000000000`);
  ids = [...new Set([...seen, ...missing, ...entities])];
}, 120_000);

const typeOf = (id: string) => id.slice(0, id.indexOf(':'));

/** Returns the root field that a person writes for an id, by hand. */
function lookupText(id: string): string {
  const found = lookups.get(typeOf(id));
  const values = found?.argumentsOf(id);
  if (found === undefined || values === null || values === undefined) throw new Error(`no look-up for ${id}`);
  const given = Object.entries(values).map(
    ([name, value]) => `${name}: ${name === 'type' ? value : JSON.stringify(value)}`,
  );
  return `${found.field}(${given.join(', ')})`;
}

const nodeText = (id: string) => `node(id: ${JSON.stringify(id)})`;

type Answered = { readonly data: Readonly<Record<string, unknown>>; readonly errors?: readonly unknown[] };

const withoutId = (text: string) => text.replace(/"correlationId":"[^"]+"/, '');

test('meets records of most kinds', () => {
  expect(new Set(ids.map(typeOf)).size).toBeGreaterThan(40);
});

describe.each(readers)('for $as', (who) => {
  test('answers node as the look-up of its type, byte for byte', async () => {
    for (let at = 0; at < ids.length; at += 10) {
      const some = ids.slice(at, at + 10);
      const of = (root: (id: string) => string, type: (id: string) => string) =>
        some
          .map(
            (id, index) =>
              `r${index}: ${root(id)} { ${type(id)} { __typename ${plainFieldsOf(typeOf(id))} } }`,
          )
          .join(' ');
      const looked = await ask(standing(), who, `{ ${of(lookupText, () => '...')} }`);
      const noded = await ask(standing(), who, `{ ${of(nodeText, (id) => `... on ${typeOf(id)}`)} }`);
      expect([noded.status, withoutId(noded.text)]).toEqual([looked.status, withoutId(looked.text)]);
    }
  });

  test('answers nodes as each node alone, in the order of the ids', async () => {
    for (let at = 0; at < ids.length; at += 40) {
      const some = [...ids.slice(at, at + 40), 'Nothing:1', ids[at] ?? ''];
      const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }';
      const { status, body } = await ask(standing(), who, query, { ids: some });
      const single = some.map((id, index) => `r${index}: node(id: ${JSON.stringify(id)}) { __typename id }`);
      const alone = await ask(standing(), who, `{ ${single.join(' ')} }`);
      expect(status).toBe(alone.status);
      const expected = alone.body as Answered;
      expect((body as Answered).data['nodes']).toEqual(Object.values(expected.data));
      // Errors have the place in the list instead of the alias.
      const places = (body.errors ?? []).map((error: { path: [string, number] }) => [
        `r${error.path[1]}`,
        ...error.path.slice(2),
      ]);
      const own = (alone.body.errors ?? []).map((error: { path: readonly string[] }) => error.path);
      expect(places.toSorted()).toEqual(own.toSorted());
      expect(body.extensions.holds).toEqual(alone.body.extensions.holds);
    }
  });
});

test('refuses to an auditor what the look-up refuses, at the place of the id', async () => {
  const auditor = { as: 'policy-auditor', picture };
  const query = `query ($ids: [ID!]!) { nodes(ids: $ids) { id } }`;
  const { status, body } = await ask(standing(), auditor, query, {
    ids: ['Organisation:cert-eu', 'Advisory:1'],
  });
  expect([status, body.data.nodes]).toEqual([200, [{ id: 'Organisation:cert-eu' }, null]]);
  expect(body.errors).toEqual([
    expect.objectContaining({
      path: ['nodes', 1],
      extensions: expect.objectContaining({ code: 'REFUSED', coordinates: ['Query.advisory'] }),
    }),
  ]);
});

test('shows the interface to each kind of reader on those types that it may look up', async () => {
  const query = '{ __type(name: "Node") { possibleTypes { name } } }';
  const of = async (who: As) => {
    const { body } = await ask(standing(), who, query);
    return (body.data.__type?.possibleTypes ?? []).map(({ name }: { readonly name: string }) => name);
  };
  expect(await of({ as: 'policy-auditor', picture })).not.toContain('Advisory');
  expect(await of({ as: 'policy-auditor', picture })).toContain('Organisation');
  expect(await of({ as: 'cert-eu-analyst', picture, purpose: 'incident-response' })).toContain('Advisory');
});

test('answers the schema and nodes in one operation', async () => {
  const query =
    '{ a: node(id: "Organisation:cert-eu") { id } __schema { queryType { name } } b: nodes(ids: ["MemberState:FR"]) { id } __typename }';
  const { body } = await ask(standing(), { as: 'policy-auditor', picture }, query);
  expect([body.errors, JSON.stringify(body.data)]).toEqual([
    undefined,
    '{"a":{"id":"Organisation:cert-eu"},"__schema":{"queryType":{"name":"Query"}},"b":[{"id":"MemberState:FR"}],"__typename":"Query"}',
  ]);
});

test('refuses more than 50 ids before anything is read', async () => {
  const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }';
  const who = { as: 'policy-auditor', picture };
  const codeOf = async (count: number) => {
    const { status, body } = await ask(standing(), who, query, {
      ids: Array(count).fill('Organisation:cert-eu'),
    });
    return [status, body.errors?.[0]?.extensions?.code];
  };
  expect(await codeOf(50)).toEqual([200, undefined]);
  expect(await codeOf(51)).toEqual([400, 'BAD_USER_INPUT']);
  expect(await codeOf(101)).toEqual([400, 'OPERATION_TOO_LARGE']);
});
