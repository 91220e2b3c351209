import { expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { incrementalParts, lastPart, mayBeParted } from '../../../gateway/shape/incremental.ts';

const fragment = (path: readonly string[], data: unknown = null, label: string | null = null) => ({
  label,
  path,
  document: parse('{ x }'),
  write: () => ({ text: JSON.stringify(data), missing: [], given: new Set<string>() }),
});

test('gives a part for each object with fields, by its path', () => {
  const data = { list: [{ a: 1 }, null, {}, { a: 2 }] };
  expect(incrementalParts([fragment(['list'], data, 'l')], {}, {})).toEqual([
    { data: { a: 1 }, path: ['list', 0], label: 'l' },
    { data: { a: 2 }, path: ['list', 3], label: 'l' },
  ]);
  expect(incrementalParts([fragment(['list'], { list: null })], {}, {})).toEqual([]);
});

test('does not send parts that would repeat long keys or names for many objects', () => {
  const first = { list: Array.from({ length: 1000 }, () => ({})) };
  const long = 'k'.repeat(2000);
  expect(mayBeParted([fragment(['list'])], first)).toBe(true);
  expect(
    mayBeParted(
      Array.from({ length: 20 }, () => fragment(['list'])),
      first,
    ),
  ).toBe(false);
  expect(mayBeParted([fragment([long])], { [long]: first.list })).toBe(false);
  expect(mayBeParted([fragment([long])], { [long]: {} })).toBe(true);
});

test('puts errors with the nearest part, and extensions with the first', () => {
  const parts = [
    { data: { a: 1 }, path: ['x'] },
    { data: { b: 1 }, path: ['x', 'y'] },
  ];
  const [deep, other] = [{ path: ['x', 'y', 'b'] }, { path: ['z'] }];
  expect(lastPart(parts, [deep, other], { picture: 'real' })).toEqual({
    incremental: [
      { data: { a: 1 }, path: ['x'], errors: [other], extensions: { picture: 'real' } },
      { data: { b: 1 }, path: ['x', 'y'], errors: [deep] },
    ],
    hasNext: false,
  });
  expect(lastPart([], [other])).toEqual({ errors: [other], hasNext: false });
});
