import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type InlineFragmentNode,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionNode,
  visit,
} from 'graphql';

type Variables = Readonly<Record<string, unknown>>;

/** A fragment that is answered later. */
export type DeferredFragment = {
  readonly label: string | null;
  /** The response keys from the root to the objects that the fragment is for; lists have no key. */
  readonly path: readonly string[];
  /** The operation with nothing but this fragment. */
  readonly document: DocumentNode;
};

/** An operation in the parts that are answered one after the other. */
export type DeferredDocument = {
  /** Which of the fragments are deferred, since variables can say so: one letter for each. */
  readonly choice: string;
  /** The operation without `@defer`. */
  readonly whole: DocumentNode;
  /** The operation without its deferred fragments. A field whose selections are all deferred has an empty selection set. */
  readonly first: DocumentNode;
  readonly fragments: readonly DeferredFragment[];
};

/** Returns a document without the directive `@defer`: a server may answer everything at once. */
export function withoutDefer(document: DocumentNode): DocumentNode {
  return visit(document, {
    Directive: (node) => (node.name.value === 'defer' ? null : undefined),
  });
}

/** The maximum number of deferred fragments of an operation, and of characters of its name, which each part repeats. */
const limits = { fragments: 20, label: 100 } as const;

/**
 * Splits a query at its fragments with `@defer`. Null if it defers nothing, or more than the limits allow: a server may
 * answer everything at once. A fragment with `@defer` inside a deferred one
 * is answered together with the outer one.
 */
export function splitDeferred(document: DocumentNode, variables: Variables): DeferredDocument | null {
  const operation = document.definitions.find((one) => one.kind === Kind.OPERATION_DEFINITION);
  if (operation === undefined || operation.operation !== OperationTypeNode.QUERY) return null;
  if (!mentionsDefer(document)) return null;
  const fragments = new Map(
    document.definitions.flatMap((one) =>
      one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one] as const] : [],
    ),
  );
  const whole = withSelections(operation, inlined(operation.selectionSet.selections, fragments));
  const found: DeferredFragment[] = [];
  let choice = '';
  const first = split(operationOf(whole).selectionSet.selections, [], (fragment, around) => {
    const defer = (fragment.directives ?? []).find(({ name }) => name.value === 'defer');
    if (defer === undefined) return false;
    const isDeferred = valueOf(defer, 'if', variables) !== false;
    choice += isDeferred ? 'y' : 'n';
    if (!isDeferred) return false;
    const path = around.flatMap((one) => (one.kind === Kind.FIELD ? [(one.alias ?? one.name).value] : []));
    const own = withSelections(operation, [wrap(withoutDirective(fragment), around)]);
    const label = valueOf(defer, 'label', {});
    found.push({ label: typeof label === 'string' ? label : null, path, document: withoutDefer(own) });
    return true;
  });
  const isWithin = found.every(({ label }) => (label?.length ?? 0) <= limits.label);
  if (found.length === 0 || found.length > limits.fragments || !isWithin) return null;
  return {
    choice,
    whole: withoutDefer(whole),
    first: withoutDefer(withSelections(operation, first)),
    fragments: found,
  };
}

/** Returns whether a document has the directive `@defer`. */
export function mentionsDefer(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    Directive: ({ name }) => {
      found ||= name.value === 'defer';
    },
  });
  return found;
}

function operationOf(document: DocumentNode): OperationDefinitionNode {
  return document.definitions[0] as OperationDefinitionNode;
}

function withSelections(
  operation: OperationDefinitionNode,
  selections: readonly SelectionNode[],
): DocumentNode {
  const selectionSet = { kind: Kind.SELECTION_SET, selections } as const;
  return { kind: Kind.DOCUMENT, definitions: [{ ...operation, selectionSet }] };
}

/** Replaces the fragment spreads by inline fragments with the same directives. */
function inlined(
  selections: readonly SelectionNode[],
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): readonly SelectionNode[] {
  return selections.flatMap((one): readonly SelectionNode[] => {
    if (one.kind === Kind.FRAGMENT_SPREAD) {
      const definition = fragments.get(one.name.value);
      if (definition === undefined) return [];
      const { typeCondition, selectionSet } = definition;
      const below = inlined(selectionSet.selections, fragments);
      return [
        {
          kind: Kind.INLINE_FRAGMENT,
          typeCondition,
          directives: one.directives ?? [],
          selectionSet: { ...selectionSet, selections: below },
        },
      ];
    }
    const { selectionSet } = one;
    if (selectionSet === undefined) return [one];
    const below = inlined(selectionSet.selections, fragments);
    return [{ ...one, selectionSet: { ...selectionSet, selections: below } }];
  });
}

type Around = readonly (FieldNode | InlineFragmentNode)[];

/** Returns the selections without the fragments that `take` takes. `around` are the selections that they are in. */
function split(
  selections: readonly SelectionNode[],
  around: Around,
  take: (fragment: InlineFragmentNode, around: Around) => boolean,
): readonly SelectionNode[] {
  return selections.flatMap((one): readonly SelectionNode[] => {
    if (one.kind === Kind.FRAGMENT_SPREAD || one.selectionSet === undefined) return [one];
    if (one.kind === Kind.INLINE_FRAGMENT && take(one, around)) return [];
    const { selectionSet } = one;
    const below = split(selectionSet.selections, [...around, one], take);
    return [{ ...one, selectionSet: { ...selectionSet, selections: below } }];
  });
}

/** Puts a selection into the fields and fragments around it. */
function wrap(selection: SelectionNode, around: Around): SelectionNode {
  return around.toReversed().reduce<SelectionNode>(
    (inside, one) => ({
      ...one,
      selectionSet: { kind: Kind.SELECTION_SET, selections: [inside] },
    }),
    selection,
  );
}

function withoutDirective(fragment: InlineFragmentNode): InlineFragmentNode {
  return { ...fragment, directives: (fragment.directives ?? []).filter((one) => one.name.value !== 'defer') };
}

function valueOf({ arguments: given = [] }: DirectiveNode, name: string, variables: Variables): unknown {
  const node = given.find((one) => one.name.value === name)?.value;
  if (node?.kind === Kind.VARIABLE) return variables[node.name.value];
  return node?.kind === Kind.BOOLEAN || node?.kind === Kind.STRING ? node.value : undefined;
}
