import { expect, test } from '@jest/globals';
import { buildSchema, type ExecutionResult, graphql, type GraphQLSchema, parse, subscribe } from 'graphql';
import { createRequire } from 'node:module';
import { parts } from '../../../../docker/trial/parts.ts';
import { HubError } from '../../../../schema/errors.ts';
import { policyOfTexts, readPolicy, readPolicyTexts } from '../../../../schema/policy/decide/load.ts';
import type { Policy } from '../../../../schema/policy/decide/policy.ts';
import { communities } from '../../../../schema/record/vocabulary.ts';
import { subgraphSdl } from '../../../../schema/sources.ts';
import type { CommunityPart } from '../../../../subgraphs/serve/graph/community.ts';
import type { Context } from '../../../../subgraphs/serve/graph/context.ts';
import { hubErrorOf } from '../../../../subgraphs/serve/read/connection.ts';
import { buildCommunitySchema } from '../../../../subgraphs/serve/graph/schema.ts';
import {
  findOptionFaults,
  rootFieldRules,
  findShieldFaults,
  shieldRootFields,
} from '../../../../subgraphs/serve/graph/shield.ts';
import { community as certEu } from '../../../../subgraphs/cert-eu/community.ts';
import { readerOf } from '../../../helpers/records.ts';

const shieldLibrary = createRequire(import.meta.url)('graphql-shield');
const now = new Date('2026-11-24T12:00:00Z');

const moreSdl = `${subgraphSdl('cert-eu')}
  extend type Mutation { correctAdvisory(id: ID!): Int  forgotten: Int }
  extend type Subscription { advisoryChanges(filter: AdvisoryFilter): Int }`;
const moreRules = `
format: jcu-policy-rules/1
owner: cert-eu
rules:
  - id: CERT01
    effect: permit
    who: [operators]
    being: anyone
    may: [subscribe]
    kinds: [Advisory]
    groups: [content]
    because: Operators may subscribe to changes, in this test only.
    source: a test
`;
/** Coordinates that follow the mutations of the policy's file. */
const moreCoordinates = `
      Advisory.content!mark-up: [correctAdvisory(id)]
      Advisory.content!administer: [forgotten]
`;
const subscriptions = '  Subscription:\n    nature: door\n    fields:\n';

function policyWith(coordinates: string): Policy {
  const texts = readPolicyTexts();
  const own = `${(texts['coordinates.yaml'] ?? '').trimEnd()}${coordinates}`;
  const withStream = `${subscriptions}      Advisory.content!subscribe: [advisoryChanges(filter)]\n`;
  return policyOfTexts({
    ...texts,
    'coordinates.yaml': own.replace(subscriptions, withStream),
    'cert-eu.yaml': moreRules,
  });
}

/** CERT-EU with two more mutations and a subscription, which record that they are reached. */
function withMoreRootFields(reached: string[]): Pick<CommunityPart, 'name' | 'resolvers'> {
  async function* changes() {
    reached.push('stream');
    yield await Promise.resolve(1);
    yield 2;
  }
  const more = {
    Mutation: { correctAdvisory: () => reached.push('mutation'), forgotten: () => reached.push('forgotten') },
    Subscription: {
      advisoryChanges: { subscribe: changes, resolve: (event: number) => (reached.push('event'), event) },
    },
  };
  return { name: 'cert-eu', resolvers: { ...certEu.resolvers, ...more } as never };
}

function contextOf(policy: Policy, ...roles: readonly string[]): Context {
  const reader = readerOf({ roles, organisation: 'cert-eu' });
  return { reader, readerAccess: policy.accessOf(reader, now) } as unknown as Context;
}

function codesOf({ errors }: Pick<ExecutionResult, 'errors'>): readonly (string | undefined)[] {
  return (errors ?? []).map((error) => hubErrorOf(error)?.code);
}

async function collect(schema: GraphQLSchema, contextValue: Context): Promise<readonly ExecutionResult[]> {
  const document = parse('subscription { advisoryChanges }');
  const stream = await subscribe({ schema, document, contextValue });
  if (!(Symbol.asyncIterator in stream)) return [stream];
  return await Array.fromAsync(stream);
}

test.each(communities)('builds the schema of %s under the policy of the repository', (name) => {
  expect(() => buildCommunitySchema(parts[name], readPolicy())).not.toThrow();
});

test('does not start with a mutation or a subscription without a group', () => {
  expect(() => buildCommunitySchema(withMoreRootFields([]), readPolicy(), moreSdl)).toThrow(
    /Subscription\.advisoryChanges: no group in coordinates[^]*Mutation\.correctAdvisory: no group in coordinates/,
  );
});

