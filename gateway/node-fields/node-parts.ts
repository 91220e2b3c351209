import { createHash } from 'node:crypto';
import { type DocumentNode, print } from 'graphql';
import { filterRoot } from '../introspection/split.ts';
import type { PlannedPart } from '../plan/gather.ts';
import type { ReplacedNodes } from './replace-nodes.ts';

/** The maximum number of documents of one operation: each has its own queries to subgraphs, so it takes slots there. */
export const maxParts = 10;

/**
 * Splits an operation into the documents that are planned: the look-ups of one type together, and all other fields together.
 * Many look-ups of a type are then one query to each community, which counts what it limits, and the ids of a request choose
 * among few documents: of one field at most one for each type and number of ids. In one document, 50 ids of any types would
 * choose among more documents than any cache can keep. Only if the ids name more types than there may be documents, the last
 * types in the order of their names are together.
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
