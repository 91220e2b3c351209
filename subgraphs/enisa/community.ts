import type { CommunityPart } from '../serve/graph/community.ts';
import { kinds } from './records.ts';
import { resolvers } from './resolvers.ts';

/** The enisa subgraph: its records and its part of the graph. */
export const community: CommunityPart = { name: 'enisa', kinds, resolvers };
