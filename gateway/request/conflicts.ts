import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type NamedTypeNode,
  print,
  type SelectionSetNode,
} from 'graphql';
import { nodeInterface } from '../../schema/node-interface/with-node.ts';
import { isNodeField } from './node-field.ts';

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/**
 * Finds fields that cannot be merged (GraphQL, section 5.3.2) in one operation of a schema without interfaces and unions
 * other than `Node`: there, fields of one response key must have the same name and arguments. Below `node` and `nodes`,
 * fields of two types are never merged, so they may differ, also in their form. The work is linear in the expanded
 * operation, which must be limited before. The rule of graphql-js compares all pairs of fields and of fragments: 20 KB
 * cost it 350 ms.
 */
export function findConflict(document: DocumentNode): GraphQLError | null {
  const fragments = new Map(
    document.definitions.flatMap((one) =>
      one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one] as const] : [],
    ),
  );
  const open: Merged[] = document.definitions.flatMap((one) =>
    one.kind === Kind.OPERATION_DEFINITION ? [{ sets: [one.selectionSet], isNode: false }] : [],
  );
  for (let merged = open.pop(); merged !== undefined; merged = open.pop()) {
    for (const fields of fieldsOf(merged, fragments)) {
      const [first, ...others] = fields;
      const other = first && others.find((one) => differ(first, one));
      if (first !== undefined && other !== undefined) return conflict(first, other);
      const sets = fields.flatMap(({ selectionSet }) => (selectionSet === undefined ? [] : [selectionSet]));
      if (sets.length > 0) open.push({ sets, isNode: first !== undefined && isNodeField(first) });
    }
  }
  return null;
}

/** Selection sets that are merged. `isNode` if their type is the interface `Node`. */
type Merged = { readonly sets: readonly SelectionSetNode[]; readonly isNode: boolean };
type Open = { readonly set: SelectionSetNode; readonly type: string };

/**
 * Returns the fields that are merged: those of one response key, and on `Node` those of one type also. Each fragment counts
 * once for each type.
 */
function fieldsOf({ sets, isNode }: Merged, fragments: Fragments): Iterable<readonly FieldNode[]> {
  const fields = new Map<string, FieldNode[]>();
  const spread = new Set<string>();
  const open: Open[] = sets.map((set) => ({ set, type: '' }));
  const typeIn = (type: string, condition: NamedTypeNode | undefined) =>
    !isNode || condition === undefined || condition.name.value === nodeInterface
      ? type
      : condition.name.value;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { set, type } = next;
    for (const one of set.selections) {
      if (one.kind === Kind.FIELD) {
        const key = `${type} ${(one.alias ?? one.name).value}`;
        const known = fields.get(key);
        if (known === undefined) fields.set(key, [one]);
        else known.push(one);
      } else if (one.kind === Kind.INLINE_FRAGMENT)
        open.push({ set: one.selectionSet, type: typeIn(type, one.typeCondition) });
      else if (!spread.has(`${type} ${one.name.value}`)) {
        spread.add(`${type} ${one.name.value}`);
        const fragment = fragments.get(one.name.value);
        if (fragment !== undefined)
          open.push({ set: fragment.selectionSet, type: typeIn(type, fragment.typeCondition) });
      }
    }
  }
  return isNode ? withFieldsOfNode(fields) : fields.values();
}

/**
 * Fields on `Node` itself are merged with those of each type. Their selections, which an invalid document can have, are
 * compared once: repeated for each type, they would multiply with the depth.
 */
function withFieldsOfNode(fields: ReadonlyMap<string, readonly FieldNode[]>): Iterable<readonly FieldNode[]> {
  return [...fields].map(([key, own]) => {
    const [type = '', name = ''] = key.split(' ');
    const [ofNode] = fields.get(` ${name}`) ?? [];
    return type === '' || ofNode === undefined ? own : [...own, withoutSelections(ofNode)];
  });
}

function withoutSelections({ kind, name, alias, arguments: given = [] }: FieldNode): FieldNode {
  return { kind, name, ...(alias && { alias }), arguments: given };
}

function differ(one: FieldNode, other: FieldNode): boolean {
  return one.name.value !== other.name.value || argumentsOf(one) !== argumentsOf(other);
}

function argumentsOf({ arguments: given }: FieldNode): string {
  if (given === undefined || given.length === 0) return '';
  return given
    .map((one) => print(one))
    .toSorted()
    .join(' ');
}

function conflict(one: FieldNode, other: FieldNode): GraphQLError {
  const key = (one.alias ?? one.name).value;
  const reason =
    one.name.value === other.name.value
      ? 'they have differing arguments'
      : `"${one.name.value}" and "${other.name.value}" are different fields`;
  return new GraphQLError(
    `Fields "${key}" conflict because ${reason}. Use different aliases on the fields to fetch both if this was intentional.`,
    { nodes: [one, other] },
  );
}
