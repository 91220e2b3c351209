import {
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
} from 'graphql';

type Data = Readonly<Record<string, unknown>>;
/** The requested response keys, each with the keys below it; null for a leaf. */
type Asked = ReadonlyMap<string, Asked | null>;

const known = new Map<string, Asked>();
const maxKnown = 1000;

/**
 * Removes from a subgraph's response all data that was not requested. The executor merges everything, so a subgraph
 * could otherwise forge data of another community. Throws if an object is in place of a leaf or a leaf in place of an
 * object, or if the number of entities differs from the request.
 */
export function pruneAnswer(data: Data | null, query: string, variables: Data): Data | null {
  if (data === null) return null;
  const pruned = pruneObject(data, askedBy(query));
  const representations = variables['representations'];
  const entities = pruned['_entities'];
  if (Array.isArray(representations) && entities !== null && entities !== undefined) {
    const asMany = Array.isArray(entities) && entities.length === representations.length;
    if (!asMany) throw new Error(`expected ${representations.length} entities, got another number`);
  }
  return pruned;
}

function pruneValue(value: unknown, asked: Asked | null): unknown {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.map((item) => pruneValue(item, asked));
  const isObject = typeof value === 'object';
  if (isObject !== (asked !== null))
    throw new Error(isObject ? 'expected a leaf, got an object' : 'expected an object, got a leaf');
  return asked === null ? value : pruneObject(value as Data, asked);
}

function pruneObject(value: Data, asked: Asked): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [key, below] of asked) if (Object.hasOwn(value, key)) kept[key] = pruneValue(value[key], below);
  return kept;
}

function askedBy(query: string): Asked {
  const found = known.get(query);
  if (found !== undefined) return found;
  const { definitions } = parse(query, { noLocation: true });
  const fragments = new Map(
    definitions.flatMap((one) =>
      one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one] as const] : [],
    ),
  );
  const operation = definitions.find(
    (one): one is OperationDefinitionNode => one.kind === Kind.OPERATION_DEFINITION,
  );
  if (operation === undefined) throw new Error('expected an operation');
  const asked = collect([operation.selectionSet], fragments);
  if (known.size >= maxKnown) known.clear();
  known.set(query, asked);
  return asked;
}

/** Collects the keys of all selections, whatever the type of an object is. */
function collect(
  sets: readonly SelectionSetNode[],
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): Map<string, Asked | null> {
  const below = new Map<string, SelectionSetNode[] | null>();
  const add = (set: SelectionSetNode): void => {
    for (const selection of set.selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) add(selection.selectionSet);
      else if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const fragment = fragments.get(selection.name.value);
        if (fragment !== undefined) add(fragment.selectionSet);
      } else {
        const key = selection.alias?.value ?? selection.name.value;
        const inner = selection.selectionSet;
        below.set(key, inner === undefined ? null : [...(below.get(key) ?? []), inner]);
      }
    }
  };
  for (const set of sets) add(set);
  return new Map([...below].map(([key, inner]) => [key, inner === null ? null : collect(inner, fragments)]));
}
