import { expect, test } from '@jest/globals';
import type { Names } from '../../../gateway/registry/names.ts';
import type { OrganisationEntry } from '../../../gateway/registry/registry.ts';
import { readerOf } from '../../helpers/records.ts';
import { askHubSubgraph } from './ask-hub-subgraph.ts';

const reader = readerOf({ roles: ['csirt-analyst'] });

test('finds an indicator by its value alone, in any spelling', async () => {
  const query = `{ indicator(value: "hxxps://evil[.]example/x") { id type value } }`;
  expect((await askHubSubgraph(reader, query)).data?.['indicator']).toEqual({
    id: 'Indicator:URL:https://evil.example/x',
    type: 'URL',
    value: 'https://evil.example/x',
  });
});

test('refuses a value whose form says no type, unless its type is given', async () => {
  const refused = await askHubSubgraph(reader, '{ indicator(value: "lazarus") { id } }');
  expect([refused.data, refused.errorCodes]).toEqual([{ indicator: null }, ['INVALID_INDICATOR']]);
  const given = await askHubSubgraph(reader, '{ indicator(type: MUTEX, value: "lazarus") { id } }');
  expect(given.data).toEqual({ indicator: { id: 'Indicator:MUTEX:lazarus' } });
  const wrong = await askHubSubgraph(reader, '{ indicator(type: IPV4_ADDR, value: "lazarus") { id } }');
  expect([wrong.data, wrong.errorCodes]).toEqual([{ indicator: null }, ['INVALID_INDICATOR']]);
});

test('takes many values at once, and gives null in place of one that it cannot take', async () => {
  const query = '{ indicators(values: ["192.0.2.7", "lazarus", "evil.example"]) { id } }';
  const { data, errorCodes } = await askHubSubgraph(reader, query);
  const found = [{ id: 'Indicator:IPV4_ADDR:192.0.2.7' }, null, { id: 'Indicator:DOMAIN_NAME:evil.example' }];
  expect([data, errorCodes]).toEqual([{ indicators: found }, ['INVALID_INDICATOR']]);
});

const manyValues = (count: number) =>
  JSON.stringify(Array.from({ length: count }, (_, at) => `h${at}.example`));

const askMany = async (count: number) =>
  await askHubSubgraph(reader, `{ indicators(values: ${manyValues(count)}) { id } }`);

test('takes 200 values at most', async () => {
  expect((await askMany(200)).data?.['indicators']).toHaveLength(200);
  expect(await askMany(201)).toMatchObject({ data: { indicators: null }, errorCodes: ['BAD_USER_INPUT'] });
});

test('says whether the public table knows an actor', async () => {
  const names = {
    actorsNamed: (name: string) => [`ThreatActor:${name}`],
    actor: (key: string) => (key === 'ThreatActor:known' ? { name: 'Known', synonyms: [] } : null),
  } as unknown as Names;
  for (const name of ['known', 'unknown']) {
    const { data } = await askHubSubgraph(reader, `{ threatActor(name: "${name}") { isKnown } }`, { names });
    expect(data).toEqual({ threatActor: { isKnown: name === 'known' } });
  }
});

const organisation = (_id: string, name: string): OrganisationEntry => ({
  _id,
  name,
  kind: 'CSIRT',
  communities: [],
  memberState: null,
});
const registry = {
  listOrganisations: async () =>
    await Promise.resolve([
      organisation('cert-eu', 'CERT-EU'),
      organisation('csirt-ee', 'Riigi Infos\u00fcsteemi Amet'),
      organisation('csirt-fr', 'CSIRT FR (EXERCISE)'),
    ]),
};

test.each([
  ['ThreatActor:0B2B9C3A-0000-4000-8000-000000000001', 'ThreatActor:0b2b9c3a-0000-4000-8000-000000000001'],
  ['ThreatActor:name:APT 29', 'ThreatActor:name:apt29'],
])('takes the key %s of an actor in place of its name', async (name, id) => {
  const names = {
    actorsNamed: () => ['ThreatActor:other', 'ThreatActor:another'],
    actor: () => null,
  } as unknown as Names;
  const query = `{ threatActor(name: "${name}") { id } threatActors(name: "${name}") { id } }`;
  const { data, errorCodes } = await askHubSubgraph(reader, query, { names });
  expect([data, errorCodes]).toEqual([{ threatActor: { id }, threatActors: [{ id }] }, []]);
});

async function list(args: string): Promise<readonly [readonly string[], Readonly<Record<string, unknown>>]> {
  const query = `{ organisations${args} { nodes { id } pageInfo { hasNextPage endCursor } } }`;
  const { data, errorCodes } = await askHubSubgraph(reader, query, { registry });
  const page = data?.['organisations'] as
    | {
        readonly nodes: readonly { readonly id: string }[];
        readonly pageInfo: Readonly<Record<string, unknown>>;
      }
    | null
    | undefined;
  if (page === null || page === undefined) return [errorCodes, {}];
  return [page.nodes.map(({ id }) => id.slice(id.indexOf(':') + 1)), page.pageInfo];
}

test.each([
  ['', ['cert-eu', 'csirt-ee', 'csirt-fr']],
  ['(text: "csirt")', ['csirt-ee', 'csirt-fr']],
  ['(text: "infosust RIIGI")', ['csirt-ee']],
  ['(text: "fr exercise")', ['csirt-fr']],
  ['(text: "sirt")', []],
  ['(text: "csirt.*")', ['csirt-ee', 'csirt-fr']],
])('lists organisations%s by the beginnings of their words', async (args, ids) => {
  expect((await list(args))[0]).toEqual(ids);
});

test('lists organisations page by page, each once', async () => {
  const [first, { endCursor, hasNextPage }] = await list('(first: 2)');
  expect([first, hasNextPage]).toEqual([['cert-eu', 'csirt-ee'], true]);
  const [second, last] = await list(`(first: 2, after: "${String(endCursor)}")`);
  expect([second, last['hasNextPage']]).toEqual([['csirt-fr'], false]);
  expect(await list('(first: 0)')).toEqual([[], expect.objectContaining({ hasNextPage: true })]);
});

test('reads the registry once for an operation that lists organisations often', async () => {
  let reads = 0;
  const counted = {
    listOrganisations: async () => {
      reads += 1;
      return await registry.listOrganisations();
    },
  };
  const query = `{ ${Array.from({ length: 20 }, (_, at) => `a${at}: organisations { nodes { id } }`).join(' ')} }`;
  expect((await askHubSubgraph(reader, query, { registry: counted })).errorCodes).toEqual([]);
  expect(reads).toBe(1);
});

test.each([
  ['(first: 101)', 'BAD_USER_INPUT'],
  ['(after: "x")', 'BAD_CURSOR'],
  [`(text: "${'x'.repeat(201)}")`, 'BAD_USER_INPUT'],
])('refuses the list of organisations with %s', async (args, code) => {
  expect((await list(args))[0]).toEqual([code]);
});
