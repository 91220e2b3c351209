import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  Kind,
  type NameNode,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { PlanNames } from './names.ts';

/**
 * Returns the documents to plan, to be executed in this order: one, or one for each root field of a mutation, since
 * planners read what the first field changed after all fields have changed it. They have the keys of `names`, none of
 * the selections that `@skip` or `@include` leave out whatever the variables are, and no conditions that always hold.
 * Empty if nothing is left at the root.
 */
export function plannedDocuments(
  document: DocumentNode,
  names: PlanNames,
  schema: GraphQLSchema,
): readonly DocumentNode[] {
  const selected = withoutConstants(withKeys(withTypeNames(document, names, schema), names));
  if (selected === null) return [];
  const operation = selected.definitions.find(
    (one): one is OperationDefinitionNode => one.kind === Kind.OPERATION_DEFINITION,
  );
  if (operation?.operation !== OperationTypeNode.MUTATION) return [selected];
  // Selections of one key are one field: it is executed once.
  const byKey = Map.groupBy(rootFields(operation.selectionSet.selections, selected), ({ key }) => key);
  return [...byKey.values()].map((fields) => {
    const selections = fields.map(({ selection }) => selection);
    const one = { ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections } } as const;
    return {
      ...selected,
      definitions: selected.definitions.map((definition) => (definition === operation ? one : definition)),
    };
  });
}

type RootField = { readonly key: string; readonly selection: SelectionNode };

/** Returns the root fields of a mutation, each with the conditions of the fragments that it was in. */
function rootFields(selections: readonly SelectionNode[], document: DocumentNode): readonly RootField[] {
  return selections.flatMap((one): readonly RootField[] => {
    if (one.kind === Kind.FIELD) return [{ key: (one.alias ?? one.name).value, selection: one }];
    const inside =
      one.kind === Kind.INLINE_FRAGMENT
        ? one
        : document.definitions.find(
            (other) => other.kind === Kind.FRAGMENT_DEFINITION && other.name.value === one.name.value,
          );
    if (inside === undefined || !('selectionSet' in inside)) return [];
    const { directives } = one;
    return rootFields(inside.selectionSet.selections, document).map(({ key, selection }) =>
      directives === undefined || directives.length === 0
        ? { key, selection }
        : {
            key,
            selection: {
              kind: Kind.INLINE_FRAGMENT,
              directives,
              selectionSet: { kind: Kind.SELECTION_SET, selections: [selection] },
            },
          },
    );
  });
}

/**
 * Asks for the type of an object where a subgraph knows its interface only and a fragment depends on the type. Hive's
 * planner does not.
 */
function withTypeNames(document: DocumentNode, names: PlanNames, schema: GraphQLSchema): DocumentNode {
  if (!names.hasInterfaceObjects) return document;
  const types = new TypeInfo(schema);
  return visit(
    document,
    visitWithTypeInfo(types, {
      SelectionSet: (set) => {
        const isKnown = !names.isInterfaceObject(types.getParentType()?.name ?? '');
        const depends = set.selections.some(({ kind }) => kind !== Kind.FIELD);
        return isKnown || !depends ? undefined : { ...set, selections: [...set.selections, typeName] };
      },
    }),
  );
}

const typeName: SelectionNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

function withKeys(document: DocumentNode, names: PlanNames): DocumentNode {
  const rename = (node: { readonly name: NameNode }): NameNode => ({
    ...node.name,
    value: names.variableOf(node.name.value),
  });
  return visit(document, {
    Field: (node): FieldNode | undefined => {
      const key = names.keyOf(node);
      if (key === (node.alias ?? node.name).value) return undefined;
      const { alias: _alias, ...plain } = node;
      return key === node.name.value ? plain : { ...node, alias: { kind: Kind.NAME, value: key } };
    },
    Variable: (node) => ({ ...node, name: rename(node) }),
  });
}

/** Planners fail on a selection that is always left out. Null if nothing is left at the root. */
function withoutConstants(document: DocumentNode): DocumentNode | null {
  const left = visit(document, {
    Field: (node) => withoutConstant(node),
    InlineFragment: (node) => withoutConstant(node),
    FragmentSpread: (node) => withoutConstant(node),
  });
  const cleaned = left === document ? document : withoutEmpty(left);
  const operation = cleaned.definitions.find((one) => one.kind === Kind.OPERATION_DEFINITION);
  return operation?.kind === Kind.OPERATION_DEFINITION && operation.selectionSet.selections.length > 0
    ? cleaned
    : null;
}

/** Returns null for a selection that is never there. */
function withoutConstant<Node extends SelectionNode>(node: Node): Node | null | undefined {
  const constant = (node.directives ?? []).flatMap((directive) => {
    const holds = holdsAlways(directive);
    return holds === null ? [] : [{ directive, holds }];
  });
  if (constant.length === 0) return undefined;
  if (constant.some(({ holds }) => !holds)) return null;
  const constants = constant.map(({ directive }) => directive);
  return { ...node, directives: (node.directives ?? []).filter((one) => !constants.includes(one)) };
}

function holdsAlways({ name, arguments: given }: DirectiveNode): boolean | null {
  if (name.value !== 'skip' && name.value !== 'include') return null;
  const value = given?.find((argument) => argument.name.value === 'if')?.value;
  return value?.kind === Kind.BOOLEAN ? value.value === (name.value === 'include') : null;
}

/** A field whose selections are all left out is an empty object: its type's name stands for it. Empty fragments go. */
function withoutEmpty(document: DocumentNode): DocumentNode {
  const empty = new Set(
    document.definitions.flatMap((one) =>
      one.kind === Kind.FRAGMENT_DEFINITION && one.selectionSet.selections.length === 0
        ? [one.name.value]
        : [],
    ),
  );
  const used = new Set<string>();
  const cleaned = visit(document, {
    Field: {
      leave: (node) =>
        node.selectionSet?.selections.length === 0
          ? { ...node, selectionSet: { ...node.selectionSet, selections: [typeName] } }
          : undefined,
    },
    InlineFragment: {
      leave: (node) => (node.selectionSet.selections.length === 0 ? null : undefined),
    },
    FragmentSpread: (node) => {
      if (empty.has(node.name.value)) return null;
      used.add(node.name.value);
      return undefined;
    },
  });
  const definitions = cleaned.definitions.filter(
    (one) => one.kind !== Kind.FRAGMENT_DEFINITION || used.has(one.name.value),
  );
  const kept = { ...cleaned, definitions };
  const isDone = definitions.every(
    (one) => !('selectionSet' in one) || one.selectionSet.selections.length > 0,
  );
  const isEmpty = definitions.length === 1 && !isDone;
  return isDone || isEmpty ? kept : withoutEmpty(kept);
}
