import {
  type DocumentNode,
  type FieldNode,
  getNamedType,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/** What the policy says of an operation before it is planned. */
export type Decision = {
  /** Coordinates that this kind of reader may never use: cut out, never fetched, answered as null. */
  readonly refused: readonly string[];
  /** The document without them; null where nothing is left to ask. */
  readonly allowed: DocumentNode | null;
};

/**
 * Decides an operation for a kind of reader, from the schema and the policy alone: no data is looked at, so what
 * it says is the same whatever exists.
 */
export function decide(
  mayUse: (type: string, field: string) => boolean,
  operation: { readonly document: DocumentNode; readonly operationName: string | null },
  schema: GraphQLSchema,
): Decision {
  const refused = new Set<string>();
  const typeInfo = new TypeInfo(schema);
  const cut = visit(
    operation.document,
    visitWithTypeInfo(typeInfo, {
      Field: (field) => {
        const parent = typeInfo.getParentType();
        if (parent === null || parent === undefined || field.name.value.startsWith('__')) return undefined;
        const own = getNamedType(parent).name;
        if (own.startsWith('__') || mayUse(own, field.name.value)) return undefined;
        refused.add(`${own}.${field.name.value}`);
        return null;
      },
      SelectionSet: { leave: fillEmpty },
    }),
  );
  if (refused.size === 0) return { refused: [], allowed: operation.document };
  return {
    refused: [...refused].toSorted(),
    allowed: asksSomething(cut, operation.operationName) ? cut : null,
  };
}

/** A selection that lost all its fields still has to be a selection: the type's name tells nothing. */
function fillEmpty(node: SelectionSetNode): SelectionSetNode | undefined {
  if (node.selections.length > 0) return undefined;
  const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };
  return { ...node, selections: [typename] };
}

function asksSomething(document: DocumentNode, operationName: string | null): boolean {
  const fragments = new Map(
    document.definitions.flatMap((one) =>
      one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one]] : [],
    ),
  );
  const hasField = (set: SelectionSetNode): boolean =>
    set.selections.some((selection) => {
      if (selection.kind === Kind.FIELD) return selection.name.value !== '__typename';
      if (selection.kind === Kind.INLINE_FRAGMENT) return hasField(selection.selectionSet);
      const fragment = fragments.get(selection.name.value);
      return fragment !== undefined && hasField(fragment.selectionSet);
    });
  const operations = document.definitions.filter(
    (one): one is OperationDefinitionNode => one.kind === Kind.OPERATION_DEFINITION,
  );
  const chosen = operations.find((one) => operationName === null || one.name?.value === operationName);
  return chosen !== undefined && hasField(chosen.selectionSet);
}
