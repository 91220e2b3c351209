import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { communities, type Community } from './record/vocabulary.ts';

/** Every subgraph of the graph: the hub's own (stubs and registry) and one for each community. */
export const subgraphNames = ['hub', ...communities] as const;
export type SubgraphName = 'hub' | Community;

const federation = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])
`;

/** The SDL of one subgraph: the federation header, the scales, what all records share, and its own file. */
export function subgraphSdl(name: SubgraphName): string {
  const shared = name === 'hub' ? ['scales.graphql'] : ['scales.graphql', 'common.graphql'];
  return [federation, ...[...shared, `${name}.graphql`].map(read)].join('\n');
}

/** The text of a file of the contract. */
export function read(file: string): string {
  return readFileSync(fileURLToPath(new URL(file, import.meta.url)), 'utf8');
}
