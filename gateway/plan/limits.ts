import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { HubError } from '../../schema/errors.ts';

/** How much one operation may ask for, fragments spread out: work grows with this, not with its bytes. */
export const limits = {
  /** Fields and fragments: the planner's work. */
  selections: 2000,
  depth: 24,
  rootFields: 100,
  /** Rows that lists may give in all, each counted as full: the communities' work. */
  rows: 50_000,
} as const;

type Variables = Readonly<Record<string, unknown>>;
type Size = { readonly selections: number; readonly depth: number; readonly rows: number };

const nothing: Size = { selections: 0, depth: 0, rows: 0 };
/** Rows that a list gives where the client does not say. */
const defaultRows = 25;

/**
 * Refuses an operation that selects more than is planned in time, or whose lists within lists may give more rows than
 * the communities should read for one question. Each fragment is measured once, so that a document of nested fragments
 * costs no more to refuse than its bytes. Throws OPERATION_TOO_LARGE.
 */
export function limitOperation(document: DocumentNode, variables: Variables = {}): void {
  const measure = createMeasure(document, variables);
  for (const one of document.definitions) {
    if (one.kind !== Kind.OPERATION_DEFINITION) continue;
    const { selections, depth, rows } = measure(one.selectionSet);
    const roots = one.selectionSet.selections.length;
    const within =
      selections <= limits.selections &&
      depth <= limits.depth &&
      rows <= limits.rows &&
      roots <= limits.rootFields;
    if (!within) {
      throw new HubError('OPERATION_TOO_LARGE', `${selections} selections, depth ${depth}, ${rows} rows`);
    }
  }
}

function createMeasure(document: DocumentNode, variables: Variables): (set: SelectionSetNode) => Size {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const one of document.definitions) {
    if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one);
  }
  const known = new Map<string, Size>();
  const ofFragment = (name: string): Size => {
    const size = known.get(name);
    if (size !== undefined) return size;
    // Validation has refused cycles already; this keeps a cycle from looping all the same.
    known.set(name, nothing);
    const fragment = fragments.get(name);
    const measured = fragment === undefined ? nothing : measure(fragment.selectionSet);
    known.set(name, measured);
    return measured;
  };
  const ofField = (field: FieldNode): Size => {
    const below = field.selectionSet === undefined ? nothing : measure(field.selectionSet);
    const times = rowsOf(field, variables);
    const rows = times === null ? below.rows : times * (1 + below.rows);
    return { selections: below.selections, depth: below.depth + 1, rows };
  };
  const measure = (set: SelectionSetNode): Size => {
    const sizes = set.selections.map((selection) => {
      if (selection.kind === Kind.FIELD) return ofField(selection);
      if (selection.kind === Kind.FRAGMENT_SPREAD) return ofFragment(selection.name.value);
      return measure(selection.selectionSet);
    });
    return {
      selections: sizes.reduce((sum, size) => sum + size.selections + 1, 0),
      depth: sizes.reduce((most, size) => Math.max(most, size.depth), 0),
      rows: sizes.reduce((sum, size) => sum + size.rows, 0),
    };
  };
  return measure;
}

/** How many rows a field may give, by its `first` or its list of ids; null where it is no list of either kind. */
function rowsOf(field: FieldNode, variables: Variables): number | null {
  const first = field.arguments?.find((argument) => argument.name.value === 'first');
  if (first !== undefined) return asNumber(first.value, variables) ?? defaultRows;
  const ids = field.arguments?.find((argument) => argument.name.value === 'ids');
  if (ids !== undefined) return lengthOf(ids.value, variables);
  const isConnection = field.selectionSet?.selections.some(
    (selection) => selection.kind === Kind.FIELD && ['nodes', 'edges'].includes(selection.name.value),
  );
  return isConnection === true ? defaultRows : null;
}

function asNumber(value: ValueNode, variables: Variables): number | null {
  const given = value.kind === Kind.VARIABLE ? variables[value.name.value] : undefined;
  if (typeof given === 'number' && given >= 0) return given;
  return value.kind === Kind.INT ? Number(value.value) : null;
}

function lengthOf(value: ValueNode, variables: Variables): number {
  const given = value.kind === Kind.VARIABLE ? variables[value.name.value] : undefined;
  if (Array.isArray(given)) return given.length;
  return value.kind === Kind.LIST ? value.values.length : 1;
}
