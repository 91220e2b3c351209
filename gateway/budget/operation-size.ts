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
import { type Counts, costlyOf, noCounts, partsOf, sumOf } from './costly-fields.ts';
import { type ListLengths, noLists } from './list-lengths.ts';

/** The maximum size of one operation with its fragments expanded. Work grows with this size, not with the bytes. */
export const limits = {
  /** Fields and fragments: the planner's work. */
  selections: 2000,
  depth: 24,
  rootFields: 100,
  /** Rows that all lists together may return at full length: the communities' work. */
  rows: 50_000,
  /** Records that all totals together may count. */
  counted: 1_000_000,
  /** Times that a costly field is asked for, in all and of each community. The subgraphs count too, in each of their requests. */
  costly: 5,
} as const;

type Variables = Readonly<Record<string, unknown>>;

/** The size of one operation with its fragments expanded, from its document and variables only. */
export type Size = {
  readonly selections: number;
  readonly depth: number;
  readonly rows: number;
  /** The records that the totals may count, for each parent that a list may return. */
  readonly counted: number;
  /** Those of a total at the top level: it counts once, not for each row of its list. */
  readonly countedHere: number;
  /** The number of root fields. */
  readonly fields: number;
  /** The number of introspection fields at any depth. */
  readonly introspections: number;
  /** Whether the top level has the fields of a connection. */
  readonly listed: boolean;
  /** The parts of communities at the top level. */
  readonly parts: Counts;
  /** The costly fields: `search`, `suggest`, `onDuty` and `matches`. */
  readonly costly: Counts;
  /** The price of the costly fields. */
  readonly points: number;
};

/** The size of an operation that selects nothing. */
export const nothing: Size = {
  selections: 0,
  depth: 0,
  rows: 0,
  counted: 0,
  countedHere: 0,
  fields: 0,
  introspections: 0,
  listed: false,
  parts: noCounts,
  costly: noCounts,
  points: 0,
};
/** The rows of a list if the client does not state a number. */
const defaultRows = 25;
/** The maximum that a total counts to, by default and at all. */
const totals = { standard: 1000, most: 10_000 };
/** The fields of a connection. A subgraph reads the page for each of them, also if no row is requested. */
const listing: ReadonlySet<string> = new Set(['nodes', 'edges', 'pageInfo', 'total']);
const introspecting: ReadonlySet<string> = new Set(['__schema', '__type']);

/**
 * Returns the size of an operation. Throws OPERATION_TOO_LARGE if planning would take too long, if nested lists may
 * return too many rows, or if a costly field is asked for too often. Each fragment is measured once, so the work is linear in the bytes of the document.
 */
export function limitOperation(document: DocumentNode, variables: Variables = {}, lists = noLists): Size {
  const size = measureOperation(document, variables, lists);
  checkLimits(size);
  return size;
}

/** Throws OPERATION_TOO_LARGE if a size exceeds a limit. */
export function checkLimits({ selections, depth, rows, counted, fields, costly }: Size): void {
  const within =
    selections <= limits.selections &&
    depth <= limits.depth &&
    rows <= limits.rows &&
    counted <= limits.counted &&
    fields <= limits.rootFields &&
    Object.values(costly).every((count) => count <= limits.costly);
  if (within) return;
  const got = `${selections} selections, depth ${depth}, ${rows} rows, ${counted} counted, ${fields} root fields, ${JSON.stringify(costly)}`;
  throw new HubError('OPERATION_TOO_LARGE', `expected at most ${JSON.stringify(limits)}, got ${got}`);
}

/** Returns the size of all operations of a document together. The hub removes all but one before. */
export function measureOperation(
  document: DocumentNode,
  variables: Variables = {},
  lists: ListLengths = noLists,
): Size {
  const operations = document.definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
  const size = joined(
    operations.map((one) =>
      createMeasure(document, { ...defaultsOf(one), ...variables }, lists)(one.selectionSet),
    ),
  );
  return { ...size, counted: size.counted + size.countedHere, countedHere: 0 };
}

