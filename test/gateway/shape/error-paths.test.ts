import { expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { atMost, pathsOf } from '../../../gateway/shape/error-paths.ts';

const document = parse('{ v: vulnerability { name events { nodes { id } } } }');

test('ends at the list around the field if nothing there is null', () => {
  const data = { v: { name: 'x', events: { nodes: [] } } };
  expect(pathsOf([['v', 'events', 'nodes', '@', 'id']], document, data)).toEqual([['v', 'events', 'nodes']]);
});

test('ends where the data is null already', () => {
  const data = { v: { name: 'x', events: null } };
  expect(pathsOf([['v', 'events', 'nodes', '@', 'id']], document, data)).toEqual([['v', 'events']]);
});

test('shows no key that the reader did not ask for', () => {
  const data = { v: { name: 'x', events: null } };
  expect(pathsOf([['v', 'secret'], ['secret']], document, data)).toEqual([['v']]);
  expect(pathsOf([['secret']], document, data)).toEqual([['v']]);
  expect(
    pathsOf(
      [
        ['v', 'secret'],
        ['v', 'events'],
      ],
      document,
      data,
    ),
  ).toEqual([['v', 'events']]);
});

test('names the root fields that are null if no place is known', () => {
  const two = parse('{ a: x b: x }');
  expect(pathsOf([], two, { a: 1, b: null })).toEqual([['b']]);
  expect(pathsOf([], two, null)).toEqual([['a'], ['b']]);
  expect(pathsOf([], null, null)).toEqual([]);
});

test('joins more than 100 paths', () => {
  const nodes = Array.from({ length: 101 }, () => ({ id: null }));
  const data = { v: { events: { nodes } } };
  expect(pathsOf([['v', 'events', 'nodes', '@', 'id']], document, data)).toEqual([['v', 'events', 'nodes']]);
  const many = Array.from({ length: 101 }, (_, index) => ['v', `k${index}`]);
  expect(atMost(many)).toEqual([['v']]);
});
