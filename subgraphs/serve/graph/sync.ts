import { HubError } from '../../../schema/errors.ts';
import { readChangesKey } from '../../../schema/record/changes-key.ts';
import { type Community, communityField } from '../../../schema/record/vocabulary.ts';
import type { PageArguments } from '../read/connection.ts';
import type { EntityReference, Resolvers } from './resolvers.ts';
import { limitTimes } from './times-asked.ts';

/** A page of changes decides up to some hundred records. */
const maxPages = 5;

/** The community's part of the changes. Its source is an entity reference that states what was asked, without data. */
export function syncOf(community: Community): Resolvers {
  const field = communityField(community);
  return {
    Changes: {
      [field]: async ({ id }: EntityReference, args: PageArguments, { loaders }) => {
        limitTimes(loaders, `Changes.${field}`, maxPages);
        const asked = readChangesKey(id);
        if (asked === null) throw new HubError('BAD_USER_INPUT', 'expected the key of changes');
        return await loaders.changes(asked, args);
      },
    },
  };
}
