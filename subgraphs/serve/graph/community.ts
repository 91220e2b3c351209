import type { Community } from '../../../schema/record/vocabulary.ts';
import type { Kind } from '../kind.ts';
import type { Resolvers } from './resolvers.ts';

/** The definition of one community's subgraph. */
export type CommunityPart = {
  readonly name: Community;
  readonly kinds: readonly Kind[];
  readonly resolvers: Resolvers;
};
