import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import {
  buildSchema,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLSchema,
  isInterfaceType,
  isObjectType,
  parse,
  printSchema,
} from 'graphql';
import { type Declared, readDeclared } from './declared.ts';
import { findRow, type Row, withoutExternal } from './rows.ts';

/** An operation of the suite. Its name is unique in its supergraph and says what it covers. */
export type Operation = {
  readonly name: string;
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
};

/** A composed supergraph with its subgraphs in this process, and one schema over the same data that has all fields. */
export type Supergraph = {
  readonly name: string;
  readonly supergraphSdl: string;
  readonly subgraphs: ReadonlyMap<string, GraphQLSchema>;
  /** Computes the expected answers with graphql-js alone. */
  readonly merged: GraphQLSchema;
  readonly operations: readonly Operation[];
  /** Undoes the mutations of earlier operations, in the subgraphs and in the merged schema. */
  reset(): void;
};

/** The data of a supergraph: rows by the name of their type. */
export type World = Readonly<Record<string, readonly Row[]>>;

/** Resolvers by type and field. A resolver of an interface serves the types that implement it. */
export type Resolvers = Readonly<
  Record<string, Readonly<Record<string, (source: never, args: never) => unknown>>>
>;

/** The description of a supergraph. `resolvers` serve the merged schema and every subgraph that has the field. */
export type Feature<Data extends World> = {
  readonly name: string;
  readonly world: () => Data;
  readonly resolvers?: (world: () => Data) => Resolvers;
  readonly subgraphs: readonly {
    readonly name: string;
    readonly typeDefs: string;
    /** Resolvers of this subgraph only. */
    readonly resolvers?: (world: () => Data) => Resolvers;
    /** Selects the entities that this subgraph does not know: it answers null. */
    readonly isMissing?: (row: Row) => boolean;
  }[];
  /** Resolvers of the merged schema only. */
  readonly merged?: (world: () => Data) => Resolvers;
  readonly operations: readonly Operation[];
};

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires",
  "@provides", "@external", "@override", "@shareable", "@inaccessible", "@interfaceObject", "@context", "@fromContext"])`;

/** Composes the subgraphs of a feature and builds their schemas. Throws if composition fails. */
export function createSupergraph<Data extends World>(feature: Feature<Data>): Supergraph {
  const worlds = { subgraphs: feature.world(), merged: feature.world() };
  const parts = feature.subgraphs.map((part) => ({ ...part, document: parse(`${link}\n${part.typeDefs}`) }));
  const composed = composeServices(
    parts.map(({ name, document }) => ({ name, url: `http://127.0.0.1/${name}`, typeDefs: document })),
  );
  if (composed.errors !== undefined)
    throw new Error(`${feature.name}: ${composed.errors.map(({ message }) => message).join('\n')}`);
  const shared = (world: () => Data) => feature.resolvers?.(world) ?? {};
  const ofSubgraphs = () => worlds.subgraphs;
  const ofMerged = () => worlds.merged;
  const subgraphs = parts.map(({ name, document, resolvers, isMissing }): [string, GraphQLSchema] => {
    const schema = buildSubgraphSchema([{ typeDefs: document }]);
    const declared = readDeclared(document);
    attach(schema, [resolvers?.(ofSubgraphs) ?? {}, shared(ofSubgraphs)], declared);
    attachReferences(schema, declared, ofSubgraphs, isMissing);
    return [name, schema];
  });
  const merged = buildSchema(printSchema(composed.schema.toAPISchema().toGraphQLJSSchema()));
  attach(merged, [feature.merged?.(ofMerged) ?? {}, shared(ofMerged)]);
  return {
    name: feature.name,
    supergraphSdl: composed.supergraphSdl,
    subgraphs: new Map(subgraphs),
    merged,
    operations: feature.operations,
    reset: () => {
      worlds.subgraphs = feature.world();
      worlds.merged = feature.world();
    },
  };
}

/** Sets the resolvers of a schema. The first list that has a field wins. */
function attach(schema: GraphQLSchema, lists: readonly Resolvers[], declared?: Declared): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    const names = [type.name, ...type.getInterfaces().map(({ name }) => name)];
    for (const field of Object.values(type.getFields())) {
      const found = lists.flatMap((list) => names.flatMap((name) => list[name]?.[field.name] ?? []))[0];
      if (found === undefined) continue;
      const resolve = found as unknown as GraphQLFieldResolver<unknown, unknown>;
      const isComputed = declared?.requires.has(`${type.name}.${field.name}`) === true;
      const external = declared?.external.get(type.name) ?? [];
      // A plan that forgets a required field must give a wrong answer, even if the subgraph's rows have the field.
      field.resolve = isComputed
        ? (source, ...rest) => resolve(withoutExternal(source as Row, external), ...rest)
        : resolve;
    }
  }
}

function attachReferences(
  schema: GraphQLSchema,
  declared: Declared,
  world: () => World,
  isMissing: (row: Row) => boolean = () => false,
): void {
  for (const [typeName, keys] of declared.keys) {
    const type = schema.getType(typeName);
    if (!isObjectType(type) && !isInterfaceType(type)) throw new Error(`${typeName} has a key but no fields`);
    const resolveReference = (reference: Row) => {
      const row = findRow(world(), reference, keys);
      if (row === null || isMissing(row)) return null;
      if (!isObjectType(type)) return { ...row };
      const external = declared.external.get(typeName) ?? [];
      return { ...withoutExternal(row, external), ...reference, isReference: true };
    };
    const extensions = type.extensions as { apollo?: { subgraph?: object } };
    (type as GraphQLObjectType).extensions = {
      ...extensions,
      apollo: { ...extensions.apollo, subgraph: { ...extensions.apollo?.subgraph, resolveReference } },
    };
  }
}
