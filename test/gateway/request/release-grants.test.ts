import { expect, test } from '@jest/globals';
import { buildSchema, parse } from 'graphql';
import type { GrantEntry } from '../../../gateway/registry/grants.ts';
import { dropRefused, enterGrants, isMade } from '../../../gateway/request/release-grants.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { grantIdOf } from '../../../schema/record/release.ts';

const schema = buildSchema(`
  type Query { a: Int }
  type Mutation {
    release(input: ReleaseRecordInput!): Int
    emergency(input: ReleaseRecordInEmergencyInput!): Int
    mark(input: MarkInput!): Int
    propose(input: ProposeReleaseInput!): Int
  }
  input ReleaseRecordInEmergencyInput { id: ID! key: ID! to: ID! person: ID until: String! }
  input ProposeReleaseInput { id: ID! key: ID! to: ID! person: ID until: String! }
  input MarkInput { id: ID! key: ID! to: ID until: String }
  input ReleaseRecordInput { id: ID! key: ID! to: ID! until: String! }`);

const now = new Date('2026-11-03T10:00:00Z');
const until = '2026-12-01T00:00:00Z';
const terms = { by: 'defence', to: 'csirt-pl', until: new Date(until) };

const officer = {
  organisation: 'defence',
  client: 'person',
  onScreen: true,
  roles: ['duty-officer'],
} as const;

async function entered(
  text: string,
  isKept = true,
  more: Partial<Reader> = {},
  variables: object = {},
): Promise<readonly GrantEntry[]> {
  const kept: GrantEntry[] = [];
  const registry = {
    keepGrants: async (entries: readonly GrantEntry[]) => {
      kept.push(...entries);
      return await Promise.resolve(isKept);
    },
  };
  const reader = { ...officer, ...more };
  await enterGrants(parse(text), { until, ...variables }, schema, { registry, reader, now });
  return kept;
}

const releaseOf = (more: string) =>
  `mutation M($until: String!) { release(input: { id: "X:1", key: "k", ${more} }) }`;

test('enters the grant of a release for the organisation of the reader, until its end', async () => {
  const { by, to } = terms;
  const grant = { _id: grantIdOf(terms), by, to, until: new Date(until) };
  expect(await entered(releaseOf('to: "csirt-pl", until: $until'))).toEqual([grant]);
  expect(await entered(releaseOf('to: "Organisation:csirt-pl", until: $until'))).toEqual([grant]);
});

test('gives a grant with other terms another id, so that none has the end of another', () => {
  const others = [{ by: 'enisa' }, { to: 'csirt-fr' }, { until: new Date('2026-12-02T00:00:00Z') }];
  const ids = [{}, ...others].map((one) => grantIdOf({ ...terms, ...one }));
  expect(new Set(ids).size).toBe(ids.length);
});

const emergencyOf = (more: string) =>
  `mutation M($until: String) { emergency(input: { id: "X:1", key: "k", to: "csirt-pl", ${more} }) }`;

test('enters the grant of an emergency release for one person, for at most 24 hours', async () => {
  const soon = '2026-11-04T09:00:00Z';
  const { by, to } = terms;
  const grant = { by, to, until: new Date(soon) };
  for (const person of [null, 'u-1']) {
    const more = person === null ? '' : `person: "${person}", `;
    const _id = grantIdOf({ ...grant, emergency: { person } });
    expect(await entered(emergencyOf(`${more}until: "${soon}"`))).toEqual([{ ...grant, _id, person }]);
  }
  expect(await entered(emergencyOf('until: "2026-11-05T09:00:00Z"'))).toEqual([]);
});

test('enters nothing for a reader whose release the community refuses, so that it takes no place', async () => {
  const emergency = emergencyOf('until: "2026-11-04T09:00:00Z"');
  const others = [{ roles: ['community-operator'] }, { onScreen: false }];
  for (const more of others) expect(await entered(emergency, true, more)).toEqual([]);
  const ordinary = releaseOf('to: "csirt-pl", until: $until');
  expect(await entered(ordinary, true, { client: 'machine', onScreen: false })).toEqual([]);
  for (const more of others) expect(await entered(ordinary, true, more)).toHaveLength(1);
});

const proposalOf = (more: string) =>
  `mutation M($until: String!) { propose(input: { id: "X:1", key: "k", to: "csirt-pl", ${more} }) }`;

