import {
  type ArgumentNode,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { hiddenMember } from './hidden-input.ts';

/** What the policy says of an operation before it is planned. */
export type Decision = {
  /** Coordinates that this kind of reader may never use: cut out, never fetched, answered as null. */
  readonly refused: readonly string[];
  /** The document without them, which fits the kind's schema; null where nothing is left to ask. */
  readonly allowed: DocumentNode | null;
};

/** One operation with the fragments that it reaches, and its variables as they were coerced. */
export type Operation = {
  readonly document: DocumentNode;
  readonly variables: Readonly<Record<string, unknown>>;
};

/**
 * Decides an operation for a kind of reader, from its variables and the two schemas alone: what is in `whole` and not in
 * `ofKind` is cut out. No data is looked at, so what it says is the same whatever exists. Where the client itself leaves
 * the hidden out (`@skip`, `@include`), it is cut and is no refusal.
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
  if (operation === undefined || !root) return { refused: [], allowed: null };
  const knife = new Knife(document, variables, whole, ofKind);
  const selectionSet = knife.cutWhole(operation.selectionSet, root);
  if (!knife.hasCut) return { refused: [], allowed: document };
  const refused = [...knife.refused].toSorted();
  const fragments = knife.fragments();
  if (!asksSomething(selectionSet, fragments)) return { refused, allowed: null };
  const variableDefinitions = (operation.variableDefinitions ?? []).filter(({ variable }) =>
    knife.variables.has(variable.name.value),
  );
  const definitions = [{ ...operation, variableDefinitions, selectionSet }, ...fragments.values()];
  return { refused, allowed: { kind: Kind.DOCUMENT, definitions } };
}

type Values = Operation['variables'];
type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;
type Cut = { readonly active: boolean; readonly definition: FragmentDefinitionNode | null };

/** Cuts one operation, and remembers what it cut and what the rest still needs. */
class Knife {
  readonly refused = new Set<string>();
  /** Variables that what is left still uses. */
  readonly variables = new Set<string>();
  hasCut = false;
  readonly #given: Fragments;
  readonly #values: Values;
  readonly #whole: GraphQLSchema;
  readonly #ofKind: GraphQLSchema;
  readonly #cut = new Map<string, Cut>();

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

  /** The fragments that what is left still spreads. */
  fragments(): Fragments {
    return new Map(
      [...this.#cut].flatMap(([name, { definition }]) => (definition ? [[name, definition]] : [])),
    );
  }

  /** A selection that lost all its fields still has to be a selection: the type's name tells nothing. */
  cutWhole(set: SelectionSetNode, parent: GraphQLObjectType, active = true): SelectionSetNode {
    return this.#cutSet(set, parent, active) ?? { ...set, selections: [typename] };
  }

  /** Null where nothing of it is left. Inactive is what the client leaves out: cut the same, refused never. */
  #cutSet(set: SelectionSetNode, parent: GraphQLObjectType, active: boolean): SelectionSetNode | null {
    const selections = set.selections.flatMap((one) => this.#cutOne(one, parent, active) ?? []);
    return selections.length === 0 ? null : { ...set, selections };
  }

  #cutOne(one: SelectionNode, parent: GraphQLObjectType, active: boolean): SelectionNode | null {
    const asked = active && this.#isAsked(one.directives);
    const left = this.#left(one, parent, asked);
    if (left === null) this.hasCut = true;
    else this.#noteIn(left.directives);
    return left;
  }

  #left(one: SelectionNode, parent: GraphQLObjectType, asked: boolean): SelectionNode | null {
    if (one.kind === Kind.FIELD) return this.#cutField(one, parent, asked);
    if (one.kind === Kind.FRAGMENT_SPREAD) return this.#cutFragment(one.name.value, asked) ? one : null;
    const type = one.typeCondition === undefined ? parent : this.#objectNamed(one.typeCondition.name.value);
    const selectionSet = type && this.#cutSet(one.selectionSet, type, asked);
    return selectionSet ? { ...one, selectionSet } : null;
  }

  #cutField(field: FieldNode, parent: GraphQLObjectType, asked: boolean): FieldNode | null {
    const name = field.name.value;
    if (name === '__typename') return field;
    const hidden = this.#hiddenAt(field, parent);
    if (hidden !== null) {
      if (asked) this.refused.add(hidden);
      return null;
    }
    this.#noteIn(field.arguments);
    const type = getNamedType(parent.getFields()[name]?.type);
    if (field.selectionSet === undefined || !isObjectType(type)) return field;
    return { ...field, selectionSet: this.cutWhole(field.selectionSet, type, asked) };
  }

  /** The coordinate by which this field is not for the kind: its own, or one of an input that is handed to it. */
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

  /** Each fragment is cut once, and once more where it was met inactive first. */
  #cutFragment(name: string, active: boolean): FragmentDefinitionNode | null {
    const known = this.#cut.get(name);
    if (known !== undefined && (known.active || !active)) return known.definition;
    const given = this.#given.get(name);
    const type = given && this.#objectNamed(given.typeCondition.name.value);
    const selectionSet = type && this.#cutSet(given.selectionSet, type, active);
    const definition = selectionSet ? { ...given, selectionSet } : null;
    this.#cut.set(name, { active, definition });
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

  #noteIn(nodes: readonly (DirectiveNode | ArgumentNode)[] | undefined): void {
    for (const node of nodes ?? []) {
      if (node.kind === Kind.DIRECTIVE) this.#noteIn(node.arguments);
      else this.#note(node.value);
    }
  }

  #note(value: ValueNode): void {
    if (value.kind === Kind.VARIABLE) this.variables.add(value.name.value);
    if (value.kind === Kind.LIST) for (const one of value.values) this.#note(one);
    if (value.kind === Kind.OBJECT) for (const one of value.fields) this.#note(one.value);
  }
}

const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

function asksSomething(set: SelectionSetNode, fragments: Fragments): boolean {
  return set.selections.some((one) => {
    if (one.kind === Kind.FIELD) return one.name.value !== '__typename';
    const inside = one.kind === Kind.INLINE_FRAGMENT ? one : fragments.get(one.name.value);
    return inside !== undefined && asksSomething(inside.selectionSet, fragments);
  });
}
