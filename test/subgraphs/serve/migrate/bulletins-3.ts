import type { CommunityPart } from '../../../../subgraphs/serve/graph/community.ts';
import type { Kind } from '../../../../subgraphs/serve/kind.ts';
import { copyOf, type Migration, renaming } from '../../../../subgraphs/serve/record/migration.ts';
import { time, words } from '../../../../subgraphs/serve/record/shapes.ts';
import { community as first } from '../ingest/bulletins.ts';

type Text = { readonly value: string; readonly lang: string | null };

/** The text without its language, what stands in front of it, and a field that is merely renamed. */
const toPlain: Migration = {
  because: 'EXERCISE: texts are plain',
  adds: {
    body: { from: ['text'], make: ({ text }) => (text as Text | undefined)?.value },
    opening: {
      from: ['headline', 'text'],
      make: ({ headline, text }) => `${String(headline)}: ${(text as Text | undefined)?.value.slice(0, 9)}`,
    },
    names: copyOf('actors'),
  },
  retires: {
    text: { from: ['body'], make: ({ body }) => ({ value: body, lang: 'en' }) },
    actors: copyOf('names'),
  },
};

const migrations = [renaming('title', 'headline', 'EXERCISE: a title is a headline'), toPlain];

function bulletinOf(version: number, content: Kind['content'], filters: Kind['filters']): Kind {
  return {
    type: 'Bulletin',
    collection: 'bulletins',
    content,
    filters,
    migrations: migrations.slice(0, version - 1),
  };
}

const notes = first.kinds.filter(({ type }) => type === 'Note');

/** The bulletins' community (../ingest/bulletins.ts) one version on: the title is a headline. */
export const second: CommunityPart = {
  ...first,
  kinds: [
    bulletinOf(
      2,
      { headline: String, text: { value: String, lang: String }, publishedAt: time, actors: words },
      { headline: 'content.headline' },
    ),
    ...notes,
  ],
};

/** Two versions on: texts are plain, actors are names, and there is an opening. */
export const third: CommunityPart = {
  ...first,
  kinds: [
    bulletinOf(
      3,
      { headline: String, body: String, opening: String, publishedAt: time, names: words },
      { headline: 'content.headline', opening: 'content.opening' },
    ),
    ...notes,
  ],
};

export { first };
