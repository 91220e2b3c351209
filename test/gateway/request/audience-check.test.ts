import { expect, test } from '@jest/globals';
import { buildSchema, parse } from 'graphql';
import { checkAudiences } from '../../../gateway/request/audience-check.ts';
import type { OrganisationEntry } from '../../../gateway/registry/registry.ts';

const schema = buildSchema(`
  type Query { a: Int }
  type Mutation { mark(input: MarkInput!): Int }
  input MarkInput { reading: ReadingInput! }
  input ReadingInput { audience: AudienceInput portions: [PortionInput!] }
  input PortionInput { path: String! audience: AudienceInput }
  input AudienceInput { organisations: [ID!] persons: [String!] }`);

const registry = {
  findOrganisations: async (ids: readonly string[]) =>
    await Promise.resolve(ids.filter((id) => id === 'cert-eu').map((_id) => ({ _id }) as OrganisationEntry)),
};

async function check(text: string, variables: Readonly<Record<string, unknown>> = {}): Promise<void> {
  await checkAudiences(parse(text), variables, schema, registry);
}

const unknown = /audience\.organisations: the registry has no organisation nobody$/;
const audience = { organisations: ['Organisation:cert-eu', 'nobody'] };

test.each([
  [
    'a literal',
    'mutation { mark(input: { reading: { audience: { organisations: ["cert-eu", "nobody"] } } }) }',
    {},
  ],
  [
    'a variable of a portion',
    'mutation M($input: MarkInput!) { mark(input: $input) }',
    { input: { reading: { portions: [{ path: 'a', audience }] } } },
  ],
  [
    'a variable inside of a literal, in a fragment',
    'mutation M($a: AudienceInput) { ...F } fragment F on Mutation { mark(input: { reading: { audience: $a } }) }',
    { a: audience },
  ],
])('refuses an unknown organisation in %s, and names it', async (_where, text, variables) => {
  await expect(check(text, variables)).rejects.toThrow(unknown);
});

test('accepts organisations of the registry, and leaves malformed ids to the community', async () => {
  const reading = { audience: { organisations: ['cert-eu', 'Not An Id'], persons: ['nobody'] } };
  const marked = 'mutation M($input: MarkInput!) { mark(input: $input) }';
  await expect(check(marked, { input: { reading } })).resolves.toBeUndefined();
  await expect(check(marked, { input: { reading: {} } })).resolves.toBeUndefined();
});
