import {
  type ArgumentNode,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  getNullableType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { hiddenMember } from './hidden-input.ts';

/** The decision on an operation before it is planned. */
export type Decision = {
  /** Coordinates that this kind of reader may never use: removed, never fetched, null in the answer. */
  readonly refused: readonly string[];
  /** Where the operation asks for them. */
  readonly refusedAt: readonly RefusedPlace[];
  /** The document without them, valid under the kind's schema; null if nothing is left. */
  readonly allowed: DocumentNode | null;
};

/** A path at which the operation asks for refused coordinates. It ends at the first list, so it depends on no data. */
export type RefusedPlace = { readonly path: readonly string[]; readonly coordinates: readonly string[] };

/** One operation with the fragments that it uses, and its coerced variables. */
export type Operation = {
  readonly document: DocumentNode;
  readonly variables: Readonly<Record<string, unknown>>;
};

/**
 * Decides an operation for a kind of reader: removes every coordinate that is in `whole` but not in `ofKind`. It reads
 * no data, so the decision is the same whatever records exist. A coordinate that the client leaves out (`@skip`,
 * `@include`) is removed but not reported as refused.
 */
export function decide(
  { document, variables }: Operation,
  whole: GraphQLSchema,
  ofKind: GraphQLSchema,
): Decision {
  const operation = document.definitions.find(
    (one): one is OperationDefinitionNode => one.kind === Kind.OPERATION_DEFINITION,
  );
  const root = operation === undefined ? undefined : whole.getRootType(operation.operation);
  if (operation === undefined || !root) return { refused: [], refusedAt: [], allowed: null };
  const pruner = new Pruner(document, variables, whole, ofKind);
  const selectionSet = pruner.pruneWhole(operation.selectionSet, root);
  if (!pruner.hasPruned) return { refused: [], refusedAt: [], allowed: document };
  const refused = [...pruner.refused].toSorted();
  const refusedAt = refused.length === 0 ? [] : pruner.placesIn(operation.selectionSet, root);
  const fragments = pruner.fragments();
  if (!asksSomething(selectionSet, fragments)) return { refused, refusedAt, allowed: null };
  const variableDefinitions = (operation.variableDefinitions ?? []).filter(({ variable }) =>
    pruner.variables.has(variable.name.value),
  );
  const definitions = [{ ...operation, variableDefinitions, selectionSet }, ...fragments.values()];
  return { refused, refusedAt, allowed: { kind: Kind.DOCUMENT, definitions } };
}

const maxPlaces = 100;

type Values = Operation['variables'];
type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;
type PrunedFragment = { readonly active: boolean; readonly definition: FragmentDefinitionNode | null };

/** Prunes one operation, and collects the refusals and the variables that are still used. */
class Pruner {
  readonly refused = new Set<string>();
  /** The variables that the pruned document still uses. */
  readonly variables = new Set<string>();
  hasPruned = false;
  readonly #given: Fragments;
  readonly #values: Values;
  readonly #whole: GraphQLSchema;
  readonly #ofKind: GraphQLSchema;
  readonly #pruned = new Map<string, PrunedFragment>();

  constructor(document: DocumentNode, values: Values, whole: GraphQLSchema, ofKind: GraphQLSchema) {
    this.#given = new Map(
      document.definitions.flatMap((one) =>
        one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one] as const] : [],
      ),
    );
    this.#values = values;
    this.#whole = whole;
    this.#ofKind = ofKind;
  }

  /** Returns the pruned fragments that are not empty. */
  fragments(): Fragments {
    return new Map(
      [...this.#pruned].flatMap(([name, { definition }]) => (definition ? [[name, definition]] : [])),
    );
  }

  /** Prunes a selection set. An empty one would be invalid, so it becomes `__typename`, which reveals nothing. */
  pruneWhole(set: SelectionSetNode, parent: GraphQLObjectType, active = true): SelectionSetNode {
    return this.#pruneSet(set, parent, active) ?? { ...set, selections: [typename] };
  }

  /**
   * Returns where the operation asks for hidden coordinates, with fragments expanded: the size of the operation is
   * limited before. More than 100 places are joined to one for each root field.
   */
  placesIn(set: SelectionSetNode, root: GraphQLObjectType): readonly RefusedPlace[] {
    const found = [...this.#findHidden(set.selections, root, { path: [], inList: false })];
    const places = joinPlaces(found);
    if (places.length <= maxPlaces) return places;
    return joinPlaces(found.map(({ path, coordinates }) => ({ path: path.slice(0, 1), coordinates })));
  }

  *#findHidden(
    selections: readonly SelectionNode[],
    parent: GraphQLObjectType,
    at: { readonly path: readonly string[]; readonly inList: boolean },
  ): Generator<RefusedPlace> {
    for (const one of selections) {
      if (!this.#isAsked(one.directives)) continue;
      if (one.kind === Kind.FIELD) yield* this.#findHiddenAt(one, parent, at);
      else {
        const fragment = one.kind === Kind.FRAGMENT_SPREAD ? this.#given.get(one.name.value) : one;
        const condition = fragment?.typeCondition?.name.value;
        const type = condition === undefined ? parent : this.#objectNamed(condition);
        if (fragment && type) yield* this.#findHidden(fragment.selectionSet.selections, type, at);
      }
    }
  }

  *#findHiddenAt(
    field: FieldNode,
    parent: GraphQLObjectType,
    at: { readonly path: readonly string[]; readonly inList: boolean },
  ): Generator<RefusedPlace> {
    const given = parent.getFields()[field.name.value]?.type;
    if (given === undefined) return;
    const path = at.inList ? at.path : [...at.path, (field.alias ?? field.name).value];
    const coordinate = this.#hiddenAt(field, parent);
    if (coordinate !== null) yield { path, coordinates: [coordinate] };
    const type = getNamedType(given);
    if (coordinate !== null || field.selectionSet === undefined || !isObjectType(type)) return;
    const inList = at.inList || isListType(getNullableType(given));
    yield* this.#findHidden(field.selectionSet.selections, type, { path, inList });
  }

  /** Returns null if nothing is left. `active` is false under `@skip(if: true)` or `@include(if: false)`: pruned, but not reported as refused. */
  #pruneSet(set: SelectionSetNode, parent: GraphQLObjectType, active: boolean): SelectionSetNode | null {
    const selections = set.selections.flatMap((one) => this.#pruneOne(one, parent, active) ?? []);
    return selections.length === 0 ? null : { ...set, selections };
  }

  #pruneOne(one: SelectionNode, parent: GraphQLObjectType, active: boolean): SelectionNode | null {
    const asked = active && this.#isAsked(one.directives);
    const left = this.#prunedOf(one, parent, asked);
    if (left === null) this.hasPruned = true;
    else this.#collectFrom(left.directives);
    return left;
  }

  #prunedOf(one: SelectionNode, parent: GraphQLObjectType, asked: boolean): SelectionNode | null {
    if (one.kind === Kind.FIELD) return this.#pruneField(one, parent, asked);
    if (one.kind === Kind.FRAGMENT_SPREAD) return this.#pruneFragment(one.name.value, asked) ? one : null;
    const type = one.typeCondition === undefined ? parent : this.#objectNamed(one.typeCondition.name.value);
    const selectionSet = type && this.#pruneSet(one.selectionSet, type, asked);
    return selectionSet ? { ...one, selectionSet } : null;
  }

  #pruneField(field: FieldNode, parent: GraphQLObjectType, asked: boolean): FieldNode | null {
    const name = field.name.value;
    if (name === '__typename') return field;
    const hidden = this.#hiddenAt(field, parent);
    if (hidden !== null) {
      if (asked) this.refused.add(hidden);
      return null;
    }
    this.#collectFrom(field.arguments);
    const type = getNamedType(parent.getFields()[name]?.type);
    if (field.selectionSet === undefined || !isObjectType(type)) return field;
    return { ...field, selectionSet: this.pruneWhole(field.selectionSet, type, asked) };
  }

  /** Returns the hidden coordinate of a field: its own, an argument's, or an input member's; null if none is hidden. */
  #hiddenAt(field: FieldNode, parent: GraphQLObjectType): string | null {
    const type = this.#ofKind.getType(parent.name);
    const shown = isObjectType(type) ? type.getFields()[field.name.value] : undefined;
    const own = `${parent.name}.${field.name.value}`;
    if (shown === undefined) return own;
    for (const { name, value } of field.arguments ?? []) {
      const argument = shown.args.find((one) => one.name === name.value);
      if (argument === undefined) return `${own}(${name.value}:)`;
      const member = hiddenMember(value, argument.type, this.#values);
      if (member !== null) return member;
    }
    return null;
  }

  /** Prunes each fragment once, and a second time if the first use was inactive. */
  #pruneFragment(name: string, active: boolean): FragmentDefinitionNode | null {
    const known = this.#pruned.get(name);
    if (known !== undefined && (known.active || !active)) return known.definition;
    const given = this.#given.get(name);
    const type = given && this.#objectNamed(given.typeCondition.name.value);
    const selectionSet = type && this.#pruneSet(given.selectionSet, type, active);
    const definition = selectionSet ? { ...given, selectionSet } : null;
    this.#pruned.set(name, { active, definition });
    return definition;
  }

  #objectNamed(name: string): GraphQLObjectType | null {
    const type = this.#whole.getType(name);
    return isObjectType(type) ? type : null;
  }

  #isAsked(directives: readonly DirectiveNode[] | undefined): boolean {
    return (directives ?? []).every(({ name, arguments: given }) => {
      if (name.value !== 'skip' && name.value !== 'include') return true;
      const value = given?.[0]?.value;
      const says =
        value?.kind === Kind.VARIABLE
          ? this.#values[value.name.value] === true
          : value?.kind === Kind.BOOLEAN && value.value;
      return says === (name.value === 'include');
    });
  }

  #collectFrom(nodes: readonly (DirectiveNode | ArgumentNode)[] | undefined): void {
    for (const node of nodes ?? []) {
      if (node.kind === Kind.DIRECTIVE) this.#collectFrom(node.arguments);
      else this.#collect(node.value);
    }
  }

  #collect(value: ValueNode): void {
    if (value.kind === Kind.VARIABLE) this.variables.add(value.name.value);
    if (value.kind === Kind.LIST) for (const one of value.values) this.#collect(one);
    if (value.kind === Kind.OBJECT) for (const one of value.fields) this.#collect(one.value);
  }
}

/** Joins the coordinates of each path. */
function joinPlaces(places: readonly RefusedPlace[]): readonly RefusedPlace[] {
  return [...Map.groupBy(places, ({ path }) => JSON.stringify(path)).values()].map((same) => ({
    path: same[0]?.path ?? [],
    coordinates: [...new Set(same.flatMap(({ coordinates }) => coordinates))].toSorted(),
  }));
}

const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

function asksSomething(set: SelectionSetNode, fragments: Fragments): boolean {
  return set.selections.some((one) => {
    if (one.kind === Kind.FIELD) return one.name.value !== '__typename';
    const inside = one.kind === Kind.INLINE_FRAGMENT ? one : fragments.get(one.name.value);
    return inside !== undefined && asksSomething(inside.selectionSet, fragments);
  });
}