test('enters the grant of a proposed release, for one person or an organisation', async () => {
  const { by, to } = terms;
  const grant = { by, to, until: new Date(until) };
  for (const person of [null, 'u-1']) {
    const more = person === null ? '' : `person: "${person}", `;
    const _id = grantIdOf({ ...grant, proposal: { person } });
    expect(_id).toMatch(/^confirmed\./);
    const text = proposalOf(`${more}until: $until`);
    // Its place ends with the proposal, a minute after the seven days.
    const lapsesAt = new Date('2026-11-10T10:01:00Z');
    expect(await entered(text)).toEqual([{ ...grant, _id, person, lapsesAt }]);
    expect(await entered(text, true, { client: 'machine', onScreen: false })).toEqual([]);
    await expect(entered(text, false)).rejects.toMatchObject({ code: 'TOO_MANY_GRANTS' });
  }
  expect(await entered(proposalOf('until: "9999-01-01T00:00:00Z"'))).toEqual([]);
  const ids = [{}, { proposal: { person: null } }, { proposal: { person: 'u-1' } }].map((of) =>
    grantIdOf({ ...terms, ...of }),
  );
  expect(new Set(ids).size).toBe(3);
});

test('gives an emergency release another grant than a release with the same terms', () => {
  const ids = [undefined, { person: null }, { person: 'u-1' }].map((emergency) =>
    grantIdOf({ ...terms, emergency }),
  );
  expect(new Set(ids).size).toBe(3);
  expect(ids.map((id) => id.startsWith('emergency.'))).toEqual([false, true, true]);
});

test.each([
  ['a malformed organisation', releaseOf('to: "Not An Id", until: $until')],
  ['a malformed end', releaseOf('to: "csirt-pl", until: "soon"')],
  ['an end in the far future', releaseOf('to: "csirt-pl", until: "9999-01-01T00:00:00Z"')],
  ['an end that has passed', releaseOf('to: "csirt-pl", until: "2026-11-03T10:00:00Z"')],
  [
    'another change',
    'mutation M($until: String!) { mark(input: { id: "X:1", key: "k", to: "csirt-pl", until: $until }) }',
  ],
])('enters nothing for %s', async (_what, text) => {
  expect(await entered(text)).toEqual([]);
});

test('enters nothing for a release that @skip or @include leaves out, also in fragments', async () => {
  const field = 'release(input: { id: "X:1", key: "k", to: "csirt-pl", until: $until })';
  const leftOut = [
    `mutation M($until: String!) { ${field} @skip(if: true) }`,
    `mutation M($until: String!, $no: Boolean = false) { ${field} @include(if: $no) }`,
    `mutation M($until: String!) { ... @skip(if: true) { ${field} } }`,
    `mutation M($until: String!) { ...F @include(if: false) } fragment F on Mutation { ${field} }`,
    `mutation M($until: String!) { ...F } fragment F on Mutation { ...G @skip(if: true) } fragment G on Mutation { ${field} }`,
  ];
  for (const text of leftOut)
    expect([text, await entered(text, true, {}, { no: false })]).toEqual([text, []]);
  const executed = [
    `mutation M($until: String!) { ${field} @skip(if: false) @include(if: true) }`,
    `mutation M($until: String!) { ...F @skip(if: true) ...F } fragment F on Mutation { ${field} }`,
    `mutation M($until: String!) { ...G } fragment F on Mutation { ${field} } fragment G on Mutation { ... { ...F } }`,
  ];
  for (const text of executed) expect([text, (await entered(text)).length]).toEqual([text, 1]);
});

test('refuses a release while the organisation has too many grants', async () => {
  await expect(entered(releaseOf('to: "csirt-pl", until: $until'), false)).rejects.toMatchObject({
    code: 'TOO_MANY_GRANTS',
  });
});

const away = async () => await Promise.reject(new Error('EXERCISE'));

test.each<[string, Readonly<Record<string, unknown>> | null, boolean]>([
  ['a refused release', { release: { version: null, userErrors: [{ code: 'STALE_VERSION' }] } }, true],
  ['a refused release, without its reasons', { release: { version: null } }, true],
  ['a release', { release: { version: 2, userErrors: [] } }, false],
  ['one of two that are refused', { a: { version: null }, b: { version: 2 } }, false],
  ['an answer that selects neither', { release: { __typename: 'RecordPayload' } }, false],
  ['an unknown outcome', { release: null }, false],
  ['no answer', null, false],
])('takes the grant of %s back only if it was refused', async (_what, data, isDropped) => {
  const dropped: string[] = [];
  const dropGrants = async (ids: readonly string[]) => void dropped.push(...(await Promise.resolve(ids)));
  await dropRefused(['g-1'], data, { dropGrants });
  expect(dropped).toEqual(isDropped ? ['g-1'] : []);
  await dropRefused(['g-1'], data, { dropGrants: away });
});

test.each<[string, Readonly<Record<string, unknown>> | null, boolean]>([
  ['a change', { end: { version: 2, userErrors: [] } }, true],
  ['a refused change', { end: { version: null, userErrors: [{ code: 'CLOSED' }] } }, false],
  ['two changes of which one is refused', { a: { version: 2 }, b: { version: null } }, false],
  ['an answer that does not select the version', { end: { userErrors: [] } }, false],
  ['an unknown outcome', { end: null }, false],
  ['no answer', null, false],
])('knows that %s was made only if the answer says so', (_what, data, made) => {
  expect(isMade(data)).toBe(made);
});
