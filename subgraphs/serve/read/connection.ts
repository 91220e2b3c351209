import { GraphQLError } from 'graphql';
import { HubError } from '../../../schema/errors.ts';
import type { Place } from './cursor.ts';
import type { Row } from './row.ts';

/** Relay's arguments of a list. graphql-js has filled in the schema's defaults. */
export type PageArguments = {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly filter?: Readonly<Record<string, unknown>> | null;
  readonly orderBy?: { readonly direction?: 'ASC' | 'DESC' | null } | null;
};

export type Connection = {
  readonly edges: readonly { readonly cursor: string; readonly node: Row }[];
  readonly nodes: readonly Row[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  readonly total: (args: { readonly max?: number | null }) => Promise<Total>;
};

/** The number of records of a list, and whether it is exact: counting stops at a maximum. */
export type Total = { readonly value: number; readonly exact: boolean };

const defaultPageSize = 25;
const maxPageSize = 100;
const maxTotal = 10_000;

/** The number of rows of a page: 0 (only the total) to 100, 25 by default. Throws BAD_USER_INPUT otherwise. */
export function pageSize(first: number | null | undefined): number {
  const size = first ?? defaultPageSize;
  if (size < 0 || size > maxPageSize)
    throw new HubError('BAD_USER_INPUT', `first: expected 0 to ${maxPageSize}, got ${size}`);
  return size;
}

/**
 * Makes a Relay connection (Cursor Connections, section 4) of a page. `rows` has one row more than `size` if there is a
 * next page. `count` counts up to `max`.
 */
export function toConnection(
  rows: readonly Row[],
  size: number,
  after: Place | null,
  seal: (place: Place) => string,
  count: (max: number) => Promise<Total>,
): Connection {
  const nodes = rows.slice(0, size);
  const sealAt = (node: Row | undefined) =>
    node === undefined ? null : seal({ sortAt: node.sortAt, id: node.id });
  return {
    edges: edgesOf(
      nodes.map((node) => ({ node, place: { sortAt: node.sortAt, id: node.id } })),
      seal,
    ),
    nodes,
    pageInfo: {
      hasNextPage: rows.length > size,
      hasPreviousPage: after !== null,
      get startCursor() {
        return sealAt(nodes.at(0));
      },
      get endCursor() {
        return sealAt(nodes.at(-1));
      },
    },
    total: async ({ max }) => await boundedCount(max ?? 1000, count),
  };
}

/** Makes edges whose cursors are getters: sealing takes a tenth of a subgraph's time, and most operations ask for none. */
export function edgesOf<Node, At>(
  placed: readonly { readonly node: Node; readonly place: At }[],
  seal: (place: At) => string,
): readonly { readonly node: Node; readonly cursor: string }[] {
  return placed.map(({ node, place }) => ({
    node,
    get cursor() {
      return seal(place);
    },
  }));
}

async function boundedCount(max: number, count: (max: number) => Promise<Total>): Promise<Total> {
  if (max < 0 || max > maxTotal)
    throw new HubError('BAD_USER_INPUT', `max: expected 0 to ${maxTotal}, got ${max}`);
  return await count(max);
}

/** The HubError that caused an error of graphql-js; null if it is an internal failure. */
export function hubErrorOf(error: unknown): HubError | null {
  const cause = error instanceof GraphQLError ? error.originalError : error;
  return cause instanceof HubError ? cause : null;
}
