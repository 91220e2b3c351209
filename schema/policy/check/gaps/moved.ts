import {
  type ConstDirectiveNode,
  getNamedType,
  type GraphQLSchema,
  isObjectType,
  Kind,
  parse,
  type SelectionSetNode,
} from 'graphql';
import { isPublic, type Place } from '../../language/coordinates.ts';
import type { Policy } from '../../decide/policy.ts';
import { objectNodes, type Subgraph, textOf } from './subgraph.ts';

/** A selection whose values federation passes to the resolver of another coordinate. */
type Move = {
  /** The coordinate whose resolver gets the values. */
  readonly at: string;
  readonly directive: string;
  /** The place of `at` in the policy. */
  readonly target: Place | undefined;
  /** The types that the selection starts at. */
  readonly types: readonly string[];
  readonly selection: string;
};

/**
 * Returns a message for each value that federation passes from one subgraph into the response of another without the
 * same guard. It is allowed if the value has the same place in the policy as the response, or is public: then each
 * reader of the response may also read the value.
 */
export function findMoved(subgraph: Subgraph, policy: Policy): readonly string[] {
  return [
    ...findTakenOver(subgraph, policy),
    ...movesOf(subgraph, policy).flatMap((move) => findCarried(move, subgraph.schema, policy)),
  ];
}

function findTakenOver(subgraph: Subgraph, { coordinates }: Policy): readonly string[] {
  return fieldDirectives(subgraph, 'override').flatMap(({ type, field, directive }) => {
    const place = coordinates.placeOf(type, field);
    if (place !== undefined && isPublic(place)) return [];
    return [`${type}.${field}: @override bypasses the guard of ${textOf(directive, 'from')}`];
  });
}

function movesOf(subgraph: Subgraph, policy: Policy): readonly Move[] {
  const { schema } = subgraph;
  const required = fieldDirectives(subgraph, 'requires').map(({ type, field, directive }) =>
    moveOf('@requires', type, field, [type], textOf(directive, 'fields'), policy),
  );
  const provided = fieldDirectives(subgraph, 'provides').map(({ type, field, directive }) =>
    moveOf('@provides', type, field, givenBy(schema, type, field), textOf(directive, 'fields'), policy),
  );
  const contextual = argumentDirectives(subgraph, 'fromContext').map(({ type, field, directive }) => {
    // An argument with a value of a parent object: "$context { field }".
    const [, context = '', selection = ''] =
      /^\s*\$(\w+)([^]*)$/.exec(textOf(directive, 'field') ?? '') ?? [];
    const inner = selection.trim().replace(/^\{([^]*)\}$/, '$1');
    return moveOf('@fromContext', type, field, typesIn(subgraph, context), inner, policy);
  });
  return [...required, ...provided, ...contextual];
}

function moveOf(
  directive: string,
  type: string,
  field: string,
  types: readonly string[],
  selection: string | undefined,
  { coordinates }: Policy,
): Move {
  const target = coordinates.placeOf(type, field);
  return { at: `${type}.${field}`, directive, target, types, selection: selection ?? '' };
}

function typesIn(subgraph: Subgraph, context: string): readonly string[] {
  return objectNodes(subgraph)
    .filter(({ directives = [] }) =>
      directives.some((one) => one.name.value === 'context' && textOf(one, 'name') === context),
    )
    .map(({ name }) => name.value);
}

function findCarried(
  { at, directive, target, types, selection }: Move,
  schema: GraphQLSchema,
  policy: Policy,
): readonly string[] {
  const carried = selectionOf(selection);
  if (carried === null || types.length === 0)
    return [`${at}: ${directive} has no selection that can be checked`];
  return types
    .flatMap((type) => coordinatesIn(carried, type, schema))
    .filter((coordinate) => !mayCarry(target, placeAt(coordinate, policy)))
    .map((coordinate) => `${at}: ${directive} uses ${coordinate}, which its readers may not read`);
}

/** Returns true if each reader of the target may read the carried value. A part is decided with the field that returns it. */
function mayCarry(target: Place | undefined, carried: Place | undefined): boolean {
  if (target === undefined || carried === undefined) return false;
  if (isPublic(carried) || (carried.nature === 'part' && carried.kind === null)) return true;
  return carried.kind === target.kind && carried.group === target.group && carried.action === target.action;
}

function placeAt(coordinate: string, { coordinates }: Policy): Place | undefined {
  const [type = '', field = ''] = coordinate.split('.');
  return coordinates.placeOf(type, field);
}

function coordinatesIn(set: SelectionSetNode, type: string, schema: GraphQLSchema): readonly string[] {
  return set.selections.flatMap((selection): readonly string[] => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return [`${type}.${selection.name.value}`];
    if (selection.kind === Kind.INLINE_FRAGMENT)
      return coordinatesIn(selection.selectionSet, selection.typeCondition?.name.value ?? type, schema);
    const field = selection.name.value;
    if (field === '__typename') return [];
    const [inner = ''] = givenBy(schema, type, field);
    const below =
      selection.selectionSet === undefined ? [] : coordinatesIn(selection.selectionSet, inner, schema);
    return [`${type}.${field}`, ...below];
  });
}

function selectionOf(text: string): SelectionSetNode | null {
  try {
    const [operation] = parse(`{ ${text} }`).definitions;
    return operation?.kind === Kind.OPERATION_DEFINITION ? operation.selectionSet : null;
  } catch {
    return null;
  }
}

function givenBy(schema: GraphQLSchema, type: string, field: string): readonly string[] {
  const parent = schema.getType(type);
  const found = isObjectType(parent) ? parent.getFields()[field] : undefined;
  return found === undefined ? [] : [getNamedType(found.type).name];
}

/** A directive of a field or of one of its arguments. */
type Located = { readonly type: string; readonly field: string; readonly directive: ConstDirectiveNode };

function fieldDirectives(subgraph: Subgraph, name: string): readonly Located[] {
  return fieldsOf(subgraph).flatMap(({ type, field }) => located(type, field.name.value, field, name));
}

function argumentDirectives(subgraph: Subgraph, name: string): readonly Located[] {
  return fieldsOf(subgraph).flatMap(({ type, field }) =>
    (field.arguments ?? []).flatMap((argument) => located(type, field.name.value, argument, name)),
  );
}

function located(
  type: string,
  field: string,
  { directives = [] }: { readonly directives?: readonly ConstDirectiveNode[] | undefined },
  name: string,
): readonly Located[] {
  return directives
    .filter((directive) => directive.name.value === name)
    .map((directive) => ({ type, field, directive }));
}

function fieldsOf(subgraph: Subgraph) {
  return objectNodes(subgraph).flatMap((node) =>
    (node.fields ?? []).map((field) => ({ type: node.name.value, field })),
  );
}
