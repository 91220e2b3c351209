import { type Content, inWords, type Said } from '../serve/record/content.ts';
import type { Text, Time } from '../../schema/record/envelope.ts';
import type { Kind } from '../serve/kind.ts';
import { declared } from '../serve/record/declared.ts';
import { listOf, one, text, time, words } from '../serve/record/shapes.ts';

/** What CERT-EU's store holds: its advisories, MISP events with their sightings, profiles of actors. */
export type AdvisoryContent = {
  readonly serial: string;
  readonly title: Text;
  readonly versions: readonly {
    readonly version: string;
    readonly date: Time | null;
    readonly change: string;
  }[];
  readonly publishedAt: Time;
  readonly summary: Text | null;
  readonly technicalDetails: Text | null;
  readonly affectedProducts: Text | null;
  readonly recommendations: Text | null;
  /** CVE ids, upper case. */
  readonly vulnerabilities: readonly string[];
  readonly exploitedInTheWild: 'YES' | 'NO' | 'UNKNOWN';
  readonly references: readonly string[];
  readonly licence: string | null;
  readonly file: {
    readonly sha256: string | null;
    readonly size: number | null;
    readonly mediaType: string;
    readonly name: string;
  } | null;
};

export type MispEventContent = {
  readonly uuid: string;
  readonly info: Text;
  readonly date: Time | null;
  readonly threatLevel: 'HIGH' | 'MEDIUM' | 'LOW' | 'UNDEFINED';
  readonly analysis: 'INITIAL' | 'ONGOING' | 'COMPLETED';
  readonly distribution: number | null;
  readonly tags: readonly string[];
  readonly techniques: readonly { readonly attackId: string; readonly name: string }[];
  /** Keys of shared actors, resolved by the alias table. */
  readonly actors: readonly string[];
  readonly vulnerabilities: readonly string[];
};

export type SightingContent = {
  /** Key of the shared indicator; null where the attribute is none (a comment, an attachment). */
  readonly indicator: string | null;
  /** Id of the event's record. */
  readonly event: string;
  readonly mispType: string;
  readonly category: string | null;
  readonly objectName: string | null;
  readonly toIds: boolean;
  readonly comment: Text | null;
  readonly seenAt: Time | null;
};

export type ActorProfileContent = {
  readonly actor: string;
  readonly name: string;
  readonly synonyms: readonly string[];
  readonly description: Text | null;
  readonly suspectedSponsor: string | null;
  readonly country: string | null;
  readonly attributionConfidence: number | null;
  readonly suspectedVictims: readonly string[];
  readonly targetCategories: readonly string[];
  readonly incidentTypes: readonly string[];
  readonly references: readonly string[];
};

export const kinds: readonly Kind[] = [
  {
    type: 'Advisory',
    collection: 'advisories',
    sortBy: 'publishedAt',
    content: {
      serial: String,
      title: text,
      versions: listOf({ version: String, date: time, change: String }),
      publishedAt: time,
      summary: text,
      technicalDetails: text,
      affectedProducts: text,
      recommendations: text,
      vulnerabilities: words,
      exploitedInTheWild: String,
      references: words,
      licence: String,
      file: one({ sha256: String, size: Number, mediaType: String, name: String }),
    },
    filters: { serial: 'content.serial', exploitedInTheWild: 'content.exploitedInTheWild' },
  },
  {
    type: 'MispEvent',
    collection: 'mispEvents',
    sortBy: 'date',
    content: {
      uuid: String,
      info: text,
      date: time,
      threatLevel: String,
      analysis: String,
      distribution: Number,
      tags: words,
      techniques: listOf({ attackId: String, name: String }),
      actors: words,
      vulnerabilities: words,
    },
    filters: { threatLevel: 'content.threatLevel' },
  },
  {
    type: 'Sighting',
    collection: 'sightings',
    sortBy: 'seenAt',
    content: {
      indicator: String,
      event: String,
      mispType: String,
      category: String,
      objectName: String,
      toIds: Boolean,
      comment: text,
      seenAt: time,
    },
    filters: {},
  },
  {
    type: 'ActorProfile',
    collection: 'actorProfiles',
    content: {
      actor: String,
      name: String,
      synonyms: words,
      description: text,
      suspectedSponsor: String,
      country: String,
      attributionConfidence: Number,
      suspectedVictims: words,
      targetCategories: words,
      incidentTypes: words,
      references: words,
    },
    filters: { country: 'content.country' },
  },
  declared('cert-eu', 'UnionIncident', 'unionIncidents', { filters: ['state'], says: identityOfEntity }),
  declared('cert-eu', 'ThreatProduct', 'threatProducts', { filters: ['kind'] }),
];

/** Whether the entity's name may be told, in the policy's words. */
function identityOfEntity(content: Content): Said {
  return { facts: { identity: inWords(content['identityDisclosure']) } };
}
