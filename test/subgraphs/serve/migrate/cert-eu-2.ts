import { community as first } from '../../../../subgraphs/cert-eu/community.ts';
import type { CommunityPart } from '../../../../subgraphs/serve/graph/community.ts';
import type { Kind } from '../../../../subgraphs/serve/kind.ts';
import { copyOf, type Migration } from '../../../../subgraphs/serve/record/migration.ts';
import type { Row } from '../../../../subgraphs/serve/read/row.ts';
import { text } from '../../../../subgraphs/serve/record/shapes.ts';

const renamed: Migration = {
  because: 'EXERCISE: a serial is a number of its series, and a title has a place of its own',
  adds: { number: copyOf('serial'), heading: copyOf('title') },
  retires: { serial: copyOf('number'), title: copyOf('heading') },
};

const spelled: Migration = {
  because: 'EXERCISE: what is exploited is spelled otherwise',
  adds: {
    wild: { from: ['exploitedInTheWild'], make: (given) => `IT_IS_${String(given['exploitedInTheWild'])}` },
  },
  retires: {
    exploitedInTheWild: { from: ['wild'], make: ({ wild }) => String(wild).replace('IT_IS_', '') },
  },
};

function advisoriesWith(
  change: (kind: Kind) => Kind,
  fields: CommunityPart['resolvers'][string],
): CommunityPart {
  const kinds = first.kinds.map((kind) => (kind.type === 'Advisory' ? change(kind) : kind));
  const resolvers = { ...first.resolvers, Advisory: { ...first.resolvers['Advisory'], ...fields } };
  return { ...first, kinds, resolvers };
}

const reads = (name: string) => (row: Row) => row.content[name];

/** CERT-EU's subgraph one version on: its graph is the same, and its advisories are stored in other words. */
export const second = advisoriesWith(
  ({ content: { serial: _serial, title: _title, ...content }, ...kind }) => ({
    ...kind,
    content: { ...content, number: String, heading: text },
    filters: { ...kind.filters, serial: 'content.number' },
    migrations: [renamed],
  }),
  { serial: reads('number'), title: reads('heading') },
);

/** Another case: a filter by a recomputed field waits until the store is contracted. */
export const third = advisoriesWith(
  ({ content: { serial: _serial, title: _title, exploitedInTheWild: _wild, ...content }, ...kind }) => ({
    ...kind,
    content: { ...content, number: String, heading: text, wild: String },
    filters: { serial: 'content.number', exploitedInTheWild: 'content.wild' },
    migrations: [renamed, spelled],
  }),
  { serial: reads('number'), title: reads('heading') },
);

export { first };
