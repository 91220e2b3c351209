import type { FieldNode } from 'graphql';

/** Returns whether a field is `node(id:)` or `nodes(ids:)` of the query. No other field of these names has arguments. */
export function isNodeField({ name: { value }, arguments: given = [] }: FieldNode): boolean {
  return (value === 'node' || value === 'nodes') && given.length > 0;
}
