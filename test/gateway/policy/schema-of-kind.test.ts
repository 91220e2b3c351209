import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  buildASTSchema,
  buildSchema,
  getNamedType,
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isInputObjectType,
  isObjectType,
  parse,
  printSchema,
  validate,
  validateSchema,
} from 'graphql';
import { decide } from '../../../gateway/policy/decide.ts';
import { introspect, splitIntrospection } from '../../../gateway/policy/introspect.ts';
import { schemaOfKind } from '../../../gateway/policy/schema-of-kind.ts';
import { readPolicy } from '../../../schema/policy/load.ts';
import { read } from '../../../schema/sources.ts';
import { readerOf } from '../../helpers/records.ts';

const published = buildSchema(read('published.graphql'));
const policy = readPolicy();

function kindOf(...roles: readonly string[]): GraphQLSchema {
  const holder = policy.holder(readerOf({ roles }), new Date());
  return schemaOfKind(published, (type, field) => holder.mayUse(type, field));
}

test('an analyst is shown all that the published schema has for records, an auditor nothing of any record', () => {
  const analyst = kindOf('csirt-analyst');
  const auditor = kindOf('policy-auditor');
  expect(analyst.getType('Advisory')).toBeDefined();
  for (const type of [
    'Advisory',
    'MispEvent',
    'Envelope',
    'Marking',
    'AdvisoryFilter',
    'Tlp',
    'AdvisoryConnection',
  ])
    expect(auditor.getType(type)).toBeUndefined();
  expect(Object.keys(auditor.getQueryType()?.getFields() ?? {})).toContain('vulnerability');
  expect(printSchema(auditor)).not.toMatch(/advisor|misp/i);
});

const coordinates = Object.values(published.getTypeMap())
  .filter((type) => isObjectType(type) || isInputObjectType(type))
  .filter((type) => !type.name.startsWith('__'))
  .flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`));
const isOutput = (coordinate: string) => isObjectType(published.getType(coordinate.split('.')[0] ?? ''));
const hiddenSome = fc
  .subarray(coordinates, { maxLength: 150 })
  .filter((all) => !all.includes('Query.memberStates'));

test('whatever a kind may not use, its schema is whole and has exactly what it may use and can get to', () => {
  fc.assert(
    fc.property(hiddenSome, (all) => {
      const hidden = new Set(all);
      const shown = schemaOfKind(published, (type, field) => !hidden.has(`${type}.${field}`));
      expect(validateSchema(shown)).toEqual([]);
      for (const type of Object.values(shown.getTypeMap())) {
        if (!(isObjectType(type) || isInputObjectType(type)) || type.name.startsWith('__')) continue;
        const before = published.getType(type.name);
        if (!(isObjectType(before) || isInputObjectType(before)))
          throw new Error(`${type.name} came from nowhere`);
        const expected = Object.values<{ name: string; type: GraphQLOutputType | GraphQLInputType }>(
          before.getFields(),
        ).filter(
          ({ name, type: of }) =>
            !hidden.has(`${type.name}.${name}`) &&
            shown.getType(String(getNamedType(of as GraphQLOutputType))) !== undefined,
        );
        expect(Object.keys(type.getFields()).toSorted()).toEqual(expected.map(({ name }) => name).toSorted());
      }
      expect(() => buildASTSchema(parse(printSchema(shown)))).not.toThrow();
    }),
    { numRuns: 60 },
  );
});

const operation = `query ($id: ID!, $filter: AdvisoryFilter) {
  v: vulnerability(id: "CVE-2099-10001") { name ...V aliases }
  advisory(id: $id) { title { value } envelope { marking { tlp } audience { reach } } }
  advisories(filter: $filter, first: 3) { nodes { ...A } total { value } }
  memberStates { code exploitation { nodes { id } } }
} fragment V on Vulnerability { advisories { nodes { ...A } } } fragment A on Advisory { serial vulnerabilities { name } }`;

test('an operation that was cut fits the schema of its kind, but for variables that nothing uses any more', () => {
  expect(validate(published, parse(operation))).toEqual([]);
  fc.assert(
    fc.property(hiddenSome, (all) => {
      const hidden = new Set(all.filter(isOutput));
      const mayUse = (type: string, field: string) => !hidden.has(`${type}.${field}`);
      const { allowed, refused } = decide(
        mayUse,
        { document: parse(operation), operationName: null },
        published,
      );
      for (const coordinate of refused) expect(hidden.has(coordinate)).toBe(true);
      if (allowed === null) return;
      const faults = validate(schemaOfKind(published, mayUse), allowed).filter(
        ({ message }) => !/is never used|Unknown type|of unknown type/.test(message),
      );
      // A type that lost all its fields is not there: what is left of a selection in it is its __typename.
      expect(faults.filter(({ message }) => !message.includes('Cannot query field'))).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test('what an operation asks of the schema is answered from the kind’s own, whatever it is wrapped in', () => {
  const auditor = kindOf('policy-auditor');
  const mixed = parse(`query ($name: String!) { memberStates { code } ...F
    ... on Query { hidden: __type(name: $name) { name } } }
    fragment F on Query { s: __schema { queryType { name } } m: memberStates { name } }`);
  const { schema, data } = splitIntrospection(mixed);
  if (schema === null || data === null) throw new Error('expected both halves');
  expect(validate(auditor, data)).toMatchObject([{ message: expect.stringContaining('$name') }]);
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
