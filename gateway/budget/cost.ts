import type { Size } from './operation-size.ts';

/** What things cost, in points. One point is about the work of one row or one selection. */
export const prices = {
  request: 1,
  /** Each whole KiB of the request: it is parsed and validated before anything of it is refused. */
  kibibyte: 1,
  selection: 1,
  /** Each row that a list may give, counted as full. */
  row: 1,
  /** Each field at the top: it is planned and fetched by itself. */
  rootField: 5,
  /** Each `__schema` and `__type`: the hub answers it alone, and at length. */
  introspection: 500,
} as const;

/** What a request costs for having been sent, whatever it says: for its bytes. */
export function costOfRequest(bytes: number): number {
  return prices.request + Math.floor(bytes / 1024) * prices.kibibyte;
}

/**
 * What an operation costs besides: by its document and variables alone. It is the same whatever there is, whatever
 * of it this reader may see and whatever becomes of the answer, so that it says nothing about any of these.
 */
export function costOfOperation({ selections, rows, fields, introspections }: Size): number {
  return Math.ceil(
    selections * prices.selection +
      rows * prices.row +
      fields * prices.rootField +
      introspections * prices.introspection,
  );
}
