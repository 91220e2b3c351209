import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { communities, type Community } from './record/vocabulary.ts';

/** The subgraphs: the hub's own (entity references and registry), and one for each community. */
export const subgraphNames = ['hub', ...communities] as const;
/** The name of a subgraph. */
export type SubgraphName = 'hub' | Community;

const federation = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])
`;

/** Returns the SDL of a subgraph: federation header, scales.graphql, common.graphql (communities only), its own file. */
export function subgraphSdl(name: SubgraphName): string {
  const shared = name === 'hub' ? ['scales.graphql'] : ['scales.graphql', 'common.graphql'];
  return [federation, ...[...shared, `${name}.graphql`].map(read)].join('\n');
}

/** Returns the text of a file in this folder. */
export function read(file: string): string {
  return readFileSync(fileURLToPath(new URL(file, import.meta.url)), 'utf8');
}
