import { expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { limitOperation, measureOperation } from '../../../gateway/budget/operation-size.ts';

const tooLarge = expect.objectContaining({ code: 'OPERATION_TOO_LARGE' });

/** Lists within lists, four deep: 100 times as many rows at each. */
function nested(argument: string): string {
  return `a(${argument}) { nodes { b(${argument}) { nodes { c(${argument}) { nodes { id } } } } } }`;
}

test('a list that takes less than nothing makes no room for others', () => {
  expect(() => limitOperation(parse(`{ ${nested('first: 100')} }`))).toThrow(tooLarge);
  const offset = `{ ${nested('first: 100')} x: a(first: -1000000000) { nodes { id } } }`;
  expect(() => limitOperation(parse(offset))).toThrow(tooLarge);
  const variable = `query ($n: Int) { ${nested('first: 100')} x: a(first: $n) { nodes { id } } }`;
  expect(() => limitOperation(parse(variable), { n: -1e9 })).toThrow(tooLarge);
});

test('a variable that is left out counts as the default that the document gives it', () => {
  const document = parse(`query ($n: Int = 100) { ${nested('first: $n')} }`);
  expect(() => limitOperation(document)).toThrow(tooLarge);
  expect(limitOperation(document, { n: 1 }).rows).toBe(3);
});

test('a list counts as one wherever its rows are written: in fragments, and behind any number of other fields', () => {
  const plain = measureOperation(parse('{ a { nodes { id } } }'));
  const named = measureOperation(parse('{ a { ...C } } fragment C on C { nodes { id } }'));
  const inline = measureOperation(parse('{ a { ... on C { ... { nodes { id } } } } }'));
  const others = Array.from({ length: 300 }, (_, n) => `t${n}: __typename`).join(' ');
  const behind = measureOperation(parse(`{ a { ${others} nodes { id } } }`));
  expect([plain.rows, named.rows, inline.rows, behind.rows]).toEqual([25, 25, 25, 25]);
});

test('the fields at the top are counted through fragments', () => {
  const roots = Array.from({ length: 101 }, (_, n) => `a${n}: a`).join(' ');
  expect(() => limitOperation(parse(`{ ${roots} }`))).toThrow(tooLarge);
  expect(() => limitOperation(parse(`{ ...F } fragment F on Query { ${roots} }`))).toThrow(tooLarge);
  expect(() => limitOperation(parse(`{ ... { ${roots} } }`))).toThrow(tooLarge);
});
