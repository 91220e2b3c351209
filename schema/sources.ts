import { Kind, parse, visit } from 'graphql';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { communities, type Community } from './record/vocabulary.ts';
import { workflowSdl } from './workflow/graph/sdl.ts';

/** The subgraphs: the hub's own (entity references and registry), and one for each community. */
export const subgraphNames = ['hub', ...communities] as const;
/** The name of a subgraph. */
export type SubgraphName = 'hub' | Community;

const federation = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])
`;

/**
 * Returns the SDL of a subgraph as it is served. An update states only the fields that it changes, so every field of a
 * `<Kind>Content` input is optional in it. Creating a record checks the required ones.
 */
export function subgraphSdl(name: SubgraphName): string {
  return withOptionalContent(declaredSdl(name));
}

/**
 * Returns the SDL of a subgraph as its files declare it: federation header, scales.graphql, common.graphql (communities
 * only), its own file, and the moves of its workflows. `!` on a field of a `<Kind>Content` input declares that every record
 * of the kind has a value.
 */
export function declaredSdl(name: SubgraphName): string {
  const known = declaredOf.get(name);
  if (known !== undefined) return known;
  const shared = name === 'hub' ? ['scales.graphql'] : ['scales.graphql', 'common.graphql'];
  const written = [federation, ...[...shared, `${name}.graphql`].map(read)].join('\n');
  const sdl = name === 'hub' ? written : `${written}\n${workflowSdl(name, written)}`;
  declaredOf.set(name, sdl);
  return sdl;
}

const declaredOf = new Map<SubgraphName, string>();

/** Returns the text of a file in this folder. */
export function read(file: string): string {
  return readFileSync(fileURLToPath(new URL(file, import.meta.url)), 'utf8');
}

/** Makes the fields of each `<Kind>Content` optional, and says in their descriptions that a new record needs them. */
function withOptionalContent(sdl: string): string {
  const edits: { readonly at: number; readonly removed: number; readonly added: string }[] = [];
  visit(parse(sdl), {
    InputObjectTypeDefinition: ({ name, fields = [] }) => {
      if (!name.value.endsWith('Content')) return false;
      for (const { type, description } of fields) {
        if (type.kind !== Kind.NON_NULL_TYPE) continue;
        if (description?.loc !== undefined)
          edits.push({
            at: description.loc.end - (description.block === true ? 3 : 1),
            removed: 0,
            added: ' Required in a new record.',
          });
        if (type.loc !== undefined) edits.push({ at: type.loc.end - 1, removed: 1, added: '' });
      }
      return false;
    },
  });
  return edits
    .toSorted((one, other) => other.at - one.at)
    .reduce((text, { at, removed, added }) => text.slice(0, at) + added + text.slice(at + removed), sdl);
}
