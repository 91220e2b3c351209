import type { CommunityPart } from '../serve/graph/community.ts';
import { kinds } from './records.ts';
import { resolvers } from './resolvers.ts';

/** The ENISA subgraph: its record types and resolvers. */
export const community: CommunityPart = { name: 'enisa', kinds, resolvers };
