import type { Size } from './operation-size.ts';

/** Prices in points. One point is about the work of one row or one selection. `costly-fields.ts` has those of searches. */
export const prices = {
  request: 1,
  /** Each full KiB of the request, which is parsed before it can be refused. */
  kibibyte: 1,
  /** Each full KiB of document and variables that the audit log keeps. */
  keptKibibyte: 10,
  selection: 1,
  /** Each row that a list may return, at its full length. */
  row: 1,
  /** Each record that a total may count, on an index. */
  counted: 1 / 50,
  /** Each root field: it is planned and fetched separately. */
  rootField: 5,
  /** Each `__schema` and `__type`: the hub computes long answers itself. */
  introspection: 500,
} as const;

/** Returns the cost of a request's bytes, independent of their content. */
export function costOfRequest(bytes: number): number {
  return prices.request + Math.floor(bytes / 1024) * prices.kibibyte;
}

/**
 * Returns the cost of an operation, from its document and variables only; `keptBytes` of them go to the audit log. It
 * does not depend on stored records, on what
 * the reader may see or on the result, so that it reveals nothing about them.
 */
export function costOfOperation(
  { selections, rows, counted, fields, introspections, points }: Size,
  keptBytes = 0,
): number {
  return Math.ceil(
    selections * prices.selection +
      rows * prices.row +
      counted * prices.counted +
      fields * prices.rootField +
      introspections * prices.introspection +
      points +
      Math.floor(keptBytes / 1024) * prices.keptKibibyte,
  );
}
