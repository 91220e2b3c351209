import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  buildSchema,
  getIntrospectionQuery,
  getNamedType,
  type GraphQLArgument,
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isInputObjectType,
  isObjectType,
  isRequiredArgument,
  parse,
  print,
  printSchema,
  validate,
  validateSchema,
} from 'graphql';
import { introspect } from '../../../gateway/introspection/introspect.ts';
import { boundIntrospection } from '../../../gateway/introspection/introspection-size.ts';
import { KindSchemas } from '../../../gateway/introspection/kinds.ts';
import { splitIntrospection } from '../../../gateway/introspection/split.ts';
import { schemaOfKind } from '../../../gateway/introspection/schema-of-kind.ts';
import { readPolicy } from '../../../schema/policy/decide/load.ts';
import { read } from '../../../schema/sources.ts';
import { readerOf } from '../../helpers/records.ts';

const published = buildSchema(read('published.graphql'));
const policy = readPolicy();

function kindOf(...roles: readonly string[]): GraphQLSchema {
  const readerAccess = policy.accessOf(readerOf({ roles }), new Date());
  return schemaOfKind(published, (type, field) => readerAccess.mayUse(type, field));
}

test('shows record types to an analyst, and none to an auditor', () => {
  const analyst = kindOf('csirt-analyst');
  const auditor = kindOf('policy-auditor');
  expect(analyst.getType('Advisory')).toBeDefined();
  for (const type of [
    'Advisory',
    'MispEvent',
    'Envelope',
    'Marking',
    'AdvisoryFilter',
    'Distribution',
    'AdvisoryConnection',
  ])
    expect(auditor.getType(type)).toBeUndefined();
  expect(Object.keys(auditor.getQueryType()?.getFields() ?? {})).toContain('vulnerability');
  expect(printSchema(auditor)).not.toMatch(/advisor|misp(?! taxonomy)/i);
});