test('refuses a mutation to a reader without the right to its action', async () => {
  const policy = policyWith(moreCoordinates);
  const reached: string[] = [];
  const schema = buildCommunitySchema(withMoreRootFields(reached), policy, moreSdl);
  const source = 'mutation { correctAdvisory(id: "a") }';
  const refused = await graphql({ schema, source, contextValue: contextOf(policy, 'policy-auditor') });
  expect([refused.data, codesOf(refused), reached]).toEqual([{ correctAdvisory: null }, ['REFUSED'], []]);
  const allowed = await graphql({ schema, source, contextValue: contextOf(policy, 'cert-eu-analyst') });
  expect([allowed.data, reached]).toEqual([{ correctAdvisory: 1 }, ['mutation']]);
});

test('refuses a mutation to a reader who may only read', async () => {
  const policy = policyWith(moreCoordinates);
  const reached: string[] = [];
  const schema = buildCommunitySchema(withMoreRootFields(reached), policy, moreSdl);
  const analyst = await graphql({
    schema,
    source: 'mutation { forgotten }',
    contextValue: contextOf(policy, 'cert-eu-analyst'),
  });
  expect([codesOf(analyst), reached]).toEqual([['REFUSED'], []]);
});

test('refuses a subscription before its stream starts', async () => {
  const policy = policyWith(moreCoordinates);
  const reached: string[] = [];
  const schema = buildCommunitySchema(withMoreRootFields(reached), policy, moreSdl);
  const refused = await collect(schema, contextOf(policy, 'policy-auditor'));
  expect([refused.map(codesOf), reached]).toEqual([[['REFUSED']], []]);
  const allowed = await collect(schema, contextOf(policy, 'community-operator'));
  expect(allowed.map(({ data }) => data?.['advisoryChanges'])).toEqual([1, 2]);
  expect(reached).toEqual(['stream', 'event', 'event']);
});

test('sends no further event to a reader who loses the right to subscribe', async () => {
  const policy = policyWith(moreCoordinates);
  const reached: string[] = [];
  const schema = buildCommunitySchema(withMoreRootFields(reached), policy, moreSdl);
  const context = contextOf(policy, 'community-operator');
  const asked = { ...context, readerAccess: { mayUse: () => reached.length < 2 } } as unknown as Context;
  const given = await collect(schema, asked);
  expect(given.map(({ data }) => data?.['advisoryChanges'])).toEqual([1, null]);
  expect(reached).toEqual(['stream', 'event']);
});

test('refuses queries, mutations and subscriptions when a rule throws, without its message', async () => {
  const policy = policyWith(moreCoordinates);
  const reached: string[] = [];
  const schema = buildCommunitySchema(withMoreRootFields(reached), policy, moreSdl);
  const broken = {
    ...contextOf(policy, 'community-operator'),
    get readerAccess(): never {
      throw new Error('secret');
    },
  };
  const asked = async (source: string) => await graphql({ schema, source, contextValue: broken });
  const answers = [
    await asked('{ advisories { nodes { id } } }'),
    await asked('mutation { correctAdvisory(id: "a") }'),
    ...(await collect(schema, broken)),
  ];
  expect(answers.map(codesOf)).toEqual([['REFUSED'], ['REFUSED'], ['REFUSED']]);
  expect(JSON.stringify(answers)).not.toContain('secret');
  expect(reached).toEqual([]);
});

test('refuses a filter by a field to a reader who may not search by it', async () => {
  const policy = policyWith(moreCoordinates);
  const schema = buildCommunitySchema(certEu, policy);
  const asked: string[] = [];
  const readerAccess = {
    mayUse: (type: string, field: string) => {
      asked.push(`${type}.${field}`);
      return `${type}.${field}` !== 'AdvisoryFilter.serial';
    },
  };
  const loaders = { list: () => Promise.resolve(null) };
  const contextValue = { ...contextOf(policy), readerAccess, loaders };
  const by = async (filter: string) =>
    codesOf(
      await graphql({ schema, source: `{ advisories(filter: ${filter}) { nodes { id } } }`, contextValue }),
    );
  expect(await by('{ serial: "2099-1" }')).toEqual(['REFUSED']);
  expect(await by('{ exploitedInTheWild: YES }')).toEqual([]);
  expect(await by('{ serial: null }')).toEqual([]);
  expect(asked).toContain('AdvisoryFilter.exploitedInTheWild');
  expect(policy.coordinates.placeOf('AdvisoryFilter', 'serial')?.action).toBe('search');
});

