import type { Kind } from '../serve/kind.ts';
import type { Content, Said } from '../serve/record/content.ts';
import { declared } from '../serve/record/declared.ts';

/** The record types in Europol's store. The graph defines their content. None identifies a person. */
export const kinds: readonly Kind[] = [
  declared('europol', 'RansomwareFamily', 'ransomwareFamilies', {
    filters: ['decryptorAvailable'],
    searchKeys: { name: 'nameKey' },
    sortBy: 'firstSeen',
  }),
  declared('europol', 'CriminalProfile', 'criminalProfiles'),
  declared('europol', 'Contribution', 'contributions', {
    filters: ['crimeArea'],
    says: personsFact,
    timesInOrder: [['providedAt', 'reviewAt']],
  }),
  declared('europol', 'Operation', 'operations', { filters: ['phase'], says: noPersons }),
];

/** Whether the contribution counts persons: the policy limits who may read such a contribution. */
function personsFact(content: Content): Said {
  const counts = content['dataSubjectCategories'];
  return { facts: { personal: Array.isArray(counts) && counts.length > 0 ? 'counts' : 'none' } };
}

/** An operation never counts persons. */
function noPersons(): Said {
  return { facts: { personal: 'none' } };
}
