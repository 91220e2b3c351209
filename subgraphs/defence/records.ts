import type { Kind } from '../serve/kind.ts';
import { declared } from '../serve/record/declared.ts';

/** The record types in the store of Defence. The graph defines their content. */
export const kinds: readonly Kind[] = [
  declared('defence', 'AttackTechnique', 'attackTechniques', { filters: ['attackId'] }),
  declared('defence', 'AttackSoftware', 'attackSoftware', { filters: ['attackId'] }),
  declared('defence', 'AttackCampaign', 'attackCampaigns', {
    filters: ['attackId'],
    sortBy: 'firstSeen',
    timesInOrder: [['firstSeen', 'lastSeen']],
  }),
  declared('defence', 'AttackGroup', 'attackGroups', { filters: ['attackId'] }),
  declared('defence', 'TechniqueUse', 'techniqueUses'),
  declared('defence', 'SoftwareUse', 'softwareUses'),
  declared('defence', 'StixObservation', 'stixObservations', {
    filters: ['stixType'],
    sortBy: 'validFrom',
    timesInOrder: [['validFrom', 'validUntil']],
  }),
  declared('defence', 'DefenceUnit', 'defenceUnits', {
    filters: ['kind'],
    timesInOrder: [['rotation.from', 'rotation.to']],
  }),
  declared('defence', 'DefenceAssessment', 'defenceAssessments', { filters: ['missionImpact'] }),
];
