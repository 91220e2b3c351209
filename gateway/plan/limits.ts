import { type DocumentNode, type FragmentDefinitionNode, Kind, type SelectionSetNode } from 'graphql';
import { HubError } from '../../schema/errors.ts';

/** How much one operation may select, fragments spread out: the planner's work grows with this, not with its bytes. */
export const limits = { selections: 2000, depth: 24, rootFields: 100 } as const;

/**
 * Refuses an operation that selects more than the planner does in time. Fragments are counted once and multiplied,
 * so that a document of nested fragments costs no more to refuse than its bytes. Throws OPERATION_TOO_LARGE.
 */
export function limitOperation(document: DocumentNode): void {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const one of document.definitions) {
    if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one);
  }
  const measure = createMeasure(fragments);
  for (const one of document.definitions) {
    if (one.kind !== Kind.OPERATION_DEFINITION) continue;
    const size = measure(one.selectionSet);
    if (size.selections > limits.selections || size.depth > limits.depth) {
      throw new HubError('OPERATION_TOO_LARGE', `${size.selections} selections, depth ${size.depth}`);
    }
    if (one.selectionSet.selections.length > limits.rootFields) throw new HubError('OPERATION_TOO_LARGE');
  }
}

type Size = { readonly selections: number; readonly depth: number };

function createMeasure(fragments: ReadonlyMap<string, FragmentDefinitionNode>) {
  const known = new Map<string, Size>();
  const ofFragment = (name: string): Size => {
    const size = known.get(name);
    if (size !== undefined) return size;
    // Validation has refused cycles already; this keeps a cycle from looping all the same.
    known.set(name, { selections: 0, depth: 0 });
    const fragment = fragments.get(name);
    const measured = fragment === undefined ? { selections: 0, depth: 0 } : measure(fragment.selectionSet);
    known.set(name, measured);
    return measured;
  };
  const measure = (set: SelectionSetNode): Size => {
    let selections = 0;
    let depth = 0;
    for (const selection of set.selections) {
      const below = sizeBelow(selection);
      selections += below.selections + 1;
      depth = Math.max(depth, below.depth + (selection.kind === Kind.FIELD ? 1 : 0));
    }
    return { selections, depth };
  };
  const sizeBelow = (selection: SelectionSetNode['selections'][number]): Size => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return ofFragment(selection.name.value);
    return selection.selectionSet === undefined
      ? { selections: 0, depth: 0 }
      : measure(selection.selectionSet);
  };
  return measure;
}
