import { expect, test } from '@jest/globals';
import { buildSchema, parse } from 'graphql';
import { pino } from 'pino';
import { checkRecipients } from '../../../gateway/request/recipient-check.ts';
import { toGraphQLError } from '../../../gateway/request/errors.ts';
import { toConstant } from '../../../gateway/http/constant-errors.ts';
import type { Recipients } from '../../../gateway/registry/registry.ts';

const schema = buildSchema(`
  type Query { a: Int }
  type Mutation { mark(input: MarkInput!): Int ask(input: AskInput!): Int share(input: ShareRecordInput!): Int
    release(input: ReleaseRecordInput!): Int emergency(input: ReleaseRecordInEmergencyInput!): Int
    propose(input: ProposeReleaseInput!): Int }
  input ProposeReleaseInput { to: ID! person: ID }
  input ReleaseRecordInEmergencyInput { to: ID! person: ID }
  input ShareRecordInput { share: ID! }
  input ReleaseRecordInput { to: ID! }
  input AskInput { addressees: [ID!] recipients: [ID!] contactPoints: [ID!] relevantCsirts: [ID!] }
  input MarkInput { reading: ReadingInput! }
  input ReadingInput { audience: AudienceInput portions: [PortionInput!] }
  input PortionInput { path: String! audience: AudienceInput }
  input AudienceInput {
    organisations: [ID!] persons: [String!] sharingGroups: [String!] agreements: [String!]
  }`);

const known: Recipients = {
  organisations: ['cert-eu', 'csirt-pl'],
  sharingGroups: ['ransomware'],
  persons: ['u-1'],
  agreements: ['a-1'],
};
const registry = {
  findRecipients: async () => await Promise.resolve(known),
  findMembersOf: async (organisation: string, subjects: readonly string[]) =>
    await Promise.resolve(organisation === 'cert-eu' ? subjects.filter((one) => one === 'u-1') : []),
  findShares: async (ids: readonly string[], by: string) =>
    await Promise.resolve(by === 'csirt-fr' ? ids.filter((id) => id === 'S1') : []),
};

const officer = { organisation: 'csirt-fr', onScreen: true, roles: ['duty-officer'] };

async function check(
  text: string,
  variables: Readonly<Record<string, unknown>> = {},
  reader = officer,
): Promise<void> {
  await checkRecipients(parse(text), variables, schema, { registry, reader, now: new Date() });
}

const unknown = /the registry does not have audience\.organisations: nobody$/;
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
  ['the addressees of a move', 'mutation { ask(input: { addressees: ["cert-eu", "nobody"] }) }', {}],
])('refuses an unknown organisation in %s, and names it', async (_where, text, variables) => {
  await expect(check(text, variables)).rejects.toThrow(unknown);
});

test('refuses an unknown organisation of a release, and names it', async () => {
  await expect(check('mutation { release(input: { to: "nobody" }) }')).rejects.toThrow(/have to: nobody$/);
  await expect(check('mutation { release(input: { to: "cert-eu" }) }')).resolves.toBeUndefined();
});

test('accepts organisations of the registry, and leaves malformed ids to the community', async () => {
  const reading = { audience: { ...known, organisations: ['cert-eu', 'Not An Id'] } };
  const marked = 'mutation M($input: MarkInput!) { mark(input: $input) }';
  await expect(check(marked, { input: { reading } })).resolves.toBeUndefined();
  await expect(check(marked, { input: { reading: {} } })).resolves.toBeUndefined();
});

test.each(['sharingGroups', 'persons', 'agreements'] as const)(
  'refuses an unknown name in %s, and tells the client which',
  async (list) => {
    const input = { reading: { audience: { [list]: [...known[list], 'nobody'] } } };
    const error = await check('mutation M($input: MarkInput!) { mark(input: $input) }', { input }).catch(
      (reason: unknown) => reason,
    );
    expect(toConstant(toGraphQLError(error, pino({ level: 'silent' })).toJSON())).toEqual({
      message: expect.stringMatching(/so nothing was changed/),
      extensions: { code: 'UNKNOWN_RECIPIENT', unknown: [`audience.${list}: nobody`] },
    });
  },
);

test('limits the unknown names in an error in number and length', async () => {
  const persons = Array.from({ length: 20 }, (_, at) => `${at}${'x'.repeat(500)}`);
  const input = { reading: { audience: { persons } } };
  const error = await check('mutation M($input: MarkInput!) { mark(input: $input) }', { input }).catch(
    (reason: unknown) => reason,
  );
  const { unknown: named } = toGraphQLError(error, pino({ level: 'silent' })).extensions;
  expect(named).toHaveLength(10);
  expect((named as string[]).every((one) => one.length <= 220)).toBe(true);
});

test.each(['addressees', 'recipients', 'contactPoints', 'relevantCsirts'])(
  'refuses an unknown organisation in the %s of a move',
  async (name) => {
    await expect(check(`mutation { ask(input: { ${name}: ["cert-eu", "nobody"] }) }`)).rejects.toThrow(
      unknown,
    );
  },
);

const share = async (id: string) => await check(`mutation { share(input: { share: "${id}" }) }`);

test('refuses an onward share that the organisation does not have, so that nobody can get it later', async () => {
  await expect(share('S1')).resolves.toBeUndefined();
  await expect(share('S2')).rejects.toThrow('the registry does not have share: S2');
});

const emergency = async (to: string, person: string, reader = officer) =>
  await check(`mutation { emergency(input: { to: "${to}", person: "${person}" }) }`, {}, reader);

test('refuses an emergency release to an unknown organisation or person', async () => {
  await expect(emergency('Organisation:cert-eu', 'u-1')).resolves.toBeUndefined();
  await expect(emergency('nobody', 'u-1')).rejects.toThrow('the registry does not have to: nobody');
  await expect(emergency('cert-eu', 'u-2')).rejects.toThrow('the registry does not have person: u-2');
  // The person is of another organisation.
  await expect(emergency('csirt-pl', 'u-1')).rejects.toThrow('the registry does not have person: u-1');
});

const propose = async (to: string) =>
  await check(`mutation { propose(input: { to: "${to}", person: "u-2" }) }`);

test('refuses a proposed release to an unknown organisation, and says nothing of the person', async () => {
  await expect(propose('nobody')).rejects.toThrow('the registry does not have to: nobody');
  await expect(propose('cert-eu')).resolves.toBeUndefined();
});

test('tells nobody but an officer on duty whether a person is a member of an organisation', async () => {
  for (const reader of [
    { ...officer, onScreen: false },
    { ...officer, roles: ['csirt-analyst'] },
  ])
    await expect(emergency('cert-eu', 'u-2', reader)).resolves.toBeUndefined();
});
