import { createHash } from 'node:crypto';
import { type DocumentNode, print } from 'graphql';
import { filterRoot } from '../introspection/split.ts';
import type { PlannedPart } from '../plan/gather.ts';
import type { ReplacedNodes } from './replace-nodes.ts';

/**
 * Splits an operation into the documents that are planned: the look-ups of one field and one type together, and all other
 * fields together. The ids of a request choose among few documents this way: for each field at most one for each type and
 * number of ids. In one document, 50 ids of any types would choose among more documents than any cache can keep.
 */
export function nodePartsOf(document: DocumentNode, { groups }: ReplacedNodes): readonly PlannedPart[] {
  const groupOf = (key: string) => groups.get(key) ?? '';
  const parts = ['', ...new Set(groups.values())].flatMap(
    (group) => filterRoot(document, ({ alias, name }) => groupOf((alias ?? name).value) === group) ?? [],
  );
  return parts.map((part) => ({
    key: createHash('sha256').update(print(part)).digest('hex'),
    document: part,
  }));
}
