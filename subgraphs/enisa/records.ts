import type { Kind } from '../serve/kind.ts';
import { type Content, type Said, stateCodes } from '../serve/record/content.ts';
import { declared } from '../serve/record/declared.ts';

/** The record types in ENISA's store. The graph defines their content. */
export const kinds: readonly Kind[] = [
  declared('enisa', 'VulnerabilityRecord', 'vulnerabilityRecords', {
    filters: ['state'],
    sortBy: 'publishedAt',
  }),
  declared('enisa', 'ExploitationStatement', 'exploitationStatements', {
    filters: ['catalogue', 'ransomwareUse'],
    sortBy: 'reportedAt',
  }),
  declared('enisa', 'CoordinatedDisclosure', 'coordinatedDisclosures', { filters: ['state'] }),
  declared('enisa', 'CraNotification', 'craNotifications', { filters: ['kind'] }),
  declared('enisa', 'NotificationFile', 'notificationFiles', {
    filters: ['sector'],
    says: notificationFacts,
    // The files that replace another one must not become its page: each is read by its own readers.
    guarded: ['reclassifiedFrom', 'reclassifiedAs'],
    timesInOrder: [
      ['awareAt', 'enisaInformedAt'],
      ['awareAt', 'otherStatesInformedAt'],
    ],
  }),
  declared('enisa', 'QuarterlySummary', 'quarterlySummaries', { filters: ['quarter'] }),
];

/** The state that holds the file, the states and ENISA if it informed them, and whether NIS2, Article 23(6) applies. */
function notificationFacts(content: Content): Said {
  const isInformed = content['otherStatesInformedAt'] instanceof Date;
  return {
    states: {
      own: stateCodes(content['memberState']),
      told: isInformed ? stateCodes(content['otherStatesAffected']) : [],
    },
    facts: {
      'reach-of-incident': content['crossBorder'] === 'YES' ? 'cross-border-significant' : 'national',
      'enisa-informed': content['enisaInformedAt'] instanceof Date ? 'yes' : 'no',
    },
  };
}
