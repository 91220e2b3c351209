import {
  type DocumentNode,
  type FragmentDefinitionNode,
  getIntrospectionQuery,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isObjectType,
  Kind,
  parse,
  type SelectionSetNode,
} from 'graphql';
import { HubError } from '../../schema/errors.ts';

/** How many times a standard client's question for the whole schema one operation may ask of it. */
const maxTimes = 4;

/**
 * Makes the bound on what an operation may ask of a schema. Lists within lists multiply: two kilobytes of aliases under
 * `types { fields { type { fields` would build an answer of a hundred megabytes while nobody else is served. Each list
 * is counted as the longest of the schema, so that an answer is never larger than it was counted, and the bound grows
 * with the schema. What it gives hands the question on, or throws OPERATION_TOO_LARGE.
 */
export function boundIntrospection(schema: GraphQLSchema): (half: DocumentNode) => DocumentNode {
  const longest = longestLists(schema);
  const most = maxTimes * sizeOf(parse(getIntrospectionQuery()), longest);
  return (half) => {
    const size = sizeOf(half, longest);
    if (size > most)
      throw new HubError('OPERATION_TOO_LARGE', `${size} values of the schema, at most ${most}`);
    return half;
  };
}

type Longest = ReadonlyMap<string, number>;

function longestLists(schema: GraphQLSchema): Longest {
  const types = Object.values(schema.getTypeMap());
  const objects = types.filter((type) => isObjectType(type)).map((type) => Object.values(type.getFields()));
  const directives = schema.getDirectives();
  return new Map(
    Object.entries({
      types: types.length,
      directives: directives.length,
      locations: Math.max(...directives.map(({ locations }) => locations.length)),
      fields: Math.max(...objects.map((fields) => fields.length)),
      args: Math.max(...[...objects.flat(), ...directives].map(({ args }) => args.length)),
      enumValues: Math.max(...types.map((type) => (isEnumType(type) ? type.getValues().length : 0))),
      inputFields: Math.max(
        ...types.map((type) => (isInputObjectType(type) ? Object.keys(type.getFields()).length : 0)),
      ),
    }),
  );
}

/** How many values the answer may hold. Each fragment is measured once. */
function sizeOf(document: DocumentNode, longest: Longest): number {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const one of document.definitions)
    if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one);
  const known = new Map<string, number>();
  const ofFragment = (name: string): number => {
    const size = known.get(name) ?? of(fragments.get(name)?.selectionSet);
    known.set(name, size);
    return size;
  };
  const of = (set: SelectionSetNode | undefined): number =>
    (set?.selections ?? []).reduce((sum, one) => {
      if (one.kind === Kind.FRAGMENT_SPREAD) return sum + ofFragment(one.name.value);
      const inside = of(one.selectionSet);
      if (one.kind === Kind.INLINE_FRAGMENT) return sum + inside;
      return sum + (longest.get(one.name.value) ?? 1) * (1 + inside);
    }, 0);
  return document.definitions.reduce(
    (sum, one) => sum + (one.kind === Kind.OPERATION_DEFINITION ? of(one.selectionSet) : 0),
    0,
  );
}
