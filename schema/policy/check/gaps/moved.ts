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

/** A coordinate that is carried to where another is answered: the selection, and the type that it starts at. */
type Move = {
  readonly at: string;
  readonly word: string;
  readonly reader: Place | undefined;
  readonly types: readonly string[];
  readonly selection: string;
};

/**
 * What federation would carry from one subgraph into another's answer, one a line: allowed only where whoever reads
 * the answer reads what went into it, since it has the same place in the policy or is public.
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
    return [
      `${type}.${field}: @override takes it over from ${textOf(directive, 'from')}, whose guard it had`,
    ];
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
    // An argument that is filled from an object further up: "$context { field }".
    const [, context = '', selection = ''] =
      /^\s*\$(\w+)([^]*)$/.exec(textOf(directive, 'field') ?? '') ?? [];
    const inner = selection.trim().replace(/^\{([^]*)\}$/, '$1');
    return moveOf('@fromContext', type, field, typesIn(subgraph, context), inner, policy);
  });
  return [...required, ...provided, ...contextual];
}

function moveOf(
  word: string,
  type: string,
  field: string,
  types: readonly string[],
  selection: string | undefined,
  { coordinates }: Policy,
): Move {
  const reader = coordinates.placeOf(type, field);
  return { at: `${type}.${field}`, word, reader, types, selection: selection ?? '' };
}

function typesIn(subgraph: Subgraph, context: string): readonly string[] {
  return objectNodes(subgraph)
    .filter(({ directives = [] }) =>
      directives.some((one) => one.name.value === 'context' && textOf(one, 'name') === context),
    )
    .map(({ name }) => name.value);
}

function findCarried(
  { at, word, reader, types, selection }: Move,
  schema: GraphQLSchema,
  policy: Policy,
): readonly string[] {
  const carried = selectionOf(selection);
  if (carried === null || types.length === 0) return [`${at}: ${word} names nothing that can be checked`];
  return types
    .flatMap((type) => coordinatesIn(carried, type, schema))
    .filter((coordinate) => !mayCarry(reader, placeAt(coordinate, policy)))
    .map((coordinate) => `${at}: ${word} reads ${coordinate}, which its reader may not`);
}

/** Whether everybody who reads one place reads another. A value's own parts were decided with what gives it. */
function mayCarry(reader: Place | undefined, carried: Place | undefined): boolean {
  if (reader === undefined || carried === undefined) return false;
  if (isPublic(carried) || (carried.nature === 'part' && carried.kind === null)) return true;
  return carried.kind === reader.kind && carried.group === reader.group && carried.action === reader.action;
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

/** A directive where it stands: at a field, or at one of its arguments. */
type Standing = { readonly type: string; readonly field: string; readonly directive: ConstDirectiveNode };

function fieldDirectives(subgraph: Subgraph, name: string): readonly Standing[] {
  return fieldsOf(subgraph).flatMap(({ type, field }) => standing(type, field.name.value, field, name));
}

function argumentDirectives(subgraph: Subgraph, name: string): readonly Standing[] {
  return fieldsOf(subgraph).flatMap(({ type, field }) =>
    (field.arguments ?? []).flatMap((argument) => standing(type, field.name.value, argument, name)),
  );
}

function standing(
  type: string,
  field: string,
  { directives = [] }: { readonly directives?: readonly ConstDirectiveNode[] | undefined },
  name: string,
): readonly Standing[] {
  return directives
    .filter((directive) => directive.name.value === name)
    .map((directive) => ({ type, field, directive }));
}

function fieldsOf(subgraph: Subgraph) {
  return objectNodes(subgraph).flatMap((node) =>
    (node.fields ?? []).map((field) => ({ type: node.name.value, field })),
  );
}
