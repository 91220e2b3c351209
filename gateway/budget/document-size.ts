import { type DocumentNode, Kind, type SelectionSetNode, type ValueNode } from 'graphql';
import { HubError } from '../../schema/errors.ts';
import { limits } from './operation-size.ts';

/** The maximum size of a document as it is written, with the operations and fragments that are not used. */
export const documentLimits = {
  /** Validation compares fragments in pairs. */
  definitions: 200,
  selections: limits.selections,
  /** Selections or values inside each other. Fragments that spread each other in a chain add up. */
  depth: 100,
} as const;

/**
 * Counts the selections of a document as it is written, before validation: its work grows with them, whether or not the
 * operation uses them. Counts without recursion, because the document is as deep as the client likes.
 */
export function countSelections(document: DocumentNode): number {
  return walk(document).selections;
}

/**
 * Throws OPERATION_TOO_LARGE if a document is larger than validation and planning can take. Everything behind it may
 * recurse: it bounds the nesting, of fragments in a chain also.
 */
export function limitDocument(document: DocumentNode): void {
  const { definitions, selections, depth } = documentLimits;
  const got = { definitions: document.definitions.length, ...walk(document) };
  if (got.definitions <= definitions && got.selections <= selections && got.depth <= depth) return;
  const expected = JSON.stringify(documentLimits);
  throw new HubError('OPERATION_TOO_LARGE', `expected at most ${expected}, got ${JSON.stringify(got)}`);
}

type Open = { readonly node: SelectionSetNode | ValueNode; readonly depth: number };

/** Returns the number of selections, and the depth of the deepest definition without its fragments. */
function walk(document: DocumentNode): { readonly selections: number; readonly depth: number } {
  const open: Open[] = document.definitions.flatMap((one) =>
    'selectionSet' in one ? [{ node: one.selectionSet, depth: 1 }] : [],
  );
  let selections = 0;
  let deepest = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, depth } = next;
    deepest = Math.max(deepest, depth);
    if (node.kind === Kind.SELECTION_SET) selections += node.selections.length;
    for (const inside of insideOf(node)) open.push({ node: inside, depth: depth + 1 });
  }
  return { selections, depth: deepest };
}

function insideOf(node: Open['node']): readonly Open['node'][] {
  if (node.kind === Kind.LIST) return node.values;
  if (node.kind === Kind.OBJECT) return node.fields.map(({ value }) => value);
  if (node.kind !== Kind.SELECTION_SET) return [];
  return node.selections.flatMap((one) => {
    const given = [one, ...(one.directives ?? [])].flatMap((of) =>
      'arguments' in of ? (of.arguments ?? []) : [],
    );
    const below = one.kind === Kind.FRAGMENT_SPREAD ? undefined : one.selectionSet;
    return [...given.map(({ value }) => value), ...(below === undefined ? [] : [below])];
  });
}