/** Returns the default values of an operation's variables. */
function defaultsOf({ variableDefinitions }: OperationDefinitionNode): Variables {
  const defaults = (variableDefinitions ?? []).flatMap(({ variable, defaultValue }) =>
    defaultValue === undefined ? [] : [[variable.name.value, valueFromASTUntyped(defaultValue)]],
  );
  return Object.fromEntries(defaults);
}

function createMeasure(
  document: DocumentNode,
  variables: Variables,
  lists: ListLengths,
): (set: SelectionSetNode) => Size {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const one of document.definitions) {
    if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one);
  }
  const known = new Map<string, Size>();
  const ofFragment = (name: string): Size => {
    const size = known.get(name);
    if (size !== undefined) return size;
    // The document is not validated yet: a cycle of fragments must not be an endless loop.
    known.set(name, nothing);
    const fragment = fragments.get(name);
    const measured = fragment === undefined ? nothing : measure(fragment.selectionSet);
    known.set(name, measured);
    return measured;
  };
  const ofField = (field: FieldNode): Size => {
    const below = field.selectionSet === undefined ? nothing : measure(field.selectionSet);
    const name = field.name.value;
    const times = rowsOf(field, below.listed, variables);
    const each = times ?? lists.get(name) ?? 1;
    const rows = times === null ? each * below.rows : times * (1 + below.rows);
    const counted = each * below.counted + below.countedHere;
    const countedHere = name === 'total' ? totalOf(field, variables) : 0;
    const introspections = below.introspections + (introspecting.has(name) ? 1 : 0);
    const listed = listing.has(name);
    const lookups = lookupsOf(field, variables);
    const { costly, points } = costlyOf(field, below.parts);
    return {
      ...below,
      selections: lookups * below.selections + lookups - 1,
      depth: below.depth + 1,
      rows,
      counted,
      countedHere,
      fields: lookups,
      introspections,
      listed,
      parts: partsOf(field),
      costly: sumOf([below.costly, costly]),
      points: below.points + points,
    };
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
    counted: sum(({ counted }) => counted),
    countedHere: sum(({ countedHere }) => countedHere),
    fields: sum(({ fields }) => fields),
    introspections: sum(({ introspections }) => introspections),
    listed: sizes.some(({ listed }) => listed),
    parts: sumOf(sizes.map(({ parts }) => parts)),
    costly: sumOf(sizes.map(({ costly }) => costly)),
    points: sum(({ points }) => points),
  };
}

/** The arguments with one item for each row that a field returns. */
const itemArguments: readonly string[] = ['ids', 'values'];

/** Returns the rows that a field may return, by its `first`, its `ids` or its `values`; null if it is not a list. */
function rowsOf(field: FieldNode, listed: boolean, variables: Variables): number | null {
  const first = field.arguments?.find((argument) => argument.name.value === 'first');
  if (first !== undefined) return asNumber(first.value, variables) ?? defaultRows;
  const items = field.arguments?.find((argument) => itemArguments.includes(argument.name.value));
  if (items !== undefined) return lengthOf(items.value, variables);
  return listed ? defaultRows : null;
}

/** Returns the number of look-ups that replace a field: for `nodes` one for each id, which are planned and executed. */
function lookupsOf({ name, arguments: given }: FieldNode, variables: Variables): number {
  const ids = name.value === 'nodes' ? given?.find((argument) => argument.name.value === 'ids') : undefined;
  return ids === undefined ? 1 : Math.max(1, lengthOf(ids.value, variables));
}

/** Returns how many records a `total` may count. */
function totalOf(field: FieldNode, variables: Variables): number {
  const max = field.arguments?.find((argument) => argument.name.value === 'max');
  return Math.min(totals.most, (max && asNumber(max.value, variables)) ?? totals.standard);
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
