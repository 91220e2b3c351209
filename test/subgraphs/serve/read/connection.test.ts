import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Connection, toConnection } from '../../../../subgraphs/serve/read/connection.ts';
import type { Row } from '../../../../subgraphs/serve/read/row.ts';

const rowsOf = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ id: `Advisory:${at}`, sortAt: new Date(at) }) as Row);

/** A connection of some rows, and the places that were sealed. */
function connect(rows: readonly Row[], size: number): { page: Connection; sealed: string[] } {
  const sealed: string[] = [];
  const seal = ({ id }: { readonly id: string }) => {
    sealed.push(id);
    return `cursor of ${id}`;
  };
  return { page: toConnection(rows, size, null, seal, countNone), sealed };
}

async function countNone() {
  return await Promise.resolve({ value: 0, exact: true });
}

test('seals no cursor of a page whose operation asks for none', () => {
  const { page, sealed } = connect(rowsOf(5), 4);
  expect(page.nodes).toHaveLength(4);
  expect(page.edges.map(({ node }) => node)).toEqual(page.nodes);
  expect(page.pageInfo.hasNextPage).toBe(true);
  expect(sealed).toEqual([]);
});

test('gives the same rows, and cursors of the same rows, whichever cursors are asked for', () => {
  fc.assert(
    fc.property(fc.nat(6), fc.nat(6), (count, size) => {
      const rows = rowsOf(count);
      const { page, sealed } = connect(rows, size);
      const shown = rows.slice(0, size);
      expect(page.pageInfo.endCursor).toBe(shown.length === 0 ? null : `cursor of ${shown.at(-1)?.id}`);
      expect(sealed).toHaveLength(Math.min(1, shown.length));
      expect(page.pageInfo.startCursor).toBe(shown.length === 0 ? null : `cursor of ${shown[0]?.id}`);
      expect(page.edges.map(({ cursor }) => cursor)).toEqual(shown.map(({ id }) => `cursor of ${id}`));
      expect(page.nodes).toEqual(connect(rows, size).page.nodes);
    }),
  );
});
