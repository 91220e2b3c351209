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

/** The maximum size of one operation, in multiples of the standard introspection query. */
const maxTimes = 4;

/**
 * Creates the bound for introspection. Nested lists multiply: 2 KB of aliases under `types { fields { type { fields`
 * would build an answer of 100 MB and block the process meanwhile. Each list is counted as the longest of its name in
 * the schema, so no answer is larger than its count. The returned function returns its argument, or throws
 * OPERATION_TOO_LARGE.
 */
export function boundIntrospection(schema: GraphQLSchema): (half: DocumentNode) => DocumentNode {
  const maxLengths = maxLengthsOf(schema);
  const maxSize = maxTimes * sizeOf(parse(getIntrospectionQuery()), maxLengths);
  return (half) => {
    const size = sizeOf(half, maxLengths);
    if (size > maxSize)
      throw new HubError(
        'OPERATION_TOO_LARGE',
        `introspection: expected ${maxSize} values at most, got ${size}`,
      );
    return half;
  };
}

/** The length of the longest list in the schema, by the name of its introspection field. */
type MaxLengths = ReadonlyMap<string, number>;

function maxLengthsOf(schema: GraphQLSchema): MaxLengths {
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

/** Returns the maximum number of values in the answer. Each fragment is measured once. */
function sizeOf(document: DocumentNode, maxLengths: MaxLengths): number {
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
      return sum + (maxLengths.get(one.name.value) ?? 1) * (1 + inside);
    }, 0);
  return document.definitions.reduce(
    (sum, one) => sum + (one.kind === Kind.OPERATION_DEFINITION ? of(one.selectionSet) : 0),
    0,
  );
}
