import type { Kind } from '../serve/kind.ts';
import { declared } from '../serve/record/declared.ts';

/** What Defence's store holds: the contract says of each what its content is. */
export const kinds: readonly Kind[] = [
  declared('defence', 'AttackTechnique', 'attackTechniques', { filters: ['attackId'] }),
  declared('defence', 'AttackSoftware', 'attackSoftware', { filters: ['attackId'] }),
  declared('defence', 'AttackCampaign', 'attackCampaigns', { filters: ['attackId'], sortBy: 'firstSeen' }),
  declared('defence', 'AttackGroup', 'attackGroups', { filters: ['attackId'] }),
  declared('defence', 'TechniqueUse', 'techniqueUses'),
  declared('defence', 'SoftwareUse', 'softwareUses'),
  declared('defence', 'StixObservation', 'stixObservations', { filters: ['stixType'], sortBy: 'validFrom' }),
  declared('defence', 'DefenceUnit', 'defenceUnits', { filters: ['kind'] }),
  declared('defence', 'DefenceAssessment', 'defenceAssessments', { filters: ['missionImpact'] }),
];
