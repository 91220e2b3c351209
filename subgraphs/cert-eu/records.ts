import type { Kind } from '../serve/kind.ts';
import { type Content, inWords, type Said } from '../serve/record/content.ts';
import { declared } from '../serve/record/declared.ts';

/** The record types in CERT-EU's store. The graph defines their content. */
export const kinds: readonly Kind[] = [
  declared('cert-eu', 'Advisory', 'advisories', {
    filters: ['serial', 'exploitedInTheWild'],
    sortBy: 'publishedAt',
  }),
  declared('cert-eu', 'MispEvent', 'mispEvents', { filters: ['threatLevel'], sortBy: 'date' }),
  declared('cert-eu', 'Sighting', 'sightings', { sortBy: 'seenAt' }),
  declared('cert-eu', 'ActorProfile', 'actorProfiles', { filters: ['country'] }),
  declared('cert-eu', 'UnionIncident', 'unionIncidents', {
    filters: ['state'],
    says: identityFact,
    timesInOrder: [
      ['timeline.occurred', 'timeline.detected'],
      ['timeline.occurred', 'timeline.contained'],
      ['timeline.occurred', 'timeline.recovered'],
    ],
  }),
  declared('cert-eu', 'ThreatProduct', 'threatProducts', { filters: ['kind'] }),
];

/** Whether the name of the entity may be disclosed, as a fact of the policy. */
function identityFact(content: Content): Said {
  return { facts: { identity: inWords(content['identityDisclosure']) } };
}
