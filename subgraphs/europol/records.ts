import type { Content, Said } from '../serve/record/content.ts';
import type { Text, Time } from '../../schema/record/envelope.ts';
import type { Kind } from '../serve/kind.ts';
import { declared } from '../serve/record/declared.ts';
import { listOf, text, time, words } from '../serve/record/shapes.ts';

/** What Europol's store holds: ransomware families and the criminal side of actors, never identified persons. */
export type RansomwareFamilyContent = {
  readonly name: string;
  /** The name without case, spaces and punctuation: what the list's filter compares. */
  readonly nameKey: string;
  readonly synonyms: readonly string[];
  readonly description: Text | null;
  readonly firstSeen: Time | null;
  readonly extensions: readonly string[];
  readonly ransomNotes: readonly Text[];
  readonly ransomNoteFiles: readonly string[];
  readonly encryption: string | null;
  readonly paymentMethod: string | null;
  readonly price: string | null;
  readonly decryptorAvailable: 'YES' | 'NO' | 'UNKNOWN';
  readonly successorOf: readonly string[];
  readonly operationalState: 'ACTIVE' | 'DORMANT' | 'REBRANDED' | 'DISRUPTED' | null;
  /** CVE ids, upper case. */
  readonly vulnerabilities: readonly string[];
  /** Keys of shared actors, resolved by the alias table. */
  readonly actors: readonly string[];
  readonly references: readonly string[];
};

export type CriminalProfileContent = {
  readonly actor: string;
  readonly name: string;
  readonly motives: readonly string[];
  readonly incidentTypes: readonly string[];
  readonly targetCategories: readonly string[];
  readonly targetedSectors: readonly string[];
  readonly modesOfOperation: readonly string[];
  readonly capabilities: readonly string[];
  readonly references: readonly string[];
};

export const kinds: readonly Kind[] = [
  {
    type: 'RansomwareFamily',
    collection: 'ransomwareFamilies',
    sortBy: 'firstSeen',
    content: {
      name: String,
      nameKey: String,
      synonyms: words,
      description: text,
      firstSeen: time,
      extensions: words,
      ransomNotes: listOf({ value: String, lang: String }),
      ransomNoteFiles: words,
      encryption: String,
      paymentMethod: String,
      price: String,
      decryptorAvailable: String,
      successorOf: words,
      operationalState: String,
      vulnerabilities: words,
      actors: words,
      references: words,
    },
    filters: { decryptorAvailable: 'content.decryptorAvailable', name: 'content.nameKey' },
  },
  {
    type: 'CriminalProfile',
    collection: 'criminalProfiles',
    content: {
      actor: String,
      name: String,
      motives: words,
      incidentTypes: words,
      targetCategories: words,
      targetedSectors: words,
      modesOfOperation: words,
      capabilities: words,
      references: words,
    },
    filters: {},
  },
  declared('europol', 'Contribution', 'contributions', {
    filters: ['crimeArea'],
    says: personsOfContribution,
  }),
  declared('europol', 'Operation', 'operations', { filters: ['phase'], says: noPersons }),
];

/** Whether it counts persons: what does may not be released to those who read without them. */
function personsOfContribution(content: Content): Said {
  const counted = content['dataSubjectCategories'];
  return { facts: { personal: Array.isArray(counted) && counted.length > 0 ? 'counts' : 'none' } };
}

function noPersons(): Said {
  return { facts: { personal: 'none' } };
}
