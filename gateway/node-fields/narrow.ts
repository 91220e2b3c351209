import {
  type DocumentNode,
  type FragmentDefinitionNode,
  getNamedType,
  type GraphQLObjectType,
  isObjectType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { HubError } from '../../schema/errors.ts';
import { nodeInterface } from '../../schema/node-interface/with-node.ts';
import type { Fragments } from '../introspection/split.ts';
import { isNodeField } from '../request/node-field.ts';

const mentioned = new WeakMap<DocumentNode, boolean>();

/** Returns whether a valid document has a field `node(id:)` or `nodes(ids:)`, or a fragment on the interface `Node`. */
export function mentionsNode(document: DocumentNode): boolean {
  const known = mentioned.get(document);
  if (known !== undefined) return known;
  let found = false;
  const note = (type: { readonly name: { readonly value: string } } | undefined) => {
    found ||= type?.name.value === nodeInterface;
  };
  visit(document, {
    Field: (field) => {
      found ||= isNodeField(field);
    },
    InlineFragment: ({ typeCondition }) => note(typeCondition),
    FragmentDefinition: ({ typeCondition }) => note(typeCondition),
  });
  mentioned.set(document, found);
  return found;
}

/**
 * Narrows selections on the interface `Node` to the object types on which they are made: fragments on the interface are
 * inlined, and fragments on other types fall away. The schema does not have the interface.
 */
export class Narrowing {
  readonly #given: Fragments;
  readonly #narrowed = new Map<string, FragmentDefinitionNode>();

  constructor(given: Fragments) {
    this.#given = given;
  }

  /** Returns the fragments that are still spread, narrowed. Fragments of introspection are as they were. */
  fragments(): Fragments {
    return new Map([...this.#given, ...this.#narrowed]);
  }

  /** Returns the selections that apply to a type. Empty if none does. */
  narrow(set: SelectionSetNode, type: GraphQLObjectType): readonly SelectionNode[] {
    return set.selections.flatMap((one) => this.#narrowOne(one, type));
  }

  #narrowOne(one: SelectionNode, type: GraphQLObjectType): readonly SelectionNode[] {
    if (one.kind === Kind.FIELD) {
      const below = getNamedType(type.getFields()[one.name.value]?.type);
      if (one.selectionSet === undefined || !isObjectType(below)) return [one];
      return [{ ...one, selectionSet: this.#narrowBelow(one.selectionSet, below) }];
    }
    const given = one.kind === Kind.INLINE_FRAGMENT ? one : this.#given.get(one.name.value);
    if (given === undefined) return [];
    const condition = given.typeCondition?.name.value;
    if (condition !== undefined && condition !== nodeInterface && condition !== type.name) return [];
    if (one.kind === Kind.FRAGMENT_SPREAD && condition === type.name) {
      this.#narrowFragment(given as FragmentDefinitionNode, type);
      return this.#isEmpty(one.name.value) ? [] : [one];
    }
    const selections = this.narrow(given.selectionSet, type);
    if (selections.length === 0) return [];
    const { directives = [] } = one;
    return [
      { kind: Kind.INLINE_FRAGMENT, directives, selectionSet: { kind: Kind.SELECTION_SET, selections } },
    ];
  }

  /** Narrows a fragment once. Validation has rejected cycles. */
  #narrowFragment(given: FragmentDefinitionNode, type: GraphQLObjectType): void {
    const name = given.name.value;
    if (this.#narrowed.has(name)) return;
    const selections = this.narrow(given.selectionSet, type);
    this.#narrowed.set(name, { ...given, selectionSet: { ...given.selectionSet, selections } });
  }

  #isEmpty(name: string): boolean {
    return this.#narrowed.get(name)?.selectionSet.selections.length === 0;
  }

  #narrowBelow(set: SelectionSetNode, type: GraphQLObjectType): SelectionSetNode {
    const selections = this.narrow(set, type);
    // A selection set must not be empty, and what stood in its place would be in the answer.
    if (selections.length === 0)
      throw new HubError(
        'GRAPHQL_VALIDATION_FAILED',
        `expected a selection that applies to ${type.name}, got none`,
      );
    return { ...set, selections };
  }
}
