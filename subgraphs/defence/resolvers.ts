import { changesOf } from '../serve/graph/mutations.ts';
import { pageOf, recordOf, type Resolver, type Resolvers, rootFieldsTo } from '../serve/graph/resolvers.ts';
import type { Row } from '../serve/read/row.ts';
import { searchOf } from '../serve/graph/search.ts';
import { syncOf } from '../serve/graph/sync.ts';
import { kinds } from './records.ts';

/** The part of the graph that Defence answers: root fields, fields of shared types, and its own records. */
export const resolvers: Resolvers = {
  Query: {
    ...rootFieldsTo('AttackTechnique', 'attackTechniques', 'attackTechnique'),
    ...rootFieldsTo('AttackSoftware', 'attackSoftware', 'attackSoftwareItem'),
    ...rootFieldsTo('AttackCampaign', 'attackCampaigns', 'attackCampaign'),
    ...rootFieldsTo('AttackGroup', 'attackGroups', 'attackGroup'),
    ...rootFieldsTo('TechniqueUse', 'techniqueUses', 'techniqueUse'),
    ...rootFieldsTo('SoftwareUse', 'softwareUses', 'softwareUse'),
    ...rootFieldsTo('StixObservation', 'stixObservations', 'stixObservation'),
    ...rootFieldsTo('DefenceUnit', 'defenceUnits', 'defenceUnit'),
    ...rootFieldsTo('DefenceAssessment', 'defenceAssessments', 'defenceAssessment'),
  },
  Mutation: changesOf('defence', kinds),
  Vulnerability: {
    stixObservations: pageOf('StixObservation'),
    defenceAssessments: pageOf('DefenceAssessment'),
  },
  ThreatActor: {
    campaigns: pageOf('AttackCampaign'),
    attackGroups: pageOf('AttackGroup'),
    techniques: pageOf('TechniqueUse'),
    software: pageOf('SoftwareUse'),
    stixObservations: pageOf('StixObservation'),
    defenceAssessments: pageOf('DefenceAssessment'),
  },
  Indicator: {
    stixObservations: pageOf('StixObservation'),
  },
  MemberState: {
    defenceUnits: pageOf('DefenceUnit'),
    defenceAssessments: pageOf('DefenceAssessment'),
  },
  JointCase: {
    defenceAssessments: pageOf('DefenceAssessment'),
  },
  AttackTechnique: recordOf('AttackTechnique'),
  AttackSoftware: recordOf('AttackSoftware'),
  AttackCampaign: recordOf('AttackCampaign'),
  AttackGroup: recordOf('AttackGroup'),
  TechniqueUse: recordOf('TechniqueUse', { technique: targetOf('AttackTechnique') }),
  SoftwareUse: recordOf('SoftwareUse', { software: targetOf('AttackSoftware') }),
  StixObservation: recordOf('StixObservation'),
  DefenceUnit: recordOf('DefenceUnit'),
  DefenceAssessment: recordOf('DefenceAssessment'),
  ...searchOf('defence'),
  ...syncOf('defence'),
};

/** Resolves the target of a relationship by its STIX id. Null if there is none that the reader may see. */
function targetOf(type: string): Resolver {
  return async (row: Row<{ readonly targetRef: string }>, _args: unknown, { loaders }) => {
    const { nodes } = await loaders.linked(type, `Stix:${row.content.targetRef}`, { first: 1 });
    return nodes[0] ?? null;
  };
}