const coordinates = Object.values(published.getTypeMap())
  .filter((type) => isObjectType(type) || isInputObjectType(type))
  .filter((type) => !type.name.startsWith('__'))
  .flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`));
const hiddenSome = fc
  .subarray(coordinates, { maxLength: 150 })
  .filter((all) => !all.includes('Query.memberStates'));

type Member = {
  readonly name: string;
  readonly type: GraphQLOutputType | GraphQLInputType;
  readonly args?: readonly GraphQLArgument[];
};

test('builds a valid schema with exactly the usable and reachable coordinates', () => {
  fc.assert(
    fc.property(hiddenSome, (all) => {
      const hidden = new Set(all);
      const shown = schemaOfKind(published, (type, field) => !hidden.has(`${type}.${field}`));
      // Build the schema again: `assumeValid` skips the validation.
      expect(validateSchema(buildSchema(printSchema(shown)))).toEqual([]);
      for (const type of Object.values(shown.getTypeMap())) {
        if (!(isObjectType(type) || isInputObjectType(type)) || type.name.startsWith('__')) continue;
        const before = published.getType(type.name);
        if (!(isObjectType(before) || isInputObjectType(before)))
          throw new Error(`${type.name} came from nowhere`);
        const isShown = (of: GraphQLOutputType | GraphQLInputType) =>
          shown.getType(String(getNamedType(of as GraphQLOutputType))) !== undefined;
        const expected = Object.values<Member>(before.getFields()).filter(
          ({ name, type: of, args = [] }) =>
            !hidden.has(`${type.name}.${name}`) &&
            isShown(of) &&
            args.every((argument) => !isRequiredArgument(argument) || isShown(argument.type)),
        );
        expect(Object.keys(type.getFields()).toSorted()).toEqual(expected.map(({ name }) => name).toSorted());
      }
    }),
    { numRuns: 60 },
  );
});

test('shows a valid schema without a mutation type to a role that may change nothing', () => {
  const auditor = kindOf('policy-auditor');
  // Clients such as Python's gql validate the schema that introspection returns.
  expect(validateSchema(buildSchema(printSchema(auditor)))).toEqual([]);
  expect(auditor.getMutationType()).toBeUndefined();
  expect(introspect(parse('{ __schema { mutationType { name } } }'), auditor, {})).toEqual({
    __schema: { mutationType: null },
  });
});

test('hides an input type with a hidden required member, and the fields that require it', () => {
  const whole = buildSchema(`
    type Query { a: Int b(with: In!): Int c(with: In): Int }
    input In { open: Int must: Int! }`);
  const shown = schemaOfKind(whole, (type, field) => `${type}.${field}` !== 'In.must');
  expect(printSchema(shown)).toBe('type Query {\n  a: Int\n  c: Int\n}');
});

test('hides abstract types, and everything from a kind that may use nothing', () => {
  const whole = buildSchema(`
    type Query { a: A node: Node any: Any }
    interface Node { id: ID } type A implements Node { id: ID } union Any = A`);
  expect(printSchema(schemaOfKind(whole, () => true))).toBe(
    'type Query {\n  a: A\n}\n\ntype A {\n  id: ID\n}',
  );
  const nothing = schemaOfKind(whole, () => false);
  expect(introspect(parse('{ __schema { queryType { name fields { name } } } }'), nothing, {})).toEqual({
    __schema: { queryType: { name: 'Query', fields: [] } },
  });
  expect(validate(nothing, parse('{ nodez { id } }'))).toMatchObject([
    { message: 'Cannot query field "nodez" on type "Query".' },
  ]);
});

test('shares one schema between kinds with the same coordinates', () => {
  const kinds = new KindSchemas(published);
  const of = (...roles: readonly string[]) => kinds.of(policy.accessOf(readerOf({ roles }), new Date()));
  const auditor = of('policy-auditor');
  expect(of('policy-auditor')).toBe(auditor);
  expect(of('csirt-analyst')).not.toBe(auditor);
  const named = (kind: string) => kinds.of({ kind, mayUse: (_type, field) => field !== 'advisory' });
  expect(named('one')).toBe(named('two'));
});

test('answers introspection from the schema of the kind, also inside fragments', () => {
  const auditor = kindOf('policy-auditor');
  const mixed = parse(`query ($name: String!) { memberStates { code } ...F
    ... on Query { hidden: __type(name: $name) { name } } }
    fragment F on Query { s: __schema { queryType { name } } m: memberStates { name } }`);
  const { schema, data } = splitIntrospection(mixed);
  if (schema === null || data === null) throw new Error('expected both halves');
  expect(validate(auditor, data)).toEqual([]);
  expect(validate(auditor, schema)).toEqual([]);
  expect(introspect(schema, auditor, { name: 'Advisory' })).toEqual({
    hidden: null,
    s: { queryType: { name: 'Query' } },
  });
  expect(introspect(schema, kindOf('csirt-analyst'), { name: 'Advisory' })).toMatchObject({
    hidden: { name: 'Advisory' },
  });
  expect(splitIntrospection(parse('{ memberStates { code } }')).schema).toBeNull();
  expect(splitIntrospection(parse('{ __typename }')).schema).toBeNull();
  expect(splitIntrospection(parse('{ __schema { types { name } } }')).data).toBeNull();
});

test('removes the variables that only the other part of the operation uses', () => {
  const { schema, data, order } = splitIntrospection(
    parse(`query ($f: AdvisoryFilter, $n: String!, $on: Boolean!) {
      a: advisories(filter: $f) @include(if: $on) { __typename } ...F
    } fragment F on Query { t: __type(name: $n) { name } __typename }`),
  );
  if (schema === null || data === null) throw new Error('expected both halves');
  expect(print(schema)).not.toMatch(/\$f|\$on/);
  expect(print(data)).not.toContain('$n');
  expect(order).toEqual(['a', 't', '__typename']);
  expect(introspect(schema, kindOf('policy-auditor'), { n: 'Query', f: {}, on: true })).toEqual({
    t: { name: 'Query' },
  });
});

test('allows four standard introspection queries, and rejects nested lists that multiply', () => {
  const bounded = boundIntrospection(published);
  const standard = parse(getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true }));
  expect(bounded(standard)).toBe(standard);
  const names = Array.from({ length: 300 }, (_, at) => `a${at}: name`).join(' ');
  for (const inside of [
    `types { fields { type { fields { ${names} } } } }`,
    `types { fields { args { type { inputFields { type { ...T } } } } } }`,
    `...S`,
  ]) {
    const bomb = parse(`{ __schema { ${inside} } } fragment T on __Type { ${names} }
      fragment S on __Schema { types { f: fields { type { ...on __Type { g: fields { type { ...T } } } } } } }`);
    expect(() => bounded(bomb)).toThrow(expect.objectContaining({ code: 'OPERATION_TOO_LARGE' }));
  }
});
