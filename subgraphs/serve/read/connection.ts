import { GraphQLError } from 'graphql';
import { HubError } from '../../../schema/errors.ts';
import type { Place } from './cursor.ts';
import type { Row } from './row.ts';

/** Relay's arguments as they arrive; the schema's defaults are filled in already. */
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
  readonly total: (args: { readonly max?: number | null }) => Promise<{ value: number; exact: boolean }>;
};

export const defaultPage = 25;
export const largestPage = 100;
export const largestTotal = 10_000;

/** `first` within 1 to 100 (0 asks for no rows, only the total). Throws BAD_USER_INPUT otherwise. */
export function pageSize(first: number | null | undefined): number {
  const size = first ?? defaultPage;
  if (size < 0 || size > largestPage) throw new HubError('BAD_USER_INPUT', `first: 0 to 100, got ${size}`);
  return size;
}

/** A page of rows as a Relay connection (Cursor Connections, section 4). */
export function toConnection(
  rows: readonly Row[],
  size: number,
  after: Place | null,
  seal: (place: Place) => string,
  count: (max: number) => Promise<number>,
): Connection {
  const edges = rows
    .slice(0, size)
    .map((node) => ({ cursor: seal({ sortAt: node.sortAt, id: node.id }), node }));
  return {
    edges,
    nodes: edges.map((edge) => edge.node),
    pageInfo: {
      hasNextPage: rows.length > size,
      hasPreviousPage: after !== null,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    total: async ({ max }) => await boundedCount(max ?? 1000, count),
  };
}

async function boundedCount(max: number, count: (max: number) => Promise<number>) {
  if (max < 0 || max > largestTotal) throw new HubError('BAD_USER_INPUT', `max: 0 to 10000, got ${max}`);
  const found = await count(max);
  return { value: Math.min(found, max), exact: found <= max };
}

/** Whether an error is one that the reader may be told by its code. */
export function codeOf(error: unknown): HubError | null {
  const cause = error instanceof GraphQLError ? error.originalError : error;
  return cause instanceof HubError ? cause : null;
}
