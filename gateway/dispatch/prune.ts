import {
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
} from 'graphql';

type Data = Readonly<Record<string, unknown>>;
/** Response keys that were asked, each with what was asked below it; null for a leaf. */
type Asked = ReadonlyMap<string, Asked | null>;

const known = new Map<string, Asked>();
const maxKnown = 1000;

/**
 * Keeps of a part's answer what was asked of it, and nothing else: the executor merges whatever comes, so that a part
 * which sends more could put words into another community's mouth. Throws where an object stands for a leaf, a leaf
 * for an object, or where entities are not as many as were asked for.
 */
export function pruneAnswer(data: Data | null, query: string, variables: Data): Data | null {
  if (data === null) return null;
  const pruned = pruneObject(data, askedBy(query));
  const representations = variables['representations'];
  const entities = pruned['_entities'];
  if (Array.isArray(representations) && entities !== null && entities !== undefined) {
    const asMany = Array.isArray(entities) && entities.length === representations.length;
    if (!asMany) throw new Error(`expected ${representations.length} entities`);
  }
  return pruned;
}

function pruneValue(value: unknown, asked: Asked | null): unknown {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.map((item) => pruneValue(item, asked));
  const isObject = typeof value === 'object';
  if (isObject !== (asked !== null))
    throw new Error('expected a leaf where one was asked, and an object elsewhere');
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

/** All keys that any of the selections asks for: which type an object is of makes no difference here. */
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
