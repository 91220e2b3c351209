import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
  valueFromASTUntyped,
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

/** What one operation asks for, fragments spread out, from its document and variables alone. */
export type Size = {
  readonly selections: number;
  readonly depth: number;
  readonly rows: number;
  /** The fields at its top. */
  readonly fields: number;
  /** Fields anywhere that ask for the schema. */
  readonly introspections: number;
  /** Whether its top is that of a connection. */
  readonly listed: boolean;
};

const nothing: Size = { selections: 0, depth: 0, rows: 0, fields: 0, introspections: 0, listed: false };
/** Rows that a list gives where the client does not say. */
const defaultRows = 25;
const listing: ReadonlySet<string> = new Set(['nodes', 'edges']);
const introspecting: ReadonlySet<string> = new Set(['__schema', '__type']);

/**
 * Refuses an operation that selects more than is planned in time, or whose lists within lists may give more rows than
 * the communities should read for one question. Each fragment is measured once, so that a document of nested fragments
 * costs no more to refuse than its bytes. Throws OPERATION_TOO_LARGE, otherwise gives the size.
 */
export function limitOperation(document: DocumentNode, variables: Variables = {}): Size {
  const size = measureOperation(document, variables);
  const { selections, depth, rows, fields } = size;
  const within =
    selections <= limits.selections &&
    depth <= limits.depth &&
    rows <= limits.rows &&
    fields <= limits.rootFields;
  if (within) return size;
  throw new HubError('OPERATION_TOO_LARGE', `${selections} selections, depth ${depth}, ${rows} rows`);
}

/** The size of a document's operations together: of one, where the others were cut out before. */
export function measureOperation(document: DocumentNode, variables: Variables = {}): Size {
  const operations = document.definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
  return joined(
    operations.map((one) => createMeasure(document, { ...defaultsOf(one), ...variables })(one.selectionSet)),
  );
}

/** What variables are where the client leaves them out. */
function defaultsOf({ variableDefinitions }: OperationDefinitionNode): Variables {
  const defaults = (variableDefinitions ?? []).flatMap(({ variable, defaultValue }) =>
    defaultValue === undefined ? [] : [[variable.name.value, valueFromASTUntyped(defaultValue)]],
  );
  return Object.fromEntries(defaults);
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
    const times = rowsOf(field, below.listed, variables);
    const rows = times === null ? below.rows : times * (1 + below.rows);
    const introspections = below.introspections + (introspecting.has(field.name.value) ? 1 : 0);
    const listed = listing.has(field.name.value);
    return { ...below, depth: below.depth + 1, rows, fields: 1, introspections, listed };
  };
  const measure = (set: SelectionSetNode): Size => {
    const sizes = set.selections.map((selection) => {
      if (selection.kind === Kind.FIELD) return ofField(selection);
      if (selection.kind === Kind.FRAGMENT_SPREAD) return ofFragment(selection.name.value);
      return measure(selection.selectionSet);
    });
    const { selections, ...size } = joined(sizes);
    return { selections: selections + sizes.length, ...size };
  };
  return measure;
}

function joined(sizes: readonly Size[]): Size {
  const sum = (of: (size: Size) => number) => sizes.reduce((total, size) => total + of(size), 0);
  return {
    selections: sum(({ selections }) => selections),
    depth: sizes.reduce((most, { depth }) => Math.max(most, depth), 0),
    rows: sum(({ rows }) => rows),
    fields: sum(({ fields }) => fields),
    introspections: sum(({ introspections }) => introspections),
    listed: sizes.some(({ listed }) => listed),
  };
}

/** How many rows a field may give, by its `first` or its list of ids; null where it is no list of either kind. */
function rowsOf(field: FieldNode, listed: boolean, variables: Variables): number | null {
  const first = field.arguments?.find((argument) => argument.name.value === 'first');
  if (first !== undefined) return asNumber(first.value, variables) ?? defaultRows;
  const ids = field.arguments?.find((argument) => argument.name.value === 'ids');
  if (ids !== undefined) return lengthOf(ids.value, variables);
  return listed ? defaultRows : null;
}

/** A number of rows; null where it is none, or less than none: what takes nothing must not make room for others. */
function asNumber(value: ValueNode, variables: Variables): number | null {
  const given = value.kind === Kind.VARIABLE ? variables[value.name.value] : undefined;
  const number = value.kind === Kind.INT ? Number(value.value) : given;
  return typeof number === 'number' && number >= 0 ? number : null;
}

function lengthOf(value: ValueNode, variables: Variables): number {
  const given = value.kind === Kind.VARIABLE ? variables[value.name.value] : undefined;
  if (Array.isArray(given)) return given.length;
  return value.kind === Kind.LIST ? value.values.length : 1;
}
