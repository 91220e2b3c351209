import type { Community } from '../../schema/record/vocabulary.ts';
import { community as certEu } from '../../subgraphs/cert-eu/community.ts';
import { community as defence } from '../../subgraphs/defence/community.ts';
import { community as eeas } from '../../subgraphs/eeas/community.ts';
import { community as enisa } from '../../subgraphs/enisa/community.ts';
import { community as europol } from '../../subgraphs/europol/community.ts';
import { community as jointUnit } from '../../subgraphs/joint-unit/community.ts';
import type { CommunityPart } from '../../subgraphs/serve/graph/community.ts';

/** The kinds, resolvers and importers of each community's subgraph. */
export const parts: Readonly<Record<Community, CommunityPart>> = {
  enisa,
  'cert-eu': certEu,
  europol,
  eeas,
  defence,
  'joint-unit': jointUnit,
};
