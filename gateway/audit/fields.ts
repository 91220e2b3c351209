import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  getOperationAST,
  type GraphQLNamedType,
  type GraphQLSchema,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { isActive } from '../request/active.ts';
import type { FieldsGiven } from './entry.ts';

type Data = Readonly<Record<string, unknown>>;
type Walk = {
  readonly schema: GraphQLSchema;
  readonly variables: Data;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly given: Set<string>;
  readonly asked: Set<string>;
};

/**
 * Returns the coordinates that the operation selects, such as `Advisory.title`: those of which at least one value is in
 * the data, and those that are null or empty everywhere. A field of an interface counts under the type that the operation
 * selects it on. Fields that @skip and @include leave out, and `__typename`, do not count.
 */
export function fieldsOf(
  document: DocumentNode,
  variables: Data,
  data: Data | null,
  schema: GraphQLSchema,
): FieldsGiven {
  const fragments = document.definitions.filter((one) => one.kind === Kind.FRAGMENT_DEFINITION);
  const operation = getOperationAST(document);
  const root = operation ? schema.getRootType(operation.operation) : undefined;
  if (!operation || !root) return { given: [], empty: [] };
  const walk: Walk = {
    schema,
    variables,
    fragments: new Map(fragments.map((one) => [one.name.value, one])),
    given: new Set(),
    asked: new Set(),
  };
  walkSet(operation.selectionSet, root, data === null ? [] : [data], walk);
  return { given: [...walk.given], empty: [...walk.asked.difference(walk.given)] };
}

function walkSet(set: SelectionSetNode, type: GraphQLNamedType, objects: readonly Data[], walk: Walk): void {
  for (const selection of set.selections) {
    if (!isActive(selection, walk.variables)) continue;
    if (selection.kind === Kind.FIELD) {
      walkField(selection, type, objects, walk);
      continue;
    }
    const fragment =
      selection.kind === Kind.FRAGMENT_SPREAD ? walk.fragments.get(selection.name.value) : selection;
    const condition = fragment?.typeCondition?.name.value;
    const inner = condition === undefined ? type : walk.schema.getType(condition);
    if (fragment !== undefined && isCompositeType(inner))
      walkSet(fragment.selectionSet, inner, objects, walk);
  }
}

function walkField(field: FieldNode, type: GraphQLNamedType, objects: readonly Data[], walk: Walk): void {
  const name = field.name.value;
  const definition = isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined;
  if (definition === undefined) return;
  const coordinate = `${type.name}.${name}`;
  walk.asked.add(coordinate);
  const key = field.alias?.value ?? name;
  const values = objects.flatMap((one) => (Object.hasOwn(one, key) ? flatten(one[key]) : []));
  if (values.length > 0) walk.given.add(coordinate);
  if (field.selectionSet === undefined) return;
  walkSet(field.selectionSet, getNamedType(definition.type), values.filter(isObject), walk);
}

/** Returns the values in a value and in its lists, without null. */
function flatten(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  return Array.isArray(value) ? value.flatMap(flatten) : [value];
}

function isObject(value: unknown): value is Data {
  return typeof value === 'object' && value !== null;
}