test('requires the right to search for every field that a list is filtered by', () => {
  const { coordinates } = readPolicy();
  for (const kind of Object.values(parts).flatMap(({ kinds }) => kinds)) {
    const searched = Object.keys(kind.filters).map((name) => [
      name,
      coordinates.placeOf(`${kind.type}Filter`, name)?.action,
    ]);
    expect(searched).toEqual(Object.keys(kind.filters).map((name) => [name, 'search']));
  }
});

const small = buildSchema('type Query { one: Int  two: Int } type Mutation { three: Int }');

test('does not start with shield rules that graphql-shield accepts silently', () => {
  const complete = rootFieldRules(small);
  expect(findShieldFaults(small, complete)).toEqual([]);
  const { rule, not, allow } = shieldLibrary;
  const made = rule('Query.one', { cache: 'no_cache' })(() => true);
  const cached = rule('Query.one', { cache: 'contextual' })(() => true);
  const faultsOf = (one: unknown, two: unknown = complete['Query']?.['two']) =>
    findShieldFaults(small, { ...complete, Query: { one, two } });
  expect(faultsOf(undefined)).toEqual(['Query.one: no rule guards this root field']);
  expect(faultsOf(null)).toEqual(['Query.one: expected a rule of graphql-shield']);
  expect(faultsOf({})).toEqual(['Query.one: expected a rule of graphql-shield']);
  expect(faultsOf(() => true)).toEqual(['Query.one: expected a rule of graphql-shield']);
  expect(faultsOf(not(made))).toEqual(['Query.one: expected a rule of graphql-shield']);
  expect(faultsOf(allow)).toEqual(['Query.one: expected a rule of graphql-shield']);
  expect(faultsOf(made, made)).toEqual(['Query.two: another root field has a rule named Query.one']);
  expect(
    faultsOf(
      made,
      rule('Query.one', { cache: 'no_cache' })(() => false),
    ),
  ).toEqual(['Query.two: another root field has a rule named Query.one']);
  expect(faultsOf(cached)).toEqual(['Query.one: the rule of a root field must not be cached']);
  expect(findShieldFaults(small, { Query: complete['Query'] ?? {} })).toEqual([
    'Mutation.three: no rule guards this root field',
  ]);
  expect(() => shieldRootFields(small, {})).toThrow('the shield is incomplete:\n  Query.one: no rule guards');
});

test.each([
  ['a function', () => ({ three: 3 }), 'a function'],
  ['null', null, 'null'],
  ['missing', undefined, 'undefined'],
  ['a text', 'no', 'a string'],
  ['an error without a code', new Error('no'), 'another error'],
  ['another code', new HubError('INTERNAL'), 'another error'],
])('does not start with a fallbackError that is %s', (_case, fallbackError, got) => {
  const { deny } = shieldLibrary;
  const options = { fallbackRule: deny, fallbackError, allowExternalErrors: true };
  const fault = `fallbackError: expected the error REFUSED, got ${got}`;
  expect(findOptionFaults(options)).toEqual([fault]);
  expect(() => shieldRootFields(small, rootFieldRules(small), options)).toThrow(fault);
});

test('does not start with another fallback rule or in debug mode', () => {
  const { allow, deny } = shieldLibrary;
  const fallbackError = new HubError('REFUSED');
  expect(findOptionFaults({ fallbackRule: allow, fallbackError })).toEqual([
    'fallbackRule: expected `deny` of graphql-shield',
  ]);
  expect(findOptionFaults({ fallbackRule: deny, fallbackError, debug: true })).toEqual([
    'debug: expected false',
  ]);
});

test('does not start with a subscription that has no stream', () => {
  const schema = buildSchema('type Query { one: Int } type Subscription { changes: Int }');
  expect(findShieldFaults(schema, rootFieldRules(schema))).toEqual([
    'Subscription.changes: this subscription has no stream',
  ]);
});

test('does not start with an entity reference that the policy does not decide', () => {
  const undecided = { ...certEu.resolvers, Advisory: { __resolveReference: (one: never) => one } };
  expect(() => buildCommunitySchema({ name: 'cert-eu', resolvers: undecided }, readPolicy())).toThrow(
    'Advisory: its __resolveReference is not decided by the policy: make the resolvers with recordOf',
  );
  const { Sighting: _left, ...without } = certEu.resolvers;
  expect(() => buildCommunitySchema({ name: 'cert-eu', resolvers: without }, readPolicy())).toThrow(
    'Sighting: its __resolveReference is not decided',
  );
  const own = { ...certEu.resolvers, Vulnerability: { __resolveReference: (one: never) => one } };
  expect(() => buildCommunitySchema({ name: 'cert-eu', resolvers: own }, readPolicy())).toThrow(
    'Vulnerability: a shared type must not have its own __resolveReference',
  );
});
