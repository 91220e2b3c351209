import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type VariableNode,
  visit,
} from 'graphql';

/** An operation in two parts: introspection and data. A part is null if the operation does not ask for it. */
export type Split = {
  readonly schema: DocumentNode | null;
  readonly data: DocumentNode | null;
  /** The response keys at the root in the requested order; empty if the operation has no introspection. */
  readonly order: readonly string[];
};

/** The fragments of a document by their names. */
export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

const introspectionFields = new Set(['__schema', '__type']);

/**
 * Splits an operation at its root. `__schema` and `__type` are answered from the schema of the reader's kind, never by
 * the planner, which has the whole schema.
 */
export function splitIntrospection(document: DocumentNode): Split {
  if (!asksSchema(document)) return { schema: null, data: document, order: [] };
  return {
    schema: filterRoot(document, (field) => introspectionFields.has(field.name.value)),
    data: filterRoot(document, (field) => !introspectionFields.has(field.name.value)),
    order: rootNames(document),
  };
}

function asksSchema(document: DocumentNode): boolean {
  return document.definitions.some(
    (one) =>
      (one.kind === Kind.OPERATION_DEFINITION || one.kind === Kind.FRAGMENT_DEFINITION) &&
      mentions(one.selectionSet),
  );
}

/** Only the root type has these fields, so they are root fields in whichever fragment they are. */
function mentions(set: SelectionSetNode): boolean {
  return set.selections.some(
    (selection) =>
      (selection.kind === Kind.FIELD && introspectionFields.has(selection.name.value)) ||
      (selection.kind === Kind.INLINE_FRAGMENT && mentions(selection.selectionSet)),
  );
}

/** Returns the document with the wanted root fields and what they use; null if no root field is left. */
export function filterRoot(
  document: DocumentNode,
  wanted: (field: FieldNode) => boolean,
): DocumentNode | null {
  const fragments = fragmentsOf(document);
  const operation = operationOf(document);
  if (operation === undefined) return null;
  const selections = inlined(operation.selectionSet, fragments).flatMap((one) => prune(one, wanted));
  if (selections.length === 0) return null;
  const kept: OperationDefinitionNode = {
    ...operation,
    selectionSet: { ...operation.selectionSet, selections },
  };
  return withUsed(kept, fragments);
}

/** Returns a document with an operation, and those of the fragments and of its variables that it uses. */
export function withUsed(operation: OperationDefinitionNode, fragments: Fragments): DocumentNode {
  const used = namesIn(operation.selectionSet, fragments);
  return withoutUnused(
    operation,
    [...used].flatMap((name) => fragments.get(name) ?? []),
  );
}

function rootNames(document: DocumentNode): readonly string[] {
  const names = (one: SelectionNode): readonly string[] => {
    if (one.kind === Kind.FIELD) return [(one.alias ?? one.name).value];
    return one.kind === Kind.INLINE_FRAGMENT ? one.selectionSet.selections.flatMap(names) : [];
  };
  const operation = operationOf(document);
  return operation === undefined ? [] : inlined(operation.selectionSet, fragmentsOf(document)).flatMap(names);
}

function operationOf(document: DocumentNode): OperationDefinitionNode | undefined {
  return document.definitions.find((one) => one.kind === Kind.OPERATION_DEFINITION);
}

/** Returns the fragments of a document by their names. */
export function fragmentsOf(document: DocumentNode): Fragments {
  return new Map(
    document.definitions.flatMap((one) =>
      one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one] as const] : [],
    ),
  );
}

/** Removes unused variables: their types may be missing in the schema of this part. */
function withoutUnused(
  operation: OperationDefinitionNode,
  fragments: readonly FragmentDefinitionNode[],
): DocumentNode {
  const used = new Set<string>();
  const note = { Variable: ({ name }: VariableNode) => void used.add(name.value) };
  for (const one of [operation, ...fragments])
    for (const part of [one.selectionSet, ...(one.directives ?? [])]) visit(part, note);
  const variableDefinitions = (operation.variableDefinitions ?? []).filter(({ variable }) =>
    used.has(variable.name.value),
  );
  return { kind: Kind.DOCUMENT, definitions: [{ ...operation, variableDefinitions }, ...fragments] };
}

/** Inlines the fragments at the root, so that each root field can be filtered separately. */
export function inlined(set: SelectionSetNode, fragments: Fragments): readonly SelectionNode[] {
  return set.selections.map((selection): SelectionNode => {
    if (selection.kind === Kind.FIELD) return selection;
    const own = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
    if (own === undefined) return selection;
    return {
      kind: Kind.INLINE_FRAGMENT,
      ...(own.typeCondition === undefined ? {} : { typeCondition: own.typeCondition }),
      directives: selection.directives ?? [],
      selectionSet: { ...own.selectionSet, selections: inlined(own.selectionSet, fragments) },
    };
  });
}

function prune(selection: SelectionNode, wanted: (field: FieldNode) => boolean): readonly SelectionNode[] {
  if (selection.kind === Kind.FIELD) return wanted(selection) ? [selection] : [];
  if (selection.kind === Kind.FRAGMENT_SPREAD) return [selection];
  const selections = selection.selectionSet.selections.flatMap((one) => prune(one, wanted));
  return selections.length === 0
    ? []
    : [{ ...selection, selectionSet: { ...selection.selectionSet, selections } }];
}

function namesIn(
  set: SelectionSetNode,
  fragments: Fragments,
  met: Set<string> = new Set(),
): ReadonlySet<string> {
  for (const selection of set.selections) {
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      const fragment = fragments.get(selection.name.value);
      if (met.has(selection.name.value) || fragment === undefined) continue;
      met.add(selection.name.value);
      namesIn(fragment.selectionSet, fragments, met);
    } else if (selection.selectionSet !== undefined) namesIn(selection.selectionSet, fragments, met);
  }
  return met;
}
