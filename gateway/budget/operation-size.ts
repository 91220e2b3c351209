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

/** The maximum size of one operation with its fragments expanded. Work grows with this size, not with the bytes. */
export const limits = {
  /** Fields and fragments: the planner's work. */
  selections: 2000,
  depth: 24,
  rootFields: 100,
  /** Rows that all lists together may return at full length: the communities' work. */
  rows: 50_000,
} as const;

type Variables = Readonly<Record<string, unknown>>;

/** The size of one operation with its fragments expanded, from its document and variables only. */
export type Size = {
  readonly selections: number;
  readonly depth: number;
  readonly rows: number;
  /** The number of root fields. */
  readonly fields: number;
  /** The number of introspection fields at any depth. */
  readonly introspections: number;
  /** Whether the top level has the fields of a connection. */
  readonly listed: boolean;
};

const nothing: Size = { selections: 0, depth: 0, rows: 0, fields: 0, introspections: 0, listed: false };
/** The rows of a list if the client does not state a number. */
const defaultRows = 25;
const listing: ReadonlySet<string> = new Set(['nodes', 'edges']);
const introspecting: ReadonlySet<string> = new Set(['__schema', '__type']);

/**
 * Returns the size of an operation. Throws OPERATION_TOO_LARGE if planning would take too long, or if nested lists may
 * return too many rows. Each fragment is measured once, so the work is linear in the bytes of the document.
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
  const got = `${selections} selections, depth ${depth}, ${rows} rows, ${fields} root fields`;
  throw new HubError('OPERATION_TOO_LARGE', `expected at most ${JSON.stringify(limits)}, got ${got}`);
}

/** Returns the size of all operations of a document together. The hub removes all but one before. */
export function measureOperation(document: DocumentNode, variables: Variables = {}): Size {
  const operations = document.definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
  return joined(
    operations.map((one) => createMeasure(document, { ...defaultsOf(one), ...variables })(one.selectionSet)),
  );
}

/** Returns the default values of an operation's variables. */
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
    // Validation has rejected cycles already. This prevents an endless loop in any case.
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
    depth: sizes.reduce((max, { depth }) => Math.max(max, depth), 0),
    rows: sum(({ rows }) => rows),
    fields: sum(({ fields }) => fields),
    introspections: sum(({ introspections }) => introspections),
    listed: sizes.some(({ listed }) => listed),
  };
}

/** Returns the rows that a field may return, by its `first` or its `ids`; null if it is not a list. */
function rowsOf(field: FieldNode, listed: boolean, variables: Variables): number | null {
  const first = field.arguments?.find((argument) => argument.name.value === 'first');
  if (first !== undefined) return asNumber(first.value, variables) ?? defaultRows;
  const ids = field.arguments?.find((argument) => argument.name.value === 'ids');
  if (ids !== undefined) return lengthOf(ids.value, variables);
  return listed ? defaultRows : null;
}

/** Returns a number of rows; null if it is not a number or negative: negative rows would offset other lists. */
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
