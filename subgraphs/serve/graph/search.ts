import { HubError } from '../../../schema/errors.ts';
import { readSearchKey, readSuggestionsKey } from '../../../schema/record/search-key.ts';
import { type Community, communityField } from '../../../schema/record/vocabulary.ts';
import type { PageArguments } from '../read/connection.ts';
import type { EntityReference, Resolvers } from './resolvers.ts';
import { limitTimes } from './times-asked.ts';

/** A search reads up to some thousand rows of words. */
const maxSearches = 5;

/** The community's part of a search. Its source is an entity reference that states the search, without data. */
export function searchOf(community: Community): Resolvers {
  const field = communityField(community);
  return {
    Search: {
      [field]: async ({ id }: EntityReference, args: PageArguments, { loaders }) => {
        limitTimes(loaders, `Search.${field}`, maxSearches);
        const asked = readSearchKey(id);
        if (asked === null) throw new HubError('BAD_USER_INPUT', 'expected the key of a search');
        return await loaders.search(asked, args);
      },
    },
    Suggestions: {
      [field]: async ({ id }: EntityReference, _args: unknown, { loaders }) => {
        limitTimes(loaders, `Suggestions.${field}`, maxSearches);
        const text = readSuggestionsKey(id);
        if (text === null) throw new HubError('BAD_USER_INPUT', 'expected the key of suggestions');
        return await loaders.suggest(text);
      },
    },
  };
}
