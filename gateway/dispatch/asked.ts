import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  type SelectionSetNode,
  stripIgnoredCharacters,
  TypeInfo,
  TypeNameMetaFieldDef,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { ByteCache } from '../../schema/runtime/byte-cache.ts';
import { memoryOf } from '../plan/memory.ts';

/** A requested field of a subgraph's answer. */
export type AskedField = {
  readonly key: string;
  readonly type: GraphQLOutputType;
  /** Whether it may be missing: it has `@skip` or `@include`, or its fragment has. */
  readonly isConditional: boolean;
  /** The selections below it; null for a leaf. */
  readonly below: AskedObject | null;
};

/** The requested fields of an object, by its type. */
export type AskedObject = { readonly fieldsOf: (type: GraphQLObjectType) => readonly AskedField[] };

/** A query to a subgraph, as it is sent, with the shape that the answer must have. */
export type AskedQuery = {
  /** The planner's query, with the id of every record under the key `rowKey`. */
  readonly text: string;
  /** The text as a JSON string. */
  readonly json: string;
  readonly rowKey: string;
  readonly schema: GraphQLSchema;
  readonly root: GraphQLObjectType;
  readonly asked: AskedObject;
  /** The selections below `_entities`, by its response key. */
  readonly entities: ReadonlyMap<string, AskedObject>;
};

/** Creates a function that reads the planner's queries. It keeps those that were used last, up to 16 MB. */
export function createReader(schema: () => GraphQLSchema): (query: string) => AskedQuery {
  const known = new ByteCache<AskedQuery>(16_000_000, 'subgraph-queries');
  return (query) => {
    const found = known.get(query);
    if (found !== undefined) return found;
    const read = readQuery(query, schema());
    known.set(query, read, memoryOf(parse(query, { noLocation: true })));
    return read;
  };
}

/**
 * Whether the objects of a type are records, whose disclosure a subgraph has to report. The policy's records are exactly
 * the types with an envelope.
 */
export function isRecord(type: unknown): type is GraphQLObjectType {
  return isObjectType(type) && getNamedType(type.getFields()['envelope']?.type)?.name === 'Envelope';
}

/** Reads a query of the planner. Throws if it is not valid under this schema. */
export function readQuery(query: string, schema: GraphQLSchema): AskedQuery {
  const rowKey = unusedKey(query);
  const document = withRowIds(parse(query, { noLocation: true }), schema, rowKey);
  const operation = document.definitions.find(
    (one): one is OperationDefinitionNode => one.kind === Kind.OPERATION_DEFINITION,
  );
  const root = operation === undefined ? undefined : schema.getRootType(operation.operation);
  if (operation === undefined || !root)
    throw new Error('expected an operation with a root type of the schema');
  const fragments = new Map(
    document.definitions.flatMap((one) =>
      one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one] as const] : [],
    ),
  );
  const collect = new Collect(schema, fragments);
  const sets = [{ set: operation.selectionSet, isConditional: false }];
  const entities = [...collect.spread(sets, root)].flatMap(([key, found]) =>
    found[0]?.node.name.value === '_entities' ? [[key, collect.objectOf(found)] as const] : [],
  );
  const text = stripIgnoredCharacters(print(document));
  const json = JSON.stringify(text);
  return { text, json, rowKey, schema, root, asked: collect.objectOfSets(sets), entities: new Map(entities) };
}

function unusedKey(query: string): string {
  let key = '_row';
  while (query.includes(key)) key += '_';
  return key;
}

/** Asks for the id of every record, so that the hub can tell whether its disclosure was reported. */
function withRowIds(document: DocumentNode, schema: GraphQLSchema, rowKey: string): DocumentNode {
  const types = new TypeInfo(schema);
  const row: FieldNode = {
    kind: Kind.FIELD,
    alias: { kind: Kind.NAME, value: rowKey },
    name: { kind: Kind.NAME, value: 'id' },
  };
  return visit(
    document,
    visitWithTypeInfo(types, {
      SelectionSet: {
        leave: (set) =>
          isRecord(types.getParentType()) ? { ...set, selections: [...set.selections, row] } : undefined,
      },
    }),
  );
}

type Selected = { readonly set: SelectionSetNode; readonly isConditional: boolean };
type Found = { readonly node: FieldNode; readonly isConditional: boolean };

/** Collects the fields of a query by the type of the object. */
class Collect {
  readonly #schema: GraphQLSchema;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;

  constructor(schema: GraphQLSchema, fragments: ReadonlyMap<string, FragmentDefinitionNode>) {
    this.#schema = schema;
    this.#fragments = fragments;
  }

  objectOfSets(sets: readonly Selected[]): AskedObject {
    const known = new Map<string, readonly AskedField[]>();
    return {
      fieldsOf: (type) => {
        const fields = known.get(type.name) ?? this.#fieldsOf(sets, type);
        known.set(type.name, fields);
        return fields;
      },
    };
  }

  objectOf(fields: readonly Found[]): AskedObject {
    return this.objectOfSets(
      fields.flatMap(({ node }) =>
        node.selectionSet === undefined ? [] : [{ set: node.selectionSet, isConditional: false }],
      ),
    );
  }

  /** Returns the fields of the sets that apply to a type, by response key. */
  spread(sets: readonly Selected[], type: GraphQLObjectType): ReadonlyMap<string, readonly Found[]> {
    const found = new Map<string, Found[]>();
    const add = ({ set, isConditional }: Selected): void => {
      for (const one of set.selections) {
        const under = isConditional || (one.directives ?? []).length > 0;
        if (one.kind === Kind.FIELD) {
          const key = one.alias?.value ?? one.name.value;
          found.set(key, [...(found.get(key) ?? []), { node: one, isConditional: under }]);
          continue;
        }
        const fragment = one.kind === Kind.INLINE_FRAGMENT ? one : this.#fragments.get(one.name.value);
        if (fragment !== undefined && this.#applies(fragment.typeCondition?.name.value, type))
          add({ set: fragment.selectionSet, isConditional: under });
      }
    };
    for (const one of sets) add(one);
    return found;
  }

  #fieldsOf(sets: readonly Selected[], type: GraphQLObjectType): readonly AskedField[] {
    return [...this.spread(sets, type)].flatMap(([key, found]) => {
      const name = found[0]?.node.name.value ?? '';
      const definition = name === '__typename' ? TypeNameMetaFieldDef : type.getFields()[name];
      if (definition === undefined) return [];
      const isLeaf = found.every(({ node }) => node.selectionSet === undefined);
      const isConditional = found.every((one) => one.isConditional);
      return [{ key, type: definition.type, isConditional, below: isLeaf ? null : this.objectOf(found) }];
    });
  }

  #applies(condition: string | undefined, type: GraphQLObjectType): boolean {
    if (condition === undefined || condition === type.name) return true;
    const named = this.#schema.getType(condition);
    return isAbstractType(named) && this.#schema.isSubType(named, type);
  }
}

/** Returns a type without its outer `!`. */
export function nullable(type: GraphQLOutputType): GraphQLOutputType {
  return isNonNullType(type) ? (type.ofType as GraphQLOutputType) : type;
}
