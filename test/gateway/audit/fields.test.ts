import { expect, test } from '@jest/globals';
import { buildSchema, parse } from 'graphql';
import { fieldsOf } from '../../../gateway/audit/fields.ts';

const schema = buildSchema(`
  interface Node { id: ID! }
  type Advisory implements Node { id: ID! title: Text cves: [String!] parent: Advisory }
  type Event implements Node { id: ID! info: Text }
  type Text { value: String! lang: String }
  union Any = Advisory | Event
  type Query { advisories: [Advisory] node(id: ID!): Node any: [Any] none: Advisory }
`);

function fields(document: string, data: Record<string, unknown> | null, variables = {}) {
  const { given, empty } = fieldsOf(parse(document), variables, data, schema);
  return { given: given.toSorted(), empty: empty.toSorted() };
}

test('separates what was given from what was empty, in lists, aliases and fragments', () => {
  const document = `
    { all: advisories { ...Of parent { title { value } } } }
    fragment Of on Advisory { id title { value lang } cves }`;
  const data = {
    all: [
      null,
      { id: 'a', title: { value: 'x', lang: null }, cves: [], parent: null },
      { id: 'b', title: null, cves: null, parent: null },
    ],
  };
  expect(fields(document, data)).toEqual({
    given: ['Advisory.id', 'Advisory.title', 'Query.advisories', 'Text.value'],
    empty: ['Advisory.cves', 'Advisory.parent', 'Text.lang'],
  });
});

test('counts a field of an interface or union under the type that it is selected on', () => {
  const document =
    '{ node(id: 1) { id ... on Event { info { value } } } any { __typename ... on Advisory { cves } } }';
  const data = { node: { id: 'e', info: { value: 'x' } }, any: [{ __typename: 'Event' }] };
  expect(fields(document, data)).toEqual({
    given: ['Event.info', 'Node.id', 'Query.any', 'Query.node', 'Text.value'],
    empty: ['Advisory.cves'],
  });
});

test('leaves out what @skip and @include leave out', () => {
  const document =
    'query ($no: Boolean!) { advisories @include(if: $no) { id } none @skip(if: true) { id } }';
  expect(fields(document, {}, { no: false })).toEqual({ given: [], empty: [] });
});

test('counts everything as empty if no data came', () => {
  expect(fields('{ none { id } }', null)).toEqual({ given: [], empty: ['Advisory.id', 'Query.none'] });
});

test('counts the value of a field with the name of a property of Object.prototype only if it is there', () => {
  expect(fields('{ constructor: none { id } }', {})).toEqual({
    given: [],
    empty: ['Advisory.id', 'Query.none'],
  });
});
