import {
  type ArgumentNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  type FragmentSpreadNode,
  getNamedType,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  TypeInfo,
  valueFromAST,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { isActive } from './active.ts';

/** The values of an input object, and the name of its type. */
export type GivenInput = {
  readonly type: string;
  readonly values: Readonly<Record<string, unknown>>;
};

/**
 * Returns all input objects in the arguments of an operation, with those in their fields, in the order of the document.
 * Selections that `@skip` or `@include` leaves out are not executed, so their inputs are not returned.
 */
export function inputsIn(
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
  schema: GraphQLSchema,
): readonly GivenInput[] {
  const found: GivenInput[] = [];
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const one of document.definitions)
    if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one);
  const unlessLeftOut = (node: SelectionNode): false | undefined =>
    isActive(node, variables) ? undefined : false;
  const collectIn = (root: OperationDefinitionNode | FragmentDefinitionNode): void => {
    const types = new TypeInfo(schema);
    const visitor = {
      Field: unlessLeftOut,
      InlineFragment: unlessLeftOut,
      FragmentSpread: (node: FragmentSpreadNode) => {
        const fragment = isActive(node, variables) ? fragments.get(node.name.value) : undefined;
        if (fragment === undefined) return;
        // Each fragment is visited once.
        fragments.delete(node.name.value);
        collectIn(fragment);
      },
      Argument: ({ value }: ArgumentNode) => {
        const type = types.getInputType();
        if (type) collect(valueFromAST(value, type, variables), type, found);
        return false;
      },
    };
    visit(root, visitWithTypeInfo(types, visitor));
  };
  for (const one of document.definitions) if (one.kind === Kind.OPERATION_DEFINITION) collectIn(one);
  return found;
}

function collect(value: unknown, type: GraphQLInputType, found: GivenInput[]): void {
  const named = getNamedType(type);
  if (!isInputObjectType(named) || typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const one of value) collect(one, type, found);
    return;
  }
  const values = value as Readonly<Record<string, unknown>>;
  found.push({ type: named.name, values });
  for (const [name, field] of Object.entries(named.getFields())) collect(values[name], field.type, found);
}
