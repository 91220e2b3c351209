import type { Community } from '../../../schema/record/vocabulary.ts';
import type { Kind } from '../kind.ts';
import type { Resolvers } from './resolvers.ts';

/** What makes one community's subgraph: the same parts in each, so that one teaches all. */
export type CommunityPart = {
  readonly name: Community;
  readonly kinds: readonly Kind[];
  readonly resolvers: Resolvers;
};
