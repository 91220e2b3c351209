import { changesOf } from '../serve/graph/mutations.ts';
import { rootFieldsTo, pageOf, recordOf, type Resolver, type Resolvers } from '../serve/graph/resolvers.ts';
import type { Row } from '../serve/read/row.ts';
import { kinds } from './records.ts';

/** Defence's part of the graph: the doors, what it adds to shared types, its own records. */
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
};

/** What a relationship points to, by its STIX id; whether it is there its own reader's decision says. */
function targetOf(type: string): Resolver {
  return async (row: Row<{ readonly targetRef: string }>, _args: unknown, { loaders }) => {
    const { nodes } = await loaders.linked(type, `Stix:${row.content.targetRef}`, { first: 1 });
    return nodes[0] ?? null;
  };
}
