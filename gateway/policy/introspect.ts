import {
  type DocumentNode,
  execute,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

/** An operation in two: what it asks of the schema, and what it asks of the data. Null where it asks nothing of it. */
export type Split = { readonly schema: DocumentNode | null; readonly data: DocumentNode | null };

const ofSchema = new Set(['__schema', '__type']);

/**
 * Splits an operation at its root: `__schema` and `__type` are answered here, from the schema of the reader's own kind,
 * and never by the planner, which knows the whole one.
 */
export function splitIntrospection(document: DocumentNode): Split {
  if (!asksSchema(document)) return { schema: null, data: document };
  return {
    schema: keep(document, (field) => ofSchema.has(field.name.value)),
    data: keep(document, (field) => !ofSchema.has(field.name.value)),
  };
}

/** Answers the schema's half from the schema of the reader's kind. Its data is what any GraphQL server would say. */
export function introspect(
  half: DocumentNode,
  schema: GraphQLSchema,
  variables: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const result = execute({ schema, document: half, variableValues: variables }) as {
    data?: Record<string, unknown> | null;
  };
  return result.data ?? {};
}

function asksSchema(document: DocumentNode): boolean {
  return document.definitions.some(
    (one) =>
      (one.kind === Kind.OPERATION_DEFINITION || one.kind === Kind.FRAGMENT_DEFINITION) &&
      mentions(one.selectionSet),
  );
}

/** These fields are at home on the root type only, so wherever they stand they are root fields. */
function mentions(set: SelectionSetNode): boolean {
  return set.selections.some(
    (selection) =>
      (selection.kind === Kind.FIELD && ofSchema.has(selection.name.value)) ||
      (selection.kind === Kind.INLINE_FRAGMENT && mentions(selection.selectionSet)),
  );
}

/** The document with those of its root fields only; null where none is left. What that leaves unused is left out. */
function keep(document: DocumentNode, wanted: (field: FieldNode) => boolean): DocumentNode | null {
  const fragments = new Map(
    document.definitions.flatMap((one) =>
      one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one] as const] : [],
    ),
  );
  const operation = document.definitions.find(
    (one): one is OperationDefinitionNode => one.kind === Kind.OPERATION_DEFINITION,
  );
  if (operation === undefined) return null;
  const selections = inlined(operation.selectionSet, fragments).flatMap((one) => prune(one, wanted));
  if (selections.length === 0) return null;
  const kept: OperationDefinitionNode = {
    ...operation,
    selectionSet: { ...operation.selectionSet, selections },
  };
  const used = namesIn(kept.selectionSet, fragments);
  return {
    ...document,
    definitions: [kept, ...[...used].flatMap((name) => fragments.get(name) ?? [])],
  };
}

/** Root fragments written out in place, so that each root field can be kept or left by itself. */
function inlined(
  set: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): readonly SelectionNode[] {
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
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
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
