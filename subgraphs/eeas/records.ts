import type { Kind } from '../serve/kind.ts';
import { declared } from '../serve/record/declared.ts';

/** The record types in the store of the EEAS. The graph defines their content. */
export const kinds: readonly Kind[] = [
  declared('eeas', 'CyberIncident', 'cyberIncidents', {
    sortBy: 'startedAt',
    timesInOrder: [['startedAt', 'endedAt']],
  }),
  declared('eeas', 'MaliciousActivityCase', 'maliciousActivityCases'),
  declared('eeas', 'AttributionStatement', 'attributionStatements', { filters: ['kind'], sortBy: 'date' }),
  declared('eeas', 'Response', 'responses', {
    filters: ['category'],
    timesInOrder: [['decidedAt', 'publishedAt']],
  }),
  declared('eeas', 'SanctionsListing', 'sanctionsListings', {
    filters: ['programme'],
    sortBy: 'listedAt',
    timesInOrder: [
      ['listedAt', 'amendedAt'],
      ['listedAt', 'delistedAt'],
    ],
  }),
];
