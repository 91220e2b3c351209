import { createHash } from 'node:crypto';
import { type DocumentNode, print } from 'graphql';
import { filterRoot } from '../introspection/split.ts';
import type { PlannedPart } from '../plan/gather.ts';
import type { ReplacedNodes } from './replace-nodes.ts';

/** The maximum number of documents of one operation: each has its own queries to subgraphs, so it takes slots there. */
export const maxParts = 10;

/**
 * Splits an operation into the documents that are planned. The look-ups of one type are in one document, and all other fields
 * are in another. If the ids name more types than there may be documents, the last types in the order of their names share
 * one.
 *
 * Look-ups of one type are together because each community then gets one query for them and counts all that it limits. Those
 * of different types are apart because of the cache of plans. A field has at most one document for each type and number of
 * ids. In one document, 50 ids of any types would make more different documents than a cache can keep.
 */
export function nodePartsOf(document: DocumentNode, { types }: ReplacedNodes): readonly PlannedPart[] {
  const ordered = [...new Set(types.values())].toSorted();
  const partOf = (key: string): number => {
    const type = types.get(key);
    return type === undefined ? 0 : Math.min(maxParts - 1, 1 + ordered.indexOf(type));
  };
  const parts = Array.from({ length: maxParts }, (_, part) => part).flatMap(
    (part) => filterRoot(document, ({ alias, name }) => partOf((alias ?? name).value) === part) ?? [],
  );
  return parts.map((part) => ({
    key: createHash('sha256').update(print(part)).digest('hex'),
    document: part,
  }));
}
