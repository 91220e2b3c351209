import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { type GraphQLSchema, parse } from 'graphql';

/** A subgraph of the bench: its schema without the link, and its resolvers. */
export type BenchSubgraph = {
  readonly name: string;
  readonly sdl: string;
  readonly resolvers: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",
  import: ["@key", "@requires", "@provides", "@external", "@shareable"])`;

/** Builds the executable schema of a subgraph. */
export function schemaOf({ sdl, resolvers }: BenchSubgraph): GraphQLSchema {
  return buildSubgraphSchema([{ typeDefs: parse(`${link}\n${sdl}`), resolvers: resolvers as never }]);
}

/** Composes the subgraphs. `urls` has the URL of each, in their order. Throws if composition fails. */
export function supergraphOf(subgraphs: readonly BenchSubgraph[], urls: readonly string[]): string {
  const composed = composeServices(
    subgraphs.map(({ name, sdl }, at) => ({ name, url: urls[at] ?? '', typeDefs: parse(`${link}\n${sdl}`) })),
  );
  if (composed.errors !== undefined)
    throw new Error(composed.errors.map(({ message }) => message).join('\n'));
  return composed.supergraphSdl;
}
