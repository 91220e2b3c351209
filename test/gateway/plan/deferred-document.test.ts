import { expect, test } from '@jest/globals';
import { parse, print } from 'graphql';
import { splitDeferred } from '../../../gateway/plan/deferred-document.ts';

const split = (text: string, variables = {}) => splitDeferred(parse(text), variables);
const flat = (text: string) => text.replaceAll(/\s+/g, ' ').trim();

function withFragments(count: number): string {
  return `{ ${'... @defer { x } '.repeat(count)} }`;
}

function withLabel(length: number): string {
  return `{ ... @defer(label: "${'l'.repeat(length)}") { x } }`;
}

test('splits a query at a fragment, with the path and the conditions around it', () => {
  const deferred = split(
    'query ($yes: Boolean!) { a: one { id ...F @defer(label: "l") } } fragment F on One { two @include(if: $yes) }',
  );
  expect(flat(print(deferred?.first ?? parse('{ x }')))).toBe('query ($yes: Boolean!) { a: one { id } }');
  expect(deferred?.fragments.map(({ label, path }) => ({ label, path }))).toEqual([
    { label: 'l', path: ['a'] },
  ]);
  expect(flat(print(deferred?.fragments[0]?.document ?? parse('{ x }')))).toBe(
    'query ($yes: Boolean!) { a: one { ... on One { two @include(if: $yes) } } }',
  );
});

test('tells apart which fragments the variables defer', () => {
  const text = 'query ($a: Boolean!, $b: Boolean!) { ... @defer(if: $a) { x } ... @defer(if: $b) { y } }';
  const choices = [
    [true, false],
    [false, true],
    [true, true],
  ].map(([a, b]) => split(text, { a, b })?.choice);
  expect(new Set(choices).size).toBe(3);
  expect(split(text, { a: false, b: false })).toBeNull();
});

test('defers nothing of a mutation, and nothing if the fragments or a name exceed the limits', () => {
  expect(split('mutation { ... @defer { x } }')).toBeNull();
  expect(split(withFragments(20))?.fragments).toHaveLength(20);
  expect(split(withFragments(21))).toBeNull();
  expect(split(withLabel(100))?.fragments).toHaveLength(1);
  expect(split(withLabel(101))).toBeNull();
});
