import { expect, test } from '@jest/globals';
import { buildSchema, parse } from 'graphql';
import { findMembers } from '../../../gateway/request/member-statement.ts';

const schema = buildSchema(`
  type Query { a: Int }
  type Mutation {
    proposeReleaseOfDefenceRecord(input: ProposeReleaseInput!): Int
    proposeReleaseOfCertEuRecord(input: ProposeReleaseInput!): Int
    other(input: ProposeReleaseInput!): Int
  }
  input ProposeReleaseInput { to: ID! person: ID }`);

const asked: string[] = [];
const registry = {
  findMembersOf: async (organisation: string, subjects: readonly string[]) => {
    asked.push(...subjects);
    return await Promise.resolve(organisation === 'csirt-pl' ? subjects.filter((one) => one !== 'u-9') : []);
  },
};

const found = async (fields: string, variables: Readonly<Record<string, unknown>> = {}) =>
  Object.fromEntries(
    await findMembers(parse(`mutation M($person: ID) { ${fields} }`), variables, schema, {
      registry,
      now: new Date('2026-11-03T10:00:00Z'),
    }),
  );
const propose = (community: string, to: string, person: string) =>
  `proposeReleaseOf${community}Record(input: { to: "${to}", person: ${person} })`;
const member = (subject: string) => ({ organisation: 'csirt-pl', subject });

test('states to each community the persons of its own proposals who are members', async () => {
  const one = propose('Defence', 'csirt-pl', '"u-1"');
  const other = propose('CertEu', 'Organisation:csirt-pl', '$person');
  expect(await found(`a: ${one} b: ${other}`, { person: 'u-2' })).toEqual({
    defence: [member('u-1')],
    'cert-eu': [member('u-2')],
  });
});

test.each([
  ['an unknown person', propose('Defence', 'csirt-pl', '"u-9"')],
  ['a person of another organisation', propose('Defence', 'csirt-fr', '"u-1"')],
  ['no person', propose('Defence', 'csirt-pl', 'null')],
  ['a malformed organisation', propose('Defence', 'Not An Id', '"u-1"')],
  ['a long name', propose('Defence', 'csirt-pl', `"${'u'.repeat(201)}"`)],
  ['another mutation', 'other(input: { to: "csirt-pl", person: "u-1" })'],
])('states nothing of %s', async (_what, field) => {
  expect(await found(field)).toEqual({});
});

test('looks up ten persons of an operation at most', async () => {
  asked.length = 0;
  const fields = Array.from(
    { length: 12 },
    (_, at) => `a${at}: ${propose('Defence', 'csirt-pl', `"u-${at}x"`)}`,
  );
  expect((await found(fields.join(' ')))['defence']).toHaveLength(10);
  expect(asked).toHaveLength(10);
});
