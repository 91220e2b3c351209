import { expect, test } from '@jest/globals';
import { buildSchema, type ExecutionResult, graphql, type GraphQLSchema, parse, subscribe } from 'graphql';
import { createRequire } from 'node:module';
import { parts } from '../../../../docker/trial/parts.ts';
import { policyOfTexts, readPolicy, readPolicyTexts } from '../../../../schema/policy/decide/load.ts';
import type { Policy } from '../../../../schema/policy/decide/policy.ts';
import { communities } from '../../../../schema/record/vocabulary.ts';
import { subgraphSdl } from '../../../../schema/sources.ts';
import type { CommunityPart } from '../../../../subgraphs/serve/graph/community.ts';
import type { Context } from '../../../../subgraphs/serve/graph/context.ts';
import { hubErrorOf } from '../../../../subgraphs/serve/read/connection.ts';
import { buildCommunitySchema } from '../../../../subgraphs/serve/graph/schema.ts';
import {
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
  type Subscription { advisoryChanges(filter: AdvisoryFilter): Int }`;
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
    because: Operators are told of changes, in this test alone.
    source: a test
`;
/** The doors that stand in the file already are the first of them. */
const doors = `
      Advisory.content!mark-up: [correctAdvisory(id)]
      Advisory.content!administer: [forgotten]
  Subscription: { nature: door, fields: { Advisory.content: [advisoryChanges(filter)] } }
`;

function policyWith(coordinates: string): Policy {
  const texts = readPolicyTexts();
  return policyOfTexts({
    ...texts,
    'coordinates.yaml': `${(texts['coordinates.yaml'] ?? '').trimEnd()}${coordinates}`,
    'cert-eu.yaml': moreRules,
  });
}

/** CERT-EU with a mutation and a subscription that tell when they are reached. */
function withDoors(reached: string[]): Pick<CommunityPart, 'name' | 'resolvers'> {
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

test.each(communities)('%s starts with the policy of the repository', (name) => {
  expect(() => buildCommunitySchema(parts[name], readPolicy())).not.toThrow();
});

test('a mutation and a subscription without a rule keep a subgraph from starting', () => {
  expect(() => buildCommunitySchema(withDoors([]), readPolicy(), moreSdl)).toThrow(
    /Mutation\.correctAdvisory: no rule names it[^]*Subscription\.advisoryChanges: no rule names it/,
  );
});

test('a mutation is for the kinds of reader that may do what it does, and for no others', async () => {
  const policy = policyWith(doors);
  const reached: string[] = [];
  const schema = buildCommunitySchema(withDoors(reached), policy, moreSdl);
  const source = 'mutation { correctAdvisory(id: "a") }';
  const refused = await graphql({ schema, source, contextValue: contextOf(policy, 'policy-auditor') });
  expect([refused.data, codesOf(refused), reached]).toEqual([{ correctAdvisory: null }, ['REFUSED'], []]);
  const allowed = await graphql({ schema, source, contextValue: contextOf(policy, 'cert-eu-analyst') });
  expect([allowed.data, reached]).toEqual([{ correctAdvisory: 1 }, ['mutation']]);
});

test('to read is not to change: the action of a mutation is what is asked for', async () => {
  const policy = policyWith(doors);
  const reached: string[] = [];
  const schema = buildCommunitySchema(withDoors(reached), policy, moreSdl);
  const analyst = await graphql({
    schema,
    source: 'mutation { forgotten }',
    contextValue: contextOf(policy, 'cert-eu-analyst'),
  });
  expect([codesOf(analyst), reached]).toEqual([['REFUSED'], []]);
});

test('a subscription is refused before its stream starts, not only at its events', async () => {
  const policy = policyWith(doors);
  const reached: string[] = [];
  const schema = buildCommunitySchema(withDoors(reached), policy, moreSdl);
  const refused = await collect(schema, contextOf(policy, 'cert-eu-analyst'));
  expect([refused.map(codesOf), reached]).toEqual([[['REFUSED']], []]);
  const allowed = await collect(schema, contextOf(policy, 'community-operator'));
  expect(allowed.map(({ data }) => data?.['advisoryChanges'])).toEqual([1, 2]);
  expect(reached).toEqual(['stream', 'event', 'event']);
});

test('whoever loses a subscription while it runs is given no further event', async () => {
  const policy = policyWith(doors);
  const reached: string[] = [];
  const schema = buildCommunitySchema(withDoors(reached), policy, moreSdl);
  const context = contextOf(policy, 'community-operator');
  const asked = { ...context, readerAccess: { mayUse: () => reached.length < 2 } } as unknown as Context;
  const given = await collect(schema, asked);
  expect(given.map(({ data }) => data?.['advisoryChanges'])).toEqual([1, null]);
  expect(reached).toEqual(['stream', 'event']);
});

test('a rule that throws refuses everybody, at each kind of door, and says nothing of why', async () => {
  const policy = policyWith(doors);
  const reached: string[] = [];
  const schema = buildCommunitySchema(withDoors(reached), policy, moreSdl);
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

test('a filter is for the kinds of reader that may search: to filter by a field is to find records by it', async () => {
  const policy = policyWith(doors);
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

test('every field that a list is filtered by needs the right to search', () => {
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

test('a shield that graphql-shield would take without a word is refused at start', () => {
  const whole = rootFieldRules(small);
  expect(findShieldFaults(small, whole)).toEqual([]);
  const { rule, not, allow } = shieldLibrary;
  const made = rule('Query.one', { cache: 'no_cache' })(() => true);
  const cached = rule('Query.one', { cache: 'contextual' })(() => true);
  const faultsOf = (one: unknown, two: unknown = whole['Query']?.['two']) =>
    findShieldFaults(small, { ...whole, Query: { one, two } });
  expect(faultsOf(undefined)).toEqual(['Query.one: no rule stands at this door']);
  expect(faultsOf(null)).toEqual(['Query.one: this is no rule']);
  expect(faultsOf({})).toEqual(['Query.one: this is no rule']);
  expect(faultsOf(() => true)).toEqual(['Query.one: this is no rule']);
  expect(faultsOf(not(made))).toEqual(['Query.one: this is no rule']);
  expect(faultsOf(allow)).toEqual(['Query.one: this is no rule']);
  expect(faultsOf(made, made)).toEqual(['Query.two: two rules are called Query.one']);
  expect(
    faultsOf(
      made,
      rule('Query.one', { cache: 'no_cache' })(() => false),
    ),
  ).toEqual(['Query.two: two rules are called Query.one']);
  expect(faultsOf(cached)).toEqual(['Query.one: a rule at a door may not be cached']);
  expect(findShieldFaults(small, { Query: whole['Query'] ?? {} })).toEqual([
    'Mutation.three: no rule stands at this door',
  ]);
  expect(() => shieldRootFields(small, {})).toThrow('the shield is not whole:\n  Query.one: no rule stands');
});

test('a subscription without a stream of its own is refused at start', () => {
  const schema = buildSchema('type Query { one: Int } type Subscription { changes: Int }');
  expect(findShieldFaults(schema, rootFieldRules(schema))).toEqual([
    'Subscription.changes: no stream stands behind it',
  ]);
});

test('a reference that nobody decides keeps a subgraph from starting', () => {
  const undecided = { ...certEu.resolvers, Advisory: { __resolveReference: (one: never) => one } };
  expect(() => buildCommunitySchema({ name: 'cert-eu', resolvers: undecided }, readPolicy())).toThrow(
    'Advisory: a reference to it would not be decided: make its resolvers with recordOf',
  );
  const { Sighting: _left, ...without } = certEu.resolvers;
  expect(() => buildCommunitySchema({ name: 'cert-eu', resolvers: without }, readPolicy())).toThrow(
    'Sighting: a reference to it would not be decided',
  );
  const own = { ...certEu.resolvers, Vulnerability: { __resolveReference: (one: never) => one } };
  expect(() => buildCommunitySchema({ name: 'cert-eu', resolvers: own }, readPolicy())).toThrow(
    'Vulnerability: what is shared has no reference of its own, only its key',
  );
});
